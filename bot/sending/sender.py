"""The one sender: empties the delivery queue into Telegram, chat by chat, and keeps the receipts.

What follows from each error stands in `_on_error`: a 429 puts the call back and lets its chat wait as long as Telegram
says, a 403 pauses the chat's automations, a 400 is judged in bot/sending/refusals.py, what may have arrived is doubted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial

from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.clock import jittered
from bot.http import Unsent
from bot.sending.calls import Calls, Receipt
from bot.sending.doubt import is_missed, reason_for, repeats
from bot.sending.pacing import Pacing
from bot.sending.refusals import Done, Final, Instead, judge
from bot.supervised import Tasks
from middleware.turn import Clock
from storage.database import Database
from storage.ids import chat_id_of, session_id_of
from storage.payloads import AboutSent, AnswerCallbackQuery, EditMessageText, SendMessage
from storage.statement import Statement
from storage.stores import Stores
from storage.tables.chats import Chats
from storage.tables.deliveries import Delivery
from storage.tables.jobs import Jobs

log = logging.getLogger("polar.delivery")

SETTLE_S = 2.0
FIRST_DELAY_S = 0.5

Tell = Callable[[Delivery, str], Awaitable[list[Statement]]]
"""The statements that tell the operators of a delivery that failed."""
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
        self._calm = calm
        self._clock = clock
        self._slots = asyncio.Semaphore(slots)
        self._workers = tasks
        self._again: set[str] = set()
        self._in_flight: dict[str, asyncio.Event] = {}
        self._retries: dict[str, int] = {}
        self._stopping = False

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing left to send that anybody told of."""
        return not self._workers

    async def start(self) -> None:
        """Take up what an earlier process left."""
        self.wake(await self._deliveries.sessions_waiting())

    def wake(self, session_ids: Iterable[str]) -> None:
        """There are new rows for these sessions."""
        for session_id in session_ids:
            if session_id in self._workers:
                self._again.add(session_id)
            elif not self._stopping:
                self._workers.start(session_id, partial(self._work, session_id), name=f"delivery {session_id}")

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
            self._again.discard(session_id)
            delivery = await self._deliveries.next_of(session_id)
            if delivery is not None:
                await self._deliver(delivery)
            elif session_id not in self._again:
                break

    async def _deliver(self, delivery: Delivery) -> None:
        if delivery.status == "sending":  # an earlier process ended before it knew
            await self._doubt(delivery, "the process ended while sending")
            return
        if delivery.ambiguous:  # its one more try must not be cut by what cut the first one
            await self._calm()
        if isinstance(delivery.payload, AnswerCallbackQuery):
            delay_s = await self._send(delivery)
        else:
            async with self._pacing.right_to_send(chat_id_of(delivery.session_id), delivery.priority):
                # Something more urgent may have come in meanwhile.
                current = await self._deliveries.next_of(delivery.session_id)
                delay_s = 0 if current is None else await self._send(current)
        await asyncio.sleep(delay_s)

    async def _send(self, delivery: Delivery) -> float:
        """Make the call, if there is still anything to call about; returns how long this chat has to wait."""
        target = await self._target(delivery)
        if target is None and isinstance(delivery.payload, AboutSent):
            await self._database.commit(*self._without_target(delivery))
            return 0
        async with self._slots:
            if self._stopping:
                return 0
            self._in_flight[delivery.session_id] = received = asyncio.Event()
            try:
                await self._database.commit(self._deliveries.claim(delivery, now_ms=self._clock()))
                return await self._attempt(delivery, target)
            finally:
                del self._in_flight[delivery.session_id]
                received.set()

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
                await self._fail(delivery, str(error), *pause)
            case BadRequest():
                await self._on_refusal(delivery, str(error))
            case Unsent() | InvalidToken():
                await self._put_back(delivery, str(error))
                return self._backoff(delivery)
            case NetworkError():
                await self._doubt(delivery, str(error))
            case _:
                await self._fail(delivery, str(error))
        return 0

    def _backoff(self, delivery: Delivery) -> float:
        tries = self._retries[delivery.delivery_id] = self._retries.get(delivery.delivery_id, 0) + 1
        return jittered(FIRST_DELAY_S, tries)

    async def _put_back(self, delivery: Delivery, reason: str, *others: Statement) -> None:
        put_back = self._deliveries.put_back(delivery, reason=reason, now_ms=self._clock())
        await self._database.commit(put_back, *others)

    async def _fail(self, delivery: Delivery, reason: str, *others: Statement) -> None:
        log.warning("%s failed: %s", delivery.delivery_id, reason)
        self._retries.pop(delivery.delivery_id, None)
        fail = self._deliveries.fail(delivery, reason=reason, now_ms=self._clock())
        await self._database.commit(*fail, *others)

    async def _finish(self, delivery: Delivery, reason: str | None, *others: Statement) -> None:
        finish = self._deliveries.finish(delivery, reason=reason, now_ms=self._clock())
        await self._database.commit(finish, *others)

    async def _on_refusal(self, delivery: Delivery, reason: str) -> None:
        match judge(delivery.payload, reason):
            case Done():
                await self._finish(delivery, reason)
            case Instead(payload):
                await self._put_back(delivery, reason, self._deliveries.rewrite(delivery, payload))
            case Final():
                await self._fail(delivery, reason)

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
            await self._fail(delivery, reason_for(delivery, reason), *notices)
            self.wake(await self._deliveries.sessions_waiting() if notices else ())
            return
        put_back = self._deliveries.put_back(delivery, reason=reason, now_ms=self._clock(), ambiguous=True)
        await self._database.commit(put_back)
        tries = 0
        while not self._stopping and not await self._calls.probe():
            tries += 1
            await asyncio.sleep(jittered(FIRST_DELAY_S, tries))

    async def stop(self, timeout_s: float) -> None:
        """Send what is queued, for `timeout_s` seconds at most; the rest stays for the next start."""
        await self._workers.drain(timeout_s)
        self._stopping = True
        await self._workers.end()
