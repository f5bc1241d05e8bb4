"""The calls of one chat, one behind the other: the next one is claimed while the one before it is under way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from msgspec import Struct
from telegram.error import TelegramError

from bot.delay import Delay
from bot.sending.at_hand import AtHand
from bot.sending.calls import Calls
from bot.sending.outcomes import Outcomes
from bot.sending.pacing import Pacing
from bot.sending.under_way import UnderWay
from middleware.turn import Clock
from storage.database import Database
from storage.delivery import Delivery
from storage.errors import DatabaseClosed, DatabaseLost, ExpectationFailed, StatementFailed
from storage.ids import chat_id_of
from storage.statement import Statement, UnitRows
from storage.tables.deliveries import Deliveries

MOST_CLAIMED = 2
"""The calls of a chat that are claimed at a time, that which is being made among them.

After a crash nobody knows of any of them whether it arrived, so each goes out once more, marked.
"""
CLAIM_S = 1.0
"""The time for which a claim holds while the call before it is made: who stops or erases what waits is to find it."""


class _Keeping(Struct, kw_only=True, gc=False):
    """The commit of a receipt, and of the claims of what stands behind that call."""

    delivery: Delivery
    arrived: tuple[Statement, ...]
    claims: Sequence[Delivery]
    committed: asyncio.Future[UnitRows]


class _Hold:
    """Claims, as long as the call before them is made; they are handed back if that takes long, or is given up."""

    def __init__(self, claims: Sequence[Delivery], hand_back: Callable[[Sequence[Delivery]], None]) -> None:
        self.is_over = False
        self._claims = claims
        self._hand_back = hand_back
        self._has_ended = False

    def give_up(self) -> None:
        if not self.is_over:
            self.is_over = True
            self._hand_back(self._claims)

    def expire(self) -> None:
        if not self._has_ended:
            self.give_up()

    def end(self) -> None:
        self._has_ended = True


class Pipeline:
    """Makes what is claimed in a chat, and goes on with the messages behind it for as long as these may go.

    A call begins once it is claimed; the receipt of the one before it is committed meanwhile, with the next claim.
    """

    def __init__(
        self,
        database: Database,
        calls: Calls,
        outcomes: Outcomes,
        pacing: Pacing,
        *,
        at_hand: AtHand,
        under_way: UnderWay,
        may_go_on: Callable[[str], bool],
        clock: Clock,
    ) -> None:
        self._database = database
        self._calls = calls
        self._outcomes = outcomes
        self._pacing = pacing
        self._at_hand = at_hand
        self._under_way = under_way
        self._may_go_on = may_go_on
        """False where a session may make no further call now, or where what waits there is to be read again."""
        self._clock = clock
        self._expiry = Delay(CLAIM_S)

    async def begin(self, delivery: Delivery, target: int | None) -> float:
        """Claim this call, and `run`. Raises ExpectationFailed where it was erased or changed since it was read."""
        self._under_way.begin(delivery)
        try:
            await self._database.commit(*self._claim(delivery))
        except BaseException:
            self._under_way.end(delivery)
            raise
        return await self._run(Deliveries.claimed(delivery), target)

    async def run(self, delivery: Delivery) -> float:
        """From this message on, which was just claimed.

        It has the right to send, and one is left in the end. Returns how long the chat has to wait, in seconds.
        """
        self._under_way.begin(delivery)
        return await self._run(delivery, None)

    async def _run(self, current: Delivery, target: int | None) -> float:
        ahead = list[Delivery]()
        keeping: _Keeping | None = None
        while True:
            hold = self._hold([*ahead, *(keeping.claims if keeping is not None else ())])
            try:
                arrived = self._outcomes.arrived(current, await self._calls.make(current, target))
                keeping, ahead = None, ahead + await self._kept(keeping)
                ahead = self._still_claimed(hold, ahead)
                if ahead and not self._goes_first(ahead[0], current):
                    return await self._arrived_only(current, arrived, ahead)
                keeping = self._keep(current, arrived, await self._further(current, ahead))
            except asyncio.CancelledError:
                hold.give_up()
                raise
            except Exception as error:  # noqa: BLE001 - counted, and then set aside with its type
                ahead += await self._kept(keeping)
                return await self._failed(current, error, self._still_claimed(hold, ahead))
            finally:
                hold.end()
            if not ahead:  # nothing begins before it is kept that it is claimed
                keeping, ahead = None, await self._kept(keeping)
            if not ahead:
                return 0
            self._pacing.give_back()  # what is claimed has a right of its own
            current, target = Deliveries.claimed(ahead.pop(0)), None

    def _hold(self, claims: Sequence[Delivery]) -> _Hold:
        hold = _Hold(claims, self._hand_back)
        if claims:
            self._expiry.add(hold.expire)
        return hold

    def _still_claimed(self, hold: _Hold, ahead: list[Delivery]) -> list[Delivery]:
        """These, or none where they were handed back meanwhile."""
        hold.end()
        if not hold.is_over:
            return ahead
        self._end(ahead)
        return []

    def _claim(self, delivery: Delivery) -> tuple[Statement, ...]:
        """Void the unit where it was erased or changed since it was read: then it is read again."""
        has_more = not delivery.begun and self._at_hand.begin_reply(delivery)
        begin = (Deliveries.begin(delivery),) if has_more else ()
        return (Deliveries.claim(delivery, now_ms=self._clock()), *begin)

    def _goes_first(self, claimed: Delivery, current: Delivery) -> bool:
        """True if it still goes right behind this one."""
        first = self._at_hand.behind(current)
        return self._may_go_on(current.session_id) and first is not None and first.delivery_id == claimed.delivery_id

    async def _further(self, current: Delivery, ahead: Sequence[Delivery]) -> list[Delivery]:
        """What may be claimed with the receipt of this one: messages behind what is claimed, where nothing else waits.

        A reply that begins with one of several parts is claimed when it is its turn, as from then on it goes first.
        """
        further: list[Delivery] = []
        while current.is_message and len(ahead) + len(further) < MOST_CLAIMED and self._may_go_on(current.session_id):
            one = self._at_hand.behind(current, *ahead, *further)
            if one is None or not one.is_message:
                break
            begins = self._at_hand.begins_parts(one)
            if (begins and (ahead or further)) or not await self._pacing.take_now(chat_id_of(one.session_id)):
                break
            further.append(one)
            if begins:
                break
        return further

    def _keep(
        self, current: Delivery, arrived: tuple[Statement, ...], claims: Sequence[Delivery], *others: Statement
    ) -> _Keeping:
        """Begin to commit a receipt, with these claims and others."""
        claiming = [statement for claim in claims for statement in self._claim(claim)]
        committed = self._database.submit(*arrived, *claiming, *others)
        self._at_hand.remove(current)
        for claim in claims:
            self._under_way.begin(claim)
        return _Keeping(delivery=current, arrived=arrived, claims=claims, committed=committed)

    async def _kept(self, keeping: _Keeping | None) -> list[Delivery]:
        """What is claimed when that is committed; whatever is the matter with the claims, the call has arrived."""
        if keeping is None:
            return []
        delivery = keeping.delivery
        try:
            await keeping.committed
            return list(keeping.claims)
        except (ExpectationFailed, StatementFailed):
            self._at_hand.let_go(delivery.session_id)
            self._end(keeping.claims)
            await self._keep_alone(delivery, keeping.arrived)
            return []
        finally:
            self._under_way.end(delivery)

    async def _keep_alone(self, delivery: Delivery, arrived: tuple[Statement, ...]) -> None:
        try:
            await self._database.commit(*arrived)
        except Exception as error:  # noqa: BLE001 - counted, and then set aside with its type
            await self._outcomes.fault(delivery, error)

    async def _arrived_only(
        self, current: Delivery, arrived: tuple[Statement, ...], ahead: Sequence[Delivery]
    ) -> float:
        """What is claimed behind goes when it is read again: it was changed, or something else goes first now."""
        await self._kept(self._keep(current, arrived, (), *map(self._unclaim, ahead)))
        self._end(ahead)
        return 0

    async def _failed(self, current: Delivery, error: Exception, ahead: Sequence[Delivery]) -> float:
        """What is claimed behind waits until it is known what becomes of this one."""
        self._at_hand.let_go(current.session_id)
        try:
            await self._database.commit(*map(self._unclaim, ahead))
            if isinstance(error, TelegramError):
                return await self._outcomes.failed(current, error)
            return await self._outcomes.fault(current, error)
        except Exception as another:  # noqa: BLE001 - counted, and then set aside with its type
            return await self._outcomes.fault(current, another)
        finally:
            self._end(ahead)
            self._under_way.end(current)

    def _hand_back(self, ahead: Sequence[Delivery]) -> None:
        """The call before these takes long, or nobody waits for it any more. They go back behind all that was given."""
        if ahead:
            with suppress(DatabaseClosed, DatabaseLost):
                self._database.submit(*map(self._unclaim, ahead)).add_done_callback(_seen)

    def _end(self, ahead: Iterable[Delivery]) -> None:
        """These are claimed no more, without having been made."""
        for delivery in ahead:
            self._under_way.end(delivery)
            self._pacing.give_back()

    def _unclaim(self, delivery: Delivery) -> Statement:
        return Deliveries.unclaim(delivery, now_ms=self._clock())


def _seen(committed: asyncio.Future[UnitRows]) -> None:
    """Whoever commits next hears of the same failure."""
    if not committed.cancelled():
        committed.exception()
