"""The one sender: empties the delivery queue into Telegram, chat by chat, and keeps the receipts.

What follows from each error stands in `_on_error`: a 429 puts the call back and lets its chat wait as long as Telegram
says, a 403 pauses the chat's automations, a 400 is judged in bot/sending/refusals.py, what may have arrived is doubted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from functools import partial

from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot import tries
from bot.clock import jittered
from bot.http.bot_api import Unsent
from bot.sending.answers import Receipt
from bot.sending.at_hand import AtHand, is_untried
from bot.sending.calls import CallNotMade, Calls
from bot.sending.doubt import is_missed, reason_for, repeats
from bot.sending.pacing import Pacing
from bot.sending.refusals import Done, Final, InMessages, Instead, judge, named
from bot.sending.told import Told
from bot.sending.unfiled import say_instead
from bot.supervised import Tasks
from middleware.failures import reason_of
from middleware.turn import Clock
from storage.database import Database
from storage.errors import DatabaseClosed, DatabaseLost, ExpectationFailed
from storage.ids import chat_id_of, session_id_of
from storage.payloads import AboutSent, AnswerCallbackQuery, EditMessageText, SendMessage
from storage.statement import Statement
from storage.stores import Stores
from storage.tables.chats import Chats
from storage.tables.deliveries import Delivery
from storage.tables.jobs import Jobs
from storage.tables.run_deliveries import RunDeliveries

log = logging.getLogger("polar.delivery")

SETTLE_S = 2.0
FIRST_DELAY_S = 0.5
AT_ONCE = 8
"""The calls of a chat that are read at once; where there are fewer, all that waits there is known."""
ERASED, UNCLEAR = "erased", "unclear"
"""Why nothing of a run's has arrived, beside the types of what failed."""

