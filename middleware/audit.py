"""The traces of each turn, for the operator: a row, a log line, and the trace that every command leaves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from middleware.commands import Registry
from middleware.trace import TRACE
from middleware.turn import KINDS, CallNext, Clock, Kind, Outcome, OutcomeStatus, Turn
from storage.ids import event_id, received_message_id
from storage.statement import Statement
from storage.tables.audit import AuditTrail
from storage.tables.feedback import FeedbackLedger

log = logging.getLogger("polar.turn")

UNKNOWN = "unknown"
"""The word in the ledger, from which nothing is ever erased, for a name that is no command's."""


@dataclass(frozen=True, slots=True)
class Audit:
    """Bears witness to every try of every turn, unless nothing is kept of it.

    Holds ids, kinds and durations, never a text.
    """

    kinds: ClassVar[frozenset[Kind]] = KINDS

    clock: Clock
    timer: Callable[[], float]
    registry: Registry
    """Knows which names are commands'; any other may be whatever somebody has written."""

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Whatever the chain raises passes through."""
        started = self.timer()
        outcome = None
        outside = TRACE.set(turn.id)
        try:
            outcome = await call_next(turn)
        finally:
            TRACE.reset(outside)
            duration_ms = round((self.timer() - started) * 1000)
            if outcome is None or outcome.is_kept:
                turn.bear_witness(lambda error: (self._row(turn, outcome, error, duration_ms),))
                if turn.command is not None:
                    turn.bear_witness(lambda error: self._command(turn, outcome, error))
        return outcome

    def _row(self, turn: Turn, outcome: Outcome | None, error: Exception | None, duration_ms: int) -> Statement:
        status = _status(outcome, error)
        reason = outcome.reason if outcome is not None and error is None else type(error).__name__
        is_no_news = status in ("recorded", "ignored") and not (outcome and outcome.replies)
        level = logging.DEBUG if is_no_news else logging.INFO
        if log.isEnabledFor(level):
            facts = {"trace": turn.id, "session": turn.session_id, "ms": duration_ms}
            log.log(level, "%s %s", turn.kind, status, extra=facts if reason is None else facts | {"reason": reason})
        return AuditTrail.append(
            turn_id=turn.id,
            attempt=turn.attempt,
            kind=turn.kind,
            session_id=turn.session_id,
            user_id=turn.user_id,
            outcome=status,
            reason=reason,
            duration_ms=duration_ms,
            now_ms=self.clock(),
        )

    def _command(self, turn: Turn, outcome: Outcome | None, error: Exception | None) -> Iterator[Statement]:
        """The one event that every command leaves, made when it is known how it ended."""
        failed = error is not None or outcome is None
        if turn.command is None or (failed and not turn.source.is_last_try):
            return
        payload = {
            "actor": turn.user_id,
            "command": UNKNOWN if self.registry.find(turn.command.name) is None else turn.command.name,
            "outcome": _status(outcome, error),
            "argumentLength": len(turn.command.argument),
            **turn.place_in_order(0),
        }
        yield FeedbackLedger.append(
            event_id=event_id(turn.id, -1, at_ms=turn.received_at_ms),
            event_type="command_executed",
            session_id=turn.session_id,
            message_id=received_message_id(turn.incoming.telegram_message_id) if turn.incoming else None,
            payload=payload,
            now_ms=turn.received_at_ms,
        )


def _status(outcome: Outcome | None, error: Exception | None) -> OutcomeStatus:
    return "failed" if outcome is None or error is not None else outcome.status
