"""Queue `scheduled` of `polar_scheduler_events`: the next instant of each job, a row each."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from storage.database import Database
from storage.messages import encode
from storage.statement import Statement

QUEUE = "scheduled"
_COLUMNS = "eventId, sequence, payload"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """A job at a scheduled instant (ms since the epoch). `attempts` counts the tries that failed."""

    job_id: str
    at_ms: int
    attempts: int = 0

    @property
    def event_id(self) -> str:
        """The key of its row: one job has one next occurrence."""
        return f"automation:{self.job_id}"

    @property
    def run_id(self) -> str:
        """Derived from job and instant, so that a second run of it cannot be entered."""
        return f"run:{self.job_id}:{self.at_ms}"

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Occurrence:
        """From a row of _COLUMNS."""
        payload = json.loads(row[2])
        return cls(job_id=payload["jobId"], at_ms=row[1], attempts=payload.get("attempts", 0))


class Occurrences:
    """What is due, found by the index on (queue, sequence) alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def plan(self, occurrence: Occurrence, *, now_ms: int) -> Statement:
        """Make this the job's next occurrence."""
        return Statement(
            "INSERT INTO polar_scheduler_events (eventId, queue, sequence, payload, createdAtMs) "
            "VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (eventId, queue) DO UPDATE SET sequence = excluded.sequence, payload = excluded.payload",
            (
                occurrence.event_id,
                QUEUE,
                occurrence.at_ms,
                encode({"jobId": occurrence.job_id, "attempts": occurrence.attempts}),
                now_ms,
            ),
        )

    def take(self, occurrence: Occurrence) -> Statement:
        """Remove the row; voids its unit when the occurrence was taken already."""
        return Statement(
            "DELETE FROM polar_scheduler_events WHERE eventId = ? AND queue = ? AND sequence = ?",
            (occurrence.event_id, QUEUE, occurrence.at_ms),
            expect=1,
        )

    def record_failure(self, occurrence: Occurrence) -> Statement:
        """Count one more failed try of an occurrence that stays due."""
        payload = encode({"jobId": occurrence.job_id, "attempts": occurrence.attempts + 1})
        return Statement(
            "UPDATE polar_scheduler_events SET payload = ? WHERE eventId = ? AND queue = ? AND sequence = ?",
            (payload, occurrence.event_id, QUEUE, occurrence.at_ms),
            expect=1,
        )

    def cancel(self, job_id: str) -> Statement:
        """A job has no next occurrence any more."""
        event_id = Occurrence(job_id=job_id, at_ms=0).event_id
        return Statement("DELETE FROM polar_scheduler_events WHERE eventId = ? AND queue = ?", (event_id, QUEUE))

    async def list_due(self, *, now_ms: int, limit: int) -> list[Occurrence]:
        """Occurrences whose instant has come, earliest first."""
        rows = await self._database.fetch(
            f"SELECT {_COLUMNS} FROM polar_scheduler_events WHERE queue = ? AND sequence <= ? "
            "ORDER BY sequence LIMIT ?",
            (QUEUE, now_ms, limit),
        )
        return [Occurrence.from_row(row) for row in rows]

    async def next_instant(self, *, after_ms: int) -> int | None:
        """The earliest instant behind `after_ms`, or None."""
        row = await self._database.fetch_one(
            "SELECT min(sequence) FROM polar_scheduler_events WHERE queue = ? AND sequence > ?",
            (QUEUE, after_ms),
        )
        return row[0] if row else None