Tell = Callable[[Delivery, str], Awaitable[list[Statement]]]
"""The statements that tell the operators of a delivery that failed."""
WithFailure = Callable[[Delivery], Awaitable[list[Statement]]]
"""The statements that go with the failure of a call of a run's, of which perhaps nothing arrives now."""
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
        tell: Tell,
        unheard: WithFailure,
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
        self._tell = tell
        self._unheard = unheard
        self._calm = calm
        self._clock = clock
        self._slots = asyncio.Semaphore(slots)
        self._workers = tasks
        self._at_hand = AtHand()
        self._again: set[str] = set()
        self._lined_up: set[str] = set()
        self._in_flight: dict[str, asyncio.Event] = {}
        self._retries: dict[str, int] = {}
        self._told = Told(database, self._deliveries, self.wake)
        self._stopping = False

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
        in_flight = self._in_flight.get(session_id)
        if in_flight is None or await self._messages.find(session_id, telegram_message_id) is not None:
            return
        try:
            async with asyncio.timeout(SETTLE_S):
                await in_flight.wait()
        except TimeoutError:
            log.info("%s: a reaction did not wait any longer for a receipt", session_id)

    async def _work(self, session_id: str) -> None:
        while not self._stopping:
            delivery = await self._next(session_id)
            if delivery is not None:
                await self._deliver(delivery)
                if self._at_hand.has(delivery):  # it has to be tried again, or what comes next has changed
                    self._at_hand.let_go(session_id)
            elif session_id not in self._again:
                break
        self._at_hand.let_go(session_id)

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
        if delivery.status == "sending":  # an earlier process ended before it knew
            await self._doubt(delivery, "the process ended while sending")
            return
        if delivery.ambiguous:  # its one more try must not be cut by what cut the first one
            await self._calm()
            await self._until_line_works()
        current = delivery
        try:
            async with self._right_to_send(delivery) as current:
                delay_s = await self._send(current)
        except (DatabaseLost, DatabaseClosed):
            raise
        except ExpectationFailed:
            log.warning("%s was changed elsewhere", current.delivery_id)
            delay_s = 0
        except Exception as error:  # noqa: BLE001 - counted, and then set aside with its type
            delay_s = await self._on_fault(current, error)
        if not self._stopping:
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
            await self._database.commit(*self._without_target(delivery), *self._entered(delivery, ERASED))
            return 0
        async with self._slots:
            if self._stopping:
                return 0
            self._in_flight[delivery.session_id] = received = asyncio.Event()
            try:
                return await self._attempt(await self._claim(delivery), target)
            finally:
                del self._in_flight[delivery.session_id]
                received.set()

    async def _claim(self, delivery: Delivery) -> Delivery:
        """The row as it is when it is claimed: what was erased or changed since it was read is not sent."""
        has_more = not delivery.begun and self._at_hand.begin_reply(delivery)
        begin = (self._deliveries.begin(delivery),) if has_more else ()
        [[row], *_] = await self._database.commit(self._deliveries.claim(delivery, now_ms=self._clock()), *begin)
        return Delivery.from_row(row, delivery)

    async def _on_fault(self, delivery: Delivery, error: Exception) -> float:
        """A fault of ours, or of the row, is this delivery's failure; returns how long this chat has to wait."""
        reason, attempt, now_ms = reason_of(error), delivery.failures + 1, self._clock()
        log.error("%s failed at try %d: %s", delivery.delivery_id, attempt, reason)
        row = await self._deliveries.find(delivery.delivery_id)
        if row is not None and row.status == "sending" and not isinstance(error, CallNotMade):
            await self._doubt(row, reason)  # it failed behind the call
        elif tries.is_last(attempt):
            await self._fail(delivery, reason, code=reason, by_fault=True)
        else:
            await self._database.commit(self._deliveries.count_failure(delivery, reason=reason, now_ms=now_ms))
            return tries.delay_s(attempt, first_s=FIRST_DELAY_S)
        return 0

    async def _target(self, delivery: Delivery) -> int | None:
        """The message that a call is about; None when it was not sent, or to a chat whose ids no longer count."""
        if not isinstance(delivery.payload, AboutSent):
            return None
        sent = await self._messages.find_delivered(delivery.payload.target)
        return sent.telegram_message_id if sent is not None and sent.session_id == delivery.session_id else None

    def _without_target(self, delivery: Delivery) -> Iterator[Statement]:
        """The way out where there is nothing to edit, or to delete."""
        now_ms = self._clock()
        if isinstance(delivery.payload, EditMessageText):
            yield self._deliveries.rewrite(delivery, delivery.payload.as_message())
            return
        yield self._deliveries.claim(delivery, now_ms=now_ms)
        yield self._deliveries.finish(delivery, reason="it was not there", now_ms=now_ms)

    async def _attempt(self, delivery: Delivery, target: int | None) -> float:
        """Make the call and commit what came of it; returns how long this chat has to wait."""
        try:
            receipt = await self._calls.make(delivery, target)
        except TelegramError as error:
            return await self._on_error(delivery, error)
        self._retries.pop(delivery.delivery_id, None)
        await self._finish(delivery, None, *self._received(delivery, receipt))
        self._at_hand.remove(delivery)
        return 0

    def _received(self, delivery: Delivery, receipt: Receipt | None) -> tuple[Statement, ...]:
        if receipt is None:
            return ()
        stands_for = delivery.payload.target if isinstance(delivery.payload, SendMessage) else None
        row, session_id = stands_for or delivery.delivery_id, session_id_of(receipt.chat_id)
        return self._messages.add_receipt(row, receipt.message_id, session_id=session_id)

    async def _on_error(self, delivery: Delivery, error: TelegramError) -> float:
        match error:
            case RetryAfter():
                retry_after = error._retry_after.total_seconds()
                await self._put_back(delivery, f"429, retry after {retry_after:g} s")
                return retry_after
            case ChatMigrated(new_chat_id=new):
                await self._follow(delivery, new)
            case Forbidden():
                pause = Jobs.pause_session(delivery.session_id, now_ms=self._clock())
                await self._fail(delivery, named(error), *pause, code=reason_of(error))
            case BadRequest():
                await self._on_refusal(delivery, error)
            case Unsent() | InvalidToken():
                await self._put_back(delivery, reason_of(error))
                return self._backoff(delivery)
            case NetworkError():
                await self._doubt(delivery, reason_of(error))
            case _:
                await self._fail(delivery, named(error), code=reason_of(error))
        return 0

    def _backoff(self, delivery: Delivery) -> float:
        unsent = self._retries[delivery.delivery_id] = self._retries.get(delivery.delivery_id, 0) + 1
        return jittered(FIRST_DELAY_S, unsent)

    async def _put_back(self, delivery: Delivery, reason: str, *others: Statement) -> None:
        put_back = self._deliveries.put_back(delivery, reason=reason, now_ms=self._clock())
        await self._database.commit(put_back, *others)

    async def _fail(
        self,
        delivery: Delivery,
        reason: str,
        *others: Statement,
        code: str,
        ambiguous: bool = False,
        by_fault: bool = False,
    ) -> None:
        log.warning("%s failed: %s", delivery.delivery_id, reason)
        self._retries.pop(delivery.delivery_id, None)
        now_ms, unheard = self._clock(), await self._unheard(delivery)
        fail = self._deliveries.fail(delivery, reason=reason, now_ms=now_ms, ambiguous=ambiguous, by_fault=by_fault)
        await self._database.commit(*fail, *self._entered(delivery, code), *unheard, *others)

    def _entered(self, delivery: Delivery, code: str) -> Iterator[Statement]:
        """The outcome of a run with the end of this call, if it is one's; `code` where nothing has arrived."""
        if delivery.task_id is not None:
            yield RunDeliveries.enter(delivery.task_id, reason=code, now_ms=self._clock())

    async def _finish(self, delivery: Delivery, reason: str | None, *others: Statement) -> None:
        finish = self._deliveries.finish(delivery, reason=reason, now_ms=self._clock())
        await self._database.commit(finish, *self._entered(delivery, ERASED), *others)

    async def _on_refusal(self, delivery: Delivery, error: BadRequest) -> None:
        reason = named(error)
        match judge(delivery.payload, str(error)):
            case Done():
                await self._finish(delivery, reason)
            case Instead(payload):
                await self._put_back(delivery, reason, self._deliveries.rewrite(delivery, payload))
            case InMessages((first, *further)):
                await self._put_back(delivery, reason, *say_instead(delivery, first, further, now_ms=self._clock()))
            case Final():
                await self._fail(delivery, reason, code=reason_of(error))

    async def _follow(self, delivery: Delivery, new_chat_id: int) -> None:
        new = session_id_of(new_chat_id)
        moved = Chats.migrate(delivery.session_id, new, now_ms=self._clock())
        await self._put_back(delivery, "the chat has a new id", *moved)
        self.wake([new])

    async def _doubt(self, delivery: Delivery, reason: str) -> None:
        """Nobody knows whether the call took effect: once more, marked, when the line works; then no more.

        What is harmless twice is repeated more often, and unmarked.
        """
        if delivery.ambiguous >= repeats(delivery):
            notices = await self._tell(delivery, reason) if is_missed(delivery) else []
            await self._fail(delivery, reason_for(delivery, reason), *notices, code=UNCLEAR, ambiguous=True)
            return
        put_back = self._deliveries.put_back(delivery, reason=reason, now_ms=self._clock(), ambiguous=True)
        await self._database.commit(put_back)

    def hold(self) -> None:
        """From now on claim nothing: what is queued stays for the next start."""
        self._stopping = True
        self._workers.cancel(but=self._in_flight)

    async def stop(self, timeout_s: float) -> None:
        """Claim nothing more, and wait for the calls in flight, `timeout_s` seconds at most."""
        self.hold()
        await self._workers.end(timeout_s)
