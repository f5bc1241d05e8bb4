"""`polar_answer_totals`: how many answers were made by whom, what they cost and how long they took."""

from __future__ import annotations

from storage.origin import Origin
from storage.statement import Bulk, Order, Statement

_KEY = "day, model, personality, automationId, experiment, variant, isPrivate"
_SUMS = ("answers", "priced", "timed", "milliseconds")
_COUNT = Bulk(
    f"INSERT INTO polar_answer_totals ({_KEY}, answers, priced, usd, timed, milliseconds) VALUES ",
    "(coalesce(date(? / 1000, 'unixepoch'), ''), ?, ?, ?, ?, ?, ?, 1, ?, ?, 1, ?)",
    f"""
ON CONFLICT ({_KEY}) DO UPDATE SET
  {", ".join(f"{name} = polar_answer_totals.{name} + excluded.{name}" for name in _SUMS)},
  usd = round(polar_answer_totals.usd + excluded.usd, 9)
""",
    order=Order.TOTALS,
)


class AnswerTotals:
    """Answers by the UTC day, by what made them, and by whether somebody was alone with the bot."""

    @staticmethod
    def count(origin: Origin, *, is_private: bool, milliseconds: int, now_ms: int) -> Statement:
        """One more answer of this origin, which took so long; its cost is the origin's, where that is known."""
        return _COUNT.of(
            now_ms,
            origin.model or "",
            origin.personality or "",
            origin.automation_id or "",
            origin.experiment or "",
            origin.variant or "",
            int(is_private),
            int(origin.usd is not None),
            origin.usd or 0.0,
            milliseconds,
        )
