"""`polar_calls`: every call of a model, with what it cost. The row of one that is being made reserves its estimate.

A turn makes one call after the other, so the call that a try of it has open is one at the most.
"""

from __future__ import annotations

from typing import Literal

from storage.balances import MINE, Payer
from storage.statement import Statement

CallOutcome = Literal["answered", "failed", "stopped", "timed_out", "void", "interrupted"]
"""How a call ends. `void` are those of a turn that was taken away, `interrupted` those that their process left open."""

_OPEN = f"""
INSERT INTO polar_calls (turnId, attempt, number, sessionId, userId, model, usd, outcome, createdAtMs)
SELECT :turn, :attempt, 1 + coalesce(
    (SELECT max(number) FROM polar_calls WHERE turnId = :turn AND attempt = :attempt), 0),
  :session, :user, :model, CAST(:estimate AS REAL), 'open', :now
WHERE NOT EXISTS (SELECT 1 FROM ({MINE}) AS found WHERE isShort)
"""
_SETTLE = """
UPDATE polar_calls SET inputTokens = ?, outputTokens = ?, usd = ?, latencyMs = ?, outcome = ?
WHERE turnId = ? AND attempt = ? AND outcome = 'open'
"""


class ModelCalls:
    """The statements of a call's life; budgets are charged by `Budgets`, in the same commit."""

    @staticmethod
    def open(payer: Payer, *, model: str, estimate_usd: float | None, now_ms: int) -> Statement:
        """Open the payer's next call, unless a budget that blocks has no room for its estimate."""
        return Statement(
            _OPEN,
            {
                "turn": payer.turn_id,
                "attempt": payer.attempt,
                "user": payer.user_id,
                "session": payer.session_id,
                "model": model,
                "estimate": estimate_usd,
                "now": now_ms,
            },
        )

    @staticmethod
    def settle(
        payer: Payer,
        *,
        input_tokens: int | None,
        output_tokens: int | None,
        usd: float | None,
        latency_ms: int | None,
        outcome: CallOutcome,
    ) -> Statement:
        """Put what became of the open call in place of its estimate; what is None nobody knows."""
        told = (input_tokens, output_tokens, usd, latency_ms, outcome)
        return Statement(_SETTLE, (*told, payer.turn_id, payer.attempt))

    @staticmethod
    def take_back(payer: Payer) -> Statement:
        """Remove the open call, which was not made after all."""
        return Statement(
            "DELETE FROM polar_calls WHERE turnId = ? AND attempt = ? AND outcome = 'open'",
            (payer.turn_id, payer.attempt),
        )

    @staticmethod
    def interrupt_left() -> Statement:
        """End what an ended process left open, each at its estimate."""
        return Statement("UPDATE polar_calls SET outcome = 'interrupted' WHERE outcome = 'open'")
