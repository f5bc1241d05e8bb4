"""A database as months of use leave it, and rows that mean harm, for whoever looks at pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

from storage.engines import connect_readers
from storage.readers import Readers
from storage.sqlite import opening
from storage.tables.runs import Runs
from teaching.assignment import Variant
from tests.storage.files import NOW_MS
from tests.web.rows import ANN, MINUTE_MS, Rows
from web.clock import now_ms as clock

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "[click](javascript:alert(1)) ![x](http://elsewhere.example/x.png)",
    "photo\u202egnp.exe \u2066hidden\u2069 zero\u200bwidth",
    "W" * 10_000,
    "# A heading\n\n| a | b |\n|---|---|\n\n</td></tr></table></main>",
    "{{ 7 * 7 }} {% raw %} ' OR 1=1 --",
    "Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308a\u0334\u0335\u0336\u0337",
    "\x07\x1b[31mred\x1b[0m \ufffe",
)
NOT_JSON = "{not json"


def seed(path: Path, *, scale: int = 1, hostile: bool = False, now_ms: int | None = None) -> None:
    """Make the database: about 40 messages a day for each `scale`, over 60 days; `hostile` adds what means harm."""
    now = clock() if now_ms is None else now_ms
    connection, _ = opening.prepare(path, now)
    with closing(connection):
        connection.execute("BEGIN")
        rows = Rows(connection, now)
        rows.add_talk(20 * scale)
        rows.add_queues()
        rows.add_runs()
        rows.add_settings()
        rows.add_memories(30 * scale)
        rows.add_opinions()
        rows.add_experiments()
        replay = Runs.replay(first=0)
        connection.execute(replay.sql, replay.params)
        if hostile:
            for number, text in enumerate(HOSTILE):
                add_harm(rows, number, text)
        connection.execute("COMMIT")


@contextmanager
def writing(path: Path, now_ms: int = NOW_MS) -> Iterator[Rows]:
    """Rows for a new database, or for one that is there."""
    connection, _ = opening.prepare(path, now_ms)
    with closing(connection):
        yield Rows(connection, now_ms)


@asynccontextmanager
async def reading(path: Path) -> AsyncIterator[Readers]:
    """Readers of it."""
    readers = await connect_readers(path)
    try:
        yield readers
    finally:
        await readers.close()


DAMAGED = {"salt": "", "unit": "", "variants": NOT_JSON, "untilMs": 0, "status": "ended"}
"""Of an experiment that cannot be read."""


def add_harm(rows: Rows, number: int, text: str) -> None:
    """The text wherever a row of somebody else's may hold one."""
    now, key = rows.now_ms, f"{number} {text}"
    at = now - number * MINUTE_MS - MINUTE_MS
    stamps = {"createdAtMs": at, "updatedAtMs": at}
    message = rows.add_exchange(at, ANN, text, text, job=key)
    rows.add_exchange(at, key, text, text)
    origin = {"automationId": key, "profileId": key}
    for polarity in ("negative", "positive", "neutral"):
        rows.add_event("reaction_added", at, ANN, message, text, polarity, {"actor": text, "producedBy": origin})
    for payload in (NOT_JSON, '"text"', None):
        rows.add_event("reaction_added", at, key, key, text, "negative", payload)
    rows.add_open_update(at, "dead", text, finishedAtMs=at, attempts=6)
    rows.add_open_update(at, "pending", text)
    rows.rename_last_update(text)
    rows.add_delivery(f"{key}:p", key, "pending", at, at, {"method": text, "text": text}, reason=text)
    rows.add_delivery(f"{key}:f", key, "failed", at, at, NOT_JSON, reason=text)
    rows.add_job(key, text, text, number % 2, **stamps)
    rows.add_policy(key, {text: {text: text}}, text, **stamps)
    rows.add_policy(f"{key} bad", NOT_JSON, text, **stamps)
    rows.add_profile(key, text, text, text, text, text, **stamps)
    rows.add_rated(at, ANN, str(number), "👍", {"model": text, "personality": text, "automationId": key})
    rows.add_rated(
        at, ANN, str(number), "👍", {"model": text, "personality": text, "experiment": text, "variant": text}
    )
    tried = [Variant(name="control", weight=1), Variant(name=text, weight=1, personality=text, model=text)]
    rows.add_experiment(text, tried, at, at + 1, "end", (1, 1))
    rows.add("polar_experiments", name=key, **DAMAGED, startedAtMs=at)
    rows.add_run("automation", key, at, text, text)
    rows.add_run("heartbeat", text, at, "failed", text)
    rows.add_due(f"automation:{key}", "automation", key, at)
    rows.add(
        "polar_task_board",
        taskId=key,
        source=text,
        id=text,
        runId=text,
        status="blocked",
        reason=text,
        sequence=100_000 + number,
        createdAtMs=at,
    )
    rows.add("polar_budget_policies", scope=text, targetId=text, maxLimitUsd=0.0)
    rows.add_usage(text, text, 1.0)
    rows.add_call(text, text, key, 1e300, at, outcome=text)
    rows.add_audit(key, key, text, text, 10**9, at)
    rows.add_memory(key, key, text, at, userId=text, scope=text, type=text, metadata=NOT_JSON)
    rows.add_memory(f"{key} bad", key, text, at, record=NOT_JSON + text)
