"""What became of each turn, for the operator: a row, a log line, and the trace that every command leaves."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from middleware.turn import CallNext, Clock, Outcome, Turn
from storage.audit import Audit as AuditStore
from storage.feedback import Feedback

log = logging.getLogger("polar.turn")


def event_id(turn: Turn, position: int) -> str:
    """The id of a turn's ledger event: derived, so that handling the turn again adds nothing."""
    return str(uuid5(NAMESPACE_URL, f"polar:{turn.id}:{position}"))


@dataclass(frozen=True, slots=True)
class Audit:
    """Bears witness to every try of every turn. Holds ids, kinds and durations, never a text."""

    audit: AuditStore
    feedback: Feedback
    clock: Clock
    timer: Callable[[], float]

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Whatever the chain raises passes through."""
        started = self.timer()
        try:
            outcome = await call_next(turn)
        except Exception as error:
            self._witness(turn, "failed", type(error).__name__, started)
            raise
        self._witness(turn, outcome.status, outcome.reason, started)
        if turn.command is not None:
            self._record_command(turn, outcome.status)
        return outcome

    def _witness(self, turn: Turn, status: str, reason: str | None, started: float) -> None:
        duration_ms = round((self.timer() - started) * 1000)
        turn.bear_witness(
            self.audit.append(
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
        )
        log.info("%s %s %s %s in %d ms", turn.id, turn.kind, turn.session_id, status, duration_ms)

    def _record_command(self, turn: Turn, status: str) -> None:
        assert turn.command is not None
        payload = {
            "actor": turn.user_id,
            "command": turn.command.name[:64],
            "outcome": status,
            "argumentLength": len(turn.command.argument),
            "updateId": turn.update_id,
        }
        turn.record(
            self.feedback.append(
                event_id=event_id(turn, -1),
                event_type="command_executed",
                session_id=turn.session_id,
                message_id=f"msg_u_{turn.incoming.telegram_message_id}" if turn.incoming else None,
                payload=payload,
                now_ms=turn.received_at_ms,
            )
        )
