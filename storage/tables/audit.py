"""`polar_audit`: one row a turn, what became of it and how long it took. No text of any person."""

from __future__ import annotations

from storage.statement import Bulk, Order, Statement

_APPEND = Bulk(
    "INSERT INTO polar_audit (turnId, attempt, kind, sessionId, userId, outcome, reason, durationMs, createdAtMs) "
    "VALUES ",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?)",
    order=Order.AUDIT,
)


class AuditTrail:
    """The operator's record of turns."""

    @staticmethod
    def append(
        *,
        turn_id: str,
        attempt: int,
        kind: str,
        session_id: str,
        user_id: str,
        outcome: str,
        reason: str | None,
        duration_ms: int,
        now_ms: int,
    ) -> Statement:
        """One try of one turn."""
        return _APPEND.of(turn_id, attempt, kind, session_id, user_id, outcome, reason, duration_ms, now_ms)
