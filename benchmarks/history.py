"""How long /feedback and /status take to ask, over 600,000 reactions in one chat and two million updates.

The database is made in SQL, before the migration that keeps the totals, which is timed too; then the real views are
asked by the readers that people's questions have. Beside each stands the time of counting the rows.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from storage import migrations
from storage.database import Database
from storage.views.chat_feedback import ChatFeedback
from storage.views.feedback_summary import FeedbackSummaries
from storage.views.queue_counts import QueueCounts
from storage.views.tasks import TaskBoard

NOW_MS, DAY_MS = 1_795_000_000_000, 86_400_000
CHAT = "telegram:chat:1"
BEFORE_TOTALS = 8
ROUNDS = 7
_EVENTS = """
WITH RECURSIVE n (x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n WHERE x < :count - 1)
INSERT INTO polar_feedback_events
SELECT 'e' || x, CASE x % 5 WHEN 4 THEN 'reaction_removed' ELSE 'reaction_added' END, :chat, 'msg_a_' || (x / 5),
  CASE x % 7 WHEN 0 THEN '👎' ELSE '👍' END, CASE x % 7 WHEN 0 THEN 'negative' ELSE 'positive' END,
  json_object('actor', CAST(x % 900 AS TEXT),
    'producedBy', json_object('automationId', 'job-' || (x % 20), 'profileId', 'p' || (x % 3))),
  :now - :days * :day + CAST(x AS REAL) / :count * :days * :day FROM n
"""
_UPDATES = """
WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < :count)
INSERT INTO polar_updates (updateId, sequence, status, kind, lane, receivedAtMs, finishedAtMs)
SELECT x, x, 'done', 'message_reaction', '1::control', 1, 1 FROM n
"""
_COUNT_FEEDBACK = """
SELECT polarity, sum(CASE type WHEN 'reaction_added' THEN 1 ELSE -1 END) FROM polar_feedback_events
WHERE sessionId = ? AND type IN ('reaction_added', 'reaction_removed') GROUP BY polarity
"""
_COUNT_UPDATES = "SELECT status, count(*) FROM polar_updates GROUP BY status"

Question = Callable[[Database], Awaitable[Any]]
QUESTIONS: dict[str, Question] = {
    "counting the reactions": lambda db: db.asking.fetch(_COUNT_FEEDBACK, (CHAT,)),
    "/feedback": lambda db: _recent(db),
    "/feedback day": lambda db: ChatFeedback(db.asking).totals_by(CHAT, "day", limit=10),
    "/feedback message": lambda db: ChatFeedback(db.asking).totals_by(CHAT, "message", limit=10),
    "/feedback automation": lambda db: ChatFeedback(db.asking).totals_by(CHAT, "automation", limit=10),
    "/feedback profile": lambda db: ChatFeedback(db.asking).totals_by(CHAT, "profile", limit=10),
    "/feedback summary": lambda db: FeedbackSummaries(db.asking).of(CHAT, since_ms=NOW_MS - 30 * DAY_MS),
    "counting the updates": lambda db: db.asking.fetch(_COUNT_UPDATES),
    "/status": lambda db: _status(db),
    "/tasks, of all": lambda db: TaskBoard(db.asking).count(),
}


async def _recent(database: Database) -> None:
    feedback = ChatFeedback(database.asking)
    await feedback.list_recent(CHAT, limit=10)
    await feedback.totals(CHAT)


async def _status(database: Database) -> None:
    counts = QueueCounts(database.asking)
    await counts.of_updates()
    await counts.of_deliveries()


def make(path: Path, events: int, updates: int) -> float:
    """A database of the version before, filled; gives the seconds that the migration took."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        migrations.apply(connection, NOW_MS, until=BEFORE_TOTALS)
        with connection:
            connection.execute(_EVENTS, {"count": events, "chat": CHAT, "now": NOW_MS, "day": DAY_MS, "days": 365})
            connection.execute(_UPDATES, {"count": updates})
        started = time.perf_counter()
        migrations.apply(connection, NOW_MS)
        return time.perf_counter() - started


async def measure(path: Path) -> dict[str, float]:
    """The median of each question in milliseconds, the questions in turn within a round."""
    database = await Database.open(path, now_ms=NOW_MS, question_s=600)
    took: dict[str, list[float]] = {name: [] for name in QUESTIONS}
    for _ in range(ROUNDS):
        for name, question in QUESTIONS.items():
            started = time.perf_counter()
            await question(database)
            took[name].append((time.perf_counter() - started) * 1000)
    await database.close()
    return {name: median(times) for name, times in took.items()}


def main(
    events: Annotated[int, typer.Option(min=1, help="Reactions, all in one chat, over a year.")] = 600_000,
    updates: Annotated[int, typer.Option(min=1, help="Finished updates.")] = 2_000_000,
) -> None:
    """Time what people ask of a long history."""
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.db"
        seconds = make(path, events, updates)
        console.print(f"{events:,} reactions, {updates:,} updates; the migration took {seconds:.1f} s")
        table = Table("asked", "ms, median")
        for name, took in asyncio.run(measure(path)).items():
            table.add_row(name, f"{took:.1f}")
        console.print(table)


if __name__ == "__main__":
    typer.run(main)
