"""What comes of a call, committed: its receipt, a further try, or its failure.

What follows from each error stands in `failed`: a 429 puts the call back and lets its chat wait as long as Telegram
says, a 403 pauses the chat's automations, a 400 is judged in bot/sending/refusals.py, what may have arrived is doubted.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator

from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot import tries
from bot.clock import jittered
from bot.http.bot_api import Unsent
from bot.sending.answers import Receipt
from bot.sending.calls import CallNotMade
from bot.sending.doubt import is_missed, reason_for, repeats
from bot.sending.refusals import Done, Final, Instead, judge, named
from bot.sending.unfiled import say_instead
from middleware.failures import reason_of
from middleware.replies.parts import InMessages
from middleware.turn import Clock
from storage.database import Database
from storage.delivery import Delivery
from storage.errors import DatabaseClosed, DatabaseLost, ExpectationFailed
from storage.ids import session_id_of
from storage.payloads import EditMessageText, SendMessage
from storage.statement import Statement
from storage.stores import Stores
from storage.tables.chats import Chats
from storage.tables.jobs import Jobs
from storage.tables.run_deliveries import RunDeliveries

log = logging.getLogger("polar.delivery")

FIRST_DELAY_S = 0.5
ERASED, UNCLEAR = "erased", "unclear"
"""Why nothing of a run's has arrived, beside the types of what failed."""

Tell = Callable[[Delivery, str], Awaitable[list[Statement]]]
"""The statements that tell the operators of a delivery that failed."""
WithFailure = Callable[[Delivery], Awaitable[list[Statement]]]
"""The statements that go with the failure of a call of a run's, of which perhaps nothing arrives now."""


class Outcomes:
    """Each ends in one commit, an arrival in whichever the caller makes; failures return the chat's wait in seconds."""

    def __init__(
        self,
        database: Database,
        stores: Stores,
        *,
        tell: Tell,
        unheard: WithFailure,
        wake: Callable[[Iterable[str]], None],
        clock: Clock,
        traceback_of: Callable[[Exception], str],
    ) -> None:
        self._database = database
        self._deliveries = stores.deliveries
        self._messages = stores.messages
        self._tell = tell
        self._unheard = unheard
        self._wake = wake
        self._clock = clock
        self._traceback_of = traceback_of
        self._retries: dict[str, int] = {}

    def arrived(self, delivery: Delivery, receipt: Receipt | None) -> tuple[Statement, ...]:
        """To be committed when the call had its effect; None where it made no message."""
        self._retries.pop(delivery.delivery_id, None)
        return (*self._finish(delivery, None), *self._received(delivery, receipt))

    def _received(self, delivery: Delivery, receipt: Receipt | None) -> tuple[Statement, ...]:
        if receipt is None:
            return ()
        stands_for = delivery.payload.target if isinstance(delivery.payload, SendMessage) else None
        row, session_id = stands_for or delivery.delivery_id, session_id_of(receipt.chat_id)
        return self._messages.add_receipt(row, receipt.message_id, session_id=session_id)

    async def failed(self, delivery: Delivery, error: TelegramError) -> float:
        """Telegram, or the way to it, has said no."""
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
                await self.doubt(delivery, reason_of(error))
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
        fault: Exception | None = None,
    ) -> None:
        log.warning("%s failed: %s", delivery.delivery_id, reason)
        self._retries.pop(delivery.delivery_id, None)
        now_ms, unheard = self._clock(), await self._unheard(delivery)
        fail = self._deliveries.fail(
            delivery,
            reason=reason,
            now_ms=now_ms,
            ambiguous=ambiguous,
            by_fault=by_fault,
            traceback=None if fault is None else self._traceback_of(fault),
        )
        await self._database.commit(*fail, *self._entered(delivery, code), *unheard, *others)

    def _entered(self, delivery: Delivery, code: str) -> Iterator[Statement]:
        """The outcome of a run with the end of this call, if it is one's; `code` where nothing has arrived."""
        if delivery.task_id is not None:
            yield RunDeliveries.enter(delivery.task_id, reason=code, now_ms=self._clock())

    def _finish(self, delivery: Delivery, reason: str | None) -> Iterator[Statement]:
        yield self._deliveries.finish(delivery, reason=reason, now_ms=self._clock())
        yield from self._entered(delivery, ERASED)

    async def _on_refusal(self, delivery: Delivery, error: BadRequest) -> None:
        reason = named(error)
        match judge(delivery.payload, str(error)):
            case Done():
                await self._database.commit(*self._finish(delivery, reason))
            case Instead(payload):
                await self._put_back(delivery, reason, self._deliveries.rewrite(delivery, payload))
            case InMessages() as instead:
                await self._put_back(delivery, reason, *say_instead(delivery, instead, now_ms=self._clock()))
            case Final():
                await self._fail(delivery, reason, code=reason_of(error))

    async def _follow(self, delivery: Delivery, new_chat_id: int) -> None:
        new = session_id_of(new_chat_id)
        moved = Chats.migrate(delivery.session_id, new, now_ms=self._clock())
        await self._put_back(delivery, "the chat has a new id", *moved)
        self._wake([new])

    async def doubt(self, delivery: Delivery, reason: str, fault: Exception | None = None) -> None:
        """Nobody knows whether the call took effect: once more, marked, when the line works; then no more.

        What is harmless twice is repeated more often, and unmarked.
        """
        if delivery.ambiguous >= repeats(delivery):
            notices = await self._tell(delivery, reason) if is_missed(delivery) else []
            told = reason_for(delivery, reason)
            await self._fail(delivery, told, *notices, code=UNCLEAR, ambiguous=True, fault=fault)
            return
        put_back = self._deliveries.put_back(delivery, reason=reason, now_ms=self._clock(), ambiguous=True)
        await self._database.commit(put_back)

    async def fault(self, delivery: Delivery, error: Exception) -> float:
        """A fault of ours, or of the row, is this delivery's failure; returns how long this chat has to wait.

        Raises what is the end of the process.
        """
        match error:
            case DatabaseLost() | DatabaseClosed():
                raise error
            case ExpectationFailed():
                log.warning("%s was changed elsewhere", delivery.delivery_id)
                return 0
        reason, attempt, now_ms = reason_of(error), delivery.failures + 1, self._clock()
        log.error("%s failed at try %d: %s", delivery.delivery_id, attempt, reason, exc_info=error)
        row = await self._deliveries.find(delivery.delivery_id)
        if row is not None and row.status == "sending" and not isinstance(error, CallNotMade):
            await self.doubt(row, reason, error)  # it failed behind the call
        elif tries.is_last(attempt):
            await self._fail(delivery, reason, code=reason, by_fault=True, fault=error)
        else:
            await self._database.commit(self._deliveries.count_failure(delivery, reason=reason, now_ms=now_ms))
            return tries.delay_s(attempt, first_s=FIRST_DELAY_S)
        return 0

    async def without_target(self, delivery: Delivery) -> None:
        """There is nothing to edit, or to delete."""
        await self._database.commit(*self._without_target(delivery), *self._entered(delivery, ERASED))

    def _without_target(self, delivery: Delivery) -> Iterator[Statement]:
        now_ms = self._clock()
        if isinstance(delivery.payload, EditMessageText):
            yield self._deliveries.rewrite(delivery, delivery.payload.as_message())
            return
        yield self._deliveries.claim(delivery, now_ms=now_ms)
        yield self._deliveries.finish(delivery, reason="it was not there", now_ms=now_ms)
