"""The one sender: empties the queue into Telegram, chat by chat. What comes of a call: bot/sending/outcomes.py."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial

from bot.clock import jittered
from bot.sending.at_hand import AtHand, is_untried
from bot.sending.calls import Calls
from bot.sending.outcomes import FIRST_DELAY_S, Outcomes
from bot.sending.pacing import Pacing
from bot.sending.pipeline import Pipeline
from bot.sending.told import Told
from bot.sending.under_way import UnderWay
from bot.supervised import Tasks
from middleware.turn import Clock
from storage.answers import settle
from storage.database import Database
from storage.delivery import Delivery
from storage.ids import chat_id_of
from storage.payloads import AboutSent, AnswerCallbackQuery
from storage.statement import Statement, UnitRows
from storage.stores import Stores

log = logging.getLogger("polar.delivery")

SETTLE_S = 2.0
AT_ONCE = 8
"""The calls of a chat that are read at once; where there are fewer, all that waits there is known."""

Calm = Callable[[], Awaitable[object]]
"""Waits until no update is in hand that may end the process."""


class Sender:
    """A task for each session that has something to send; in a session one call at a time, in order."""

    def __init__(
        self,
        database: Database,
        stores: Stores,
        calls: Calls,
        pacing: Pacing,
        *,
        outcomes: Outcomes,
        calm: Calm,
        tasks: Tasks[str],
        clock: Clock,
        slots: int = 100,
    ) -> None:
        self._database = database
        self._deliveries = stores.deliveries
        self._messages = stores.messages
        self._calls = calls
        self._pacing = pacing
        self._outcomes = outcomes
        self._calm = calm
        self._clock = clock
        self._slots = asyncio.Semaphore(slots)
        self._lacking_slots = 0
        self._workers = tasks
        self._at_hand = AtHand()
        self._again: set[str] = set()
        self._lined_up: set[str] = set()
        self._in_flight: set[str] = set()
        """The sessions in which a call is made, or about to be claimed."""
        self._under_way = UnderWay()
        self._told = Told(database, self._deliveries, self.wake)
        self._stopping = False
        self._pipeline = Pipeline(
            database,
            calls,
            outcomes,
            pacing,
            at_hand=self._at_hand,
            under_way=self._under_way,
            may_go_on=self._may_go_on,
            clock=clock,
        )

    def _may_go_on(self, session_id: str) -> bool:
        """True if its next call needs not be read, nobody waits for a slot, and the process does not end."""
        return not (self._stopping or self._lacking_slots or session_id in self._again)

    @property
    def is_idle(self) -> bool:
        """True if there is nothing left to send that anybody told of."""
        return not self._workers

    async def start(self) -> None:
        """Take up what an earlier process left."""
        await self._told.start()
        self.wake(await self._deliveries.sessions_waiting())

    async def run(self) -> None:
        """Take up what another process queues, forever."""
        await self._told.run()

    async def commit(self, *statements: Statement) -> UnitRows:
        """As `Database.commit`; and what these queue is taken up.

        A lone message that may go at once is claimed by the same commit: its call needs no other one before it.
        """
        if not self._deliveries.is_queuing(statements):
            return await self._database.commit(*statements)
        session_id = self._deliveries.only_message(statements)
        if session_id is None or not await self._takes_right_now(session_id):
            rows = await self._database.commit(*statements)
            self.take(self._deliveries.queued(statements, rows))
            return rows
        committed: asyncio.Future[UnitRows] = asyncio.get_running_loop().create_future()
        self._at_hand.begin(session_id, ())
        self._in_flight.add(session_id)
        work = partial(self._work_from_commit, session_id, statements, committed)
        self._workers.start(session_id, work, name=f"delivery {session_id}")
        return await committed

    async def _takes_right_now(self, session_id: str) -> bool:
        """True if a call to this chat may be made now; then it is under way, and nobody else's turn."""
        is_free = not self._stopping and session_id not in self._workers and not self._slots.locked()
        if not is_free or not await self._pacing.take_now(chat_id_of(session_id)):
            return False
        await self._slots.acquire()
        return True

    async def _work_from_commit(
        self, session_id: str, statements: tuple[Statement, ...], committed: asyncio.Future[UnitRows]
    ) -> None:
        """Commit these, make the call that they have claimed, and go on with what came in meanwhile."""
        try:
            delay_s = await self._commit_and_call(statements, committed)
        finally:
            self._in_flight.discard(session_id)
            self._slots.release()
            self._pacing.give_back()
        await self._rest(delay_s)
        await self._work(session_id)

    async def _commit_and_call(self, statements: tuple[Statement, ...], committed: asyncio.Future[UnitRows]) -> float:
        """Make the call, if it is claimed; returns how long this chat has to wait."""
        try:
            rows = await self._database.commit(*self._deliveries.claiming(statements))
        except Exception as error:  # noqa: BLE001 - whoever wanted the commit gets it
            settle(committed, error)
            return 0
        settle(committed, rows)
        [delivery] = queued = self._deliveries.queued(statements, rows)
        self.take(queued)
        return await self._pipeline.run(delivery) if delivery.status == "sending" else 0

    def take(self, queued: Iterable[Delivery]) -> None:
        """These were just queued, in this order: they are not read where nothing else can wait."""
        for delivery in queued:
            if self._told.is_next(delivery.sequence):
                self._add(delivery)
            else:  # somebody else has queued something, for this session perhaps
                self.wake([delivery.session_id])

    def _add(self, delivery: Delivery) -> None:
        session_id = delivery.session_id
        if session_id not in self._workers and not self._stopping:
            self._at_hand.begin(session_id, [delivery])
            self._start(session_id)
        elif self._at_hand.add(delivery):
            self._stir(session_id)
        else:
            self.wake([session_id])

    def wake(self, session_ids: Iterable[str]) -> None:
        """There are new rows for these sessions."""
        for session_id in session_ids:
            self._at_hand.let_go(session_id)
            if session_id in self._workers:
                self._again.add(session_id)
                self._stir(session_id)
            elif not self._stopping:
                self._start(session_id)

    def let_go(self) -> None:
        """Others have changed what waits: it is read again."""
        self._again.update(self._workers)
        self._at_hand.let_go_all()

    def _start(self, session_id: str) -> None:
        self._workers.start(session_id, partial(self._work, session_id), name=f"delivery {session_id}")

    def _stir(self, session_id: str) -> None:
        """What waits for its time to be sent may have to wait for something more urgent."""
        if session_id in self._lined_up:
            self._pacing.stir(chat_id_of(session_id))

    async def settle(self, session_id: str, telegram_message_id: int) -> None:
        """Wait shortly when this message may be one that is being sent just now, without a receipt yet."""
        if session_id not in self._under_way or await self._messages.find(session_id, telegram_message_id) is not None:
            return
        if not await self._under_way.settle(session_id, SETTLE_S):
            log.info("%s: a reaction did not wait any longer for a receipt", session_id)

    async def _work(self, session_id: str) -> None:
        while not self._stopping:
            delivery = await self._next(session_id)
            if delivery is not None:
                await self._deliver(delivery)
                self._forget(delivery)
            elif session_id not in self._again:
                break
        self._at_hand.let_go(session_id)

    def _forget(self, delivery: Delivery) -> None:
        """Read the queue again where this was not made: it has to be tried again, or what comes next has changed."""
        if self._at_hand.has(delivery):
            self._at_hand.let_go(delivery.session_id)

    async def _next(self, session_id: str) -> Delivery | None:
        """The one to be sent now, in flight when an earlier process ended, or waiting."""
        if session_id in self._at_hand:
            return self._at_hand.first(session_id)
        self._again.discard(session_id)
        waiting = await self._deliveries.list_next(session_id, limit=AT_ONCE)
        if len(waiting) < AT_ONCE and session_id not in self._again and all(map(is_untried, waiting)):
            self._at_hand.begin(session_id, waiting)
        return next(iter(waiting), None)

    async def _deliver(self, delivery: Delivery) -> None:
        if delivery.status == "sending":
            await self._learn(delivery)
            return
        if delivery.ambiguous:  # its one more try must not be cut by what cut the first one
            await self._calm()
            await self._until_line_works()
        current = delivery
        try:
            async with self._right_to_send(delivery) as current:
                delay_s = await self._send(current)
        except Exception as error:  # noqa: BLE001 - counted, and then set aside with its type
            delay_s = await self._outcomes.fault(current, error)
        await self._rest(delay_s)

    async def _learn(self, delivery: Delivery) -> None:
        """Wait for what comes of a call that is under way from the chat's former id; any other one is unclear."""
        if not await self._under_way.until_ended(delivery.delivery_id):
            await self._outcomes.doubt(delivery, "the process ended while sending")

    async def _rest(self, delay_s: float) -> None:
        if delay_s > 0 and not self._stopping:
            await asyncio.sleep(delay_s)

    @asynccontextmanager
    async def _right_to_send(self, first: Delivery) -> AsyncIterator[Delivery]:
        """Gives what is to be sent when it may: that, or what is more urgent and came in meanwhile.

        Whoever presses waits for the answer to that; Telegram does not count it.
        """
        if isinstance(first.payload, AnswerCallbackQuery):
            yield first
            return
        session_id, chat_id = first.session_id, chat_id_of(first.session_id)

        async def rank() -> int:
            nonlocal first
            if session_id in self._again or session_id in self._at_hand:
                first = await self._next(session_id) or first
            return first.rank

        self._lined_up.add(session_id)
        try:
            async with self._pacing.right_to_send(chat_id, rank):
                self._lined_up.discard(session_id)
                yield first
        finally:
            self._lined_up.discard(session_id)

    async def _until_line_works(self) -> None:
        failed = 0
        while not await self._calls.probe():
            failed += 1
            await asyncio.sleep(jittered(FIRST_DELAY_S, failed))

    async def _send(self, delivery: Delivery) -> float:
        """Make the call, if there is still anything to call about; returns how long this chat has to wait."""
        target = await self._target(delivery)
        if target is None and isinstance(delivery.payload, AboutSent):
            await self._outcomes.without_target(delivery)
            return 0
        async with self._slot():
            if self._stopping:
                return 0
            self._in_flight.add(delivery.session_id)
            try:
                return await self._pipeline.begin(delivery, target)
            finally:
                self._in_flight.discard(delivery.session_id)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        self._lacking_slots += 1
        try:
            await self._slots.acquire()
        finally:
            self._lacking_slots -= 1
        try:
            yield
        finally:
            self._slots.release()

    async def _target(self, delivery: Delivery) -> int | None:
        """The message that a call is about; None when it was not sent, or to a chat whose ids no longer count."""
        if not isinstance(delivery.payload, AboutSent):
            return None
        sent = await self._messages.find_delivered(delivery.payload.target)
        return sent.telegram_message_id if sent is not None and sent.session_id == delivery.session_id else None

    def hold(self) -> None:
        """From now on claim nothing: what is queued stays for the next start."""
        self._stopping = True
        self._workers.cancel(but=self._in_flight)

    async def stop(self, timeout_s: float) -> None:
        """Claim nothing more, and wait for the calls in flight, `timeout_s` seconds at most."""
        self.hold()
        await self._workers.end(timeout_s)
