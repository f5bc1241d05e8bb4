"""What calls of models have cost, read from the totals of each day, so that no call is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from storage.readers import Readers

By = Literal["day", "model", "user", "session"]
WAYS: tuple[By, ...] = get_args(By)
EVER = ""
"""Before every day."""
ALL = 2**63 - 1
_SUMS = (
    "sum(calls), sum(unanswered), sum(unpriced), sum(inputTokens), sum(outputTokens), round(sum(usd), 9), "
    "sum(latencyMs)"
)
# Every call is counted once for its model, so that those of a day are the sum over the models.
_DAYS = f"""
SELECT day, {_SUMS} FROM polar_daily_spend WHERE kind = 'model' AND day >= ? GROUP BY day ORDER BY day DESC LIMIT ?
"""
_NAMES = f"""
SELECT name, {_SUMS} FROM polar_daily_spend WHERE kind = ? AND day >= ?
GROUP BY name ORDER BY sum(usd) DESC, sum(calls) DESC, name LIMIT ?
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """The calls of one day, model, user or session that have ended.

    `unanswered` of them did not end with an answer. Of `unpriced` of them nobody knows the price: they are not in
    `usd`. `latency_ms` is the sum of what they took.
    """

    name: str
    calls: int
    unanswered: int
    unpriced: int
    input_tokens: int
    output_tokens: int
    usd: float
    latency_ms: int


async def spend(readers: Readers, by: By, *, since: str = EVER, limit: int = ALL) -> list[Spend]:
    """By day the newest first, else what cost most; of the UTC days from `since` on."""
    if by == "day":
        rows = await readers.fetch(_DAYS, (since, limit))
    else:
        rows = await readers.fetch(_NAMES, (by, since, limit))
    return [
        Spend(
            name=row[0],
            calls=row[1],
            unanswered=row[2],
            unpriced=row[3],
            input_tokens=row[4],
            output_tokens=row[5],
            usd=row[6],
            latency_ms=row[7],
        )
        for row in rows
    ]
