"""The view behind /metrics, read from totals and small indexes, so that it costs the same however much there is."""

from __future__ import annotations

from dataclasses import dataclass

from storage.balances import SPENT
from storage.readers import Readers
from storage.tables.properties import LAST_POLL_MS
from storage.views.health import Spent

MAX_BUDGETS = 200

TURNS = """
SELECT kind, outcome, le, sum(count), sum(durationMs) FROM polar_daily_turns
GROUP BY kind, outcome, le ORDER BY min(day), kind, outcome, le
"""
RUNS = """
SELECT source, status, sum(count) FROM polar_daily_runs GROUP BY source, status ORDER BY min(day), source, status
"""
REACTIONS = """
SELECT polarity, sum(added), sum(removed) FROM polar_daily_feedback GROUP BY polarity ORDER BY min(day), polarity
"""
MODELS = """
SELECT name, sum(calls - unanswered), sum(unanswered), sum(inputTokens), sum(outputTokens), round(sum(usd), 9)
FROM polar_daily_spend WHERE kind = 'model' GROUP BY name ORDER BY min(day), name
"""
DEPTHS = """
SELECT
  (SELECT count(*) FROM polar_updates INDEXED BY polar_updates_pending WHERE status = 'pending'),
  (SELECT count(*) FROM polar_updates INDEXED BY polar_updates_dead WHERE status = 'dead'),
  (SELECT count(*) FROM polar_scheduler_events INDEXED BY polar_scheduler_due
   WHERE queue IN ('scheduled', 'retry') AND sequence <= :now),
  (SELECT max(version) FROM polar_schema_versions)
"""
DELIVERIES = """
SELECT 'pending', count(*) FROM polar_delivery_queue INDEXED BY polar_delivery_status WHERE status = 'pending'
UNION ALL
SELECT 'sending', count(*) FROM polar_delivery_queue INDEXED BY polar_delivery_status WHERE status = 'sending'
UNION ALL
SELECT 'failed', count(*) FROM polar_delivery_queue INDEXED BY polar_delivery_failed WHERE status = 'failed'
"""
_BUDGETS = f"""
SELECT scope, targetId, CAST(maxLimitUsd AS REAL), CAST(spent AS REAL)
FROM ({SPENT}) AS budget
ORDER BY scope, targetId LIMIT {MAX_BUDGETS}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnBucket:
    """Turns of a kind and outcome that took no longer than `le` seconds, and longer than the bucket before."""

    kind: str
    outcome: str
    le: str
    count: int
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Depths:
    """The numbers of what waits or lies about, and the facts of the file. `due` are occurrences whose time has come."""

    updates_pending: int
    updates_dead: int
    due: int
    schema_version: int
    bytes: int


LabelledCounts = dict[tuple[str, ...], float]
"""Counts, or sums, by the values of their labels, those known longest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Everything that is told. Totals only grow; all else is as it is now."""

    turns: list[TurnBucket]
    messages: LabelledCounts
    sends: LabelledCounts
    runs: LabelledCounts
    reactions: LabelledCounts
    model_calls: LabelledCounts
    model_tokens: LabelledCounts
    model_usd: LabelledCounts
    deliveries: LabelledCounts
    depths: Depths
    budgets: list[Spent]
    last_poll_ms: int | None


async def measure(readers: Readers, *, now_ms: int) -> Measured:
    """Read everything once."""
    reactions, models = await readers.fetch(REACTIONS), await readers.fetch(MODELS)
    return Measured(
        turns=await _turns(readers),
        messages=await _counts(
            readers, "SELECT role, sum(count) FROM polar_daily_messages GROUP BY role ORDER BY role"
        ),
        sends=await _counts(
            readers, "SELECT result, sum(count) FROM polar_daily_sends GROUP BY result ORDER BY result"
        ),
        runs=await _counts(readers, RUNS),
        reactions={
            (row[0], change): row[column] for row in reactions for column, change in ((1, "added"), (2, "removed"))
        },
        model_calls={(row[0], end): row[n] for row in models for n, end in ((1, "answered"), (2, "unanswered"))},
        model_tokens={(row[0], way): row[n] for row in models for n, way in ((3, "in"), (4, "out"))},
        model_usd={(row[0],): row[5] for row in models},
        deliveries=await _counts(readers, DELIVERIES),
        depths=await _depths(readers, now_ms),
        budgets=await _budgets(readers, now_ms),
        last_poll_ms=await last_poll_ms(readers),
    )


async def last_poll_ms(readers: Readers) -> int | None:
    """When Telegram last answered; before that is noted, when the newest update came. None before both."""
    row = await readers.fetch_one(
        "SELECT coalesce((SELECT CAST(value AS INTEGER) FROM polar_properties WHERE name = ?), "
        "(SELECT receivedAtMs FROM polar_updates ORDER BY sequence DESC LIMIT 1))",
        (LAST_POLL_MS,),
    )
    assert row is not None
    return None if row[0] is None else int(row[0])


async def _turns(readers: Readers) -> list[TurnBucket]:
    return [
        TurnBucket(kind=row[0], outcome=row[1], le=row[2], count=row[3], duration_ms=row[4])
        for row in await readers.fetch(TURNS)
    ]


async def _counts(readers: Readers, query: str) -> LabelledCounts:
    """Of rows whose last column is the count."""
    return {tuple(map(str, row[:-1])): row[-1] for row in map(tuple, await readers.fetch(query))}


async def _depths(readers: Readers, now_ms: int) -> Depths:
    row, room = await readers.fetch_one(DEPTHS, {"now": now_ms}), await readers.room()
    assert row is not None
    return Depths(updates_pending=row[0], updates_dead=row[1], due=row[2], schema_version=row[3], bytes=room.size)


async def _budgets(readers: Readers, now_ms: int) -> list[Spent]:
    rows = await readers.fetch(_BUDGETS, {"now": now_ms})
    return [Spent(scope=row[0], target_id=row[1], limit_usd=row[2], spent_usd=row[3]) for row in rows]
