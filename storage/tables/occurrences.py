"""What is due: queues `scheduled`, `retry` and `dead_letter` of `polar_scheduler_events`."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Literal

from storage import ids
from storage.ids import RunSource
from storage.json_text import encode
from storage.readers import Readers
from storage.statement import Statement

SCHEDULED, RETRY, DEAD_LETTER = "scheduled", "retry", "dead_letter"
_COLUMNS = "eventId, queue, sequence, payload"
# The earlier runtime left rows of its own in `retry`; ours tell their instant.
_DUE = f"""
SELECT {_COLUMNS} FROM polar_scheduler_events INDEXED BY polar_scheduler_due
WHERE queue = ? AND sequence <= ? AND json_valid(payload) AND json_extract(payload, '$.atMs') IS NOT NULL
ORDER BY sequence LIMIT ?
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """A job or a policy at an instant. `at_ms` is what its schedule says, `due_ms` when it may run.

    They differ where a run was deferred or is tried again. `attempts` counts the tries that were begun.
    """

    source: RunSource
    subject_id: str
    at_ms: int
    due_ms: int
    trigger: Literal["schedule", "manual"] = "schedule"
    attempts: int = 0
    queue: str = SCHEDULED
    is_extra: bool = False
    """Beside the subject's next occurrence: asked for by hand, or made up for."""

    @classmethod
    def by_hand(cls, source: RunSource, subject_id: str, *, now_ms: int) -> Occurrence:
        """One that somebody asked for, beside the subject's next."""
        return cls(source=source, subject_id=subject_id, at_ms=now_ms, due_ms=now_ms, trigger="manual", is_extra=True)

    @property
    def run_id(self) -> str:
        """Derived from subject and instant, so that a second run of it cannot be entered."""
        return ids.run_id(self.source, self.subject_id, self.at_ms, is_manual=self.trigger == "manual")

    @property
    def event_id(self) -> str:
        """The key of its row: a subject has one next occurrence; extra ones and retries stand for themselves."""
        if self.is_extra or self.queue != SCHEDULED:
            return self.run_id
        return ids.next_id(self.source, self.subject_id)

    @property
    def payload(self) -> str | None:
        """What its row holds beside the instant when it is due."""
        return encode(
            {
                "source": self.source,
                "id": self.subject_id,
                "atMs": self.at_ms,
                "trigger": self.trigger,
                "attempts": self.attempts,
                "extra": self.is_extra,
            }
        )

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Occurrence:
        """From a row of _COLUMNS."""
        payload = json.loads(row[3])
        return cls(
            source=payload["source"],
            subject_id=payload["id"],
            at_ms=payload["atMs"],
            due_ms=row[2],
            trigger=payload["trigger"],
            attempts=payload["attempts"],
            queue=row[1],
            is_extra=payload["extra"],
        )


class Occurrences:
    """What is due, found by the index on (queue, sequence) alone."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def plan(occurrence: Occurrence, *, now_ms: int) -> Statement:
        """Put an occurrence into its queue, in place of what has the same key."""
        return Statement(
            "INSERT INTO polar_scheduler_events (eventId, queue, sequence, payload, createdAtMs) "
            "VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (eventId, queue) DO UPDATE SET sequence = excluded.sequence, payload = excluded.payload",
            (occurrence.event_id, occurrence.queue, occurrence.due_ms, occurrence.payload, now_ms),
        )

    @staticmethod
    def take(occurrence: Occurrence) -> Statement:
        """Remove the row; voids its unit when it was taken or changed already."""
        return Statement(
            "DELETE FROM polar_scheduler_events WHERE eventId = ? AND queue = ? AND sequence = ?",
            (occurrence.event_id, occurrence.queue, occurrence.due_ms),
            expect=1,
        )

    @staticmethod
    def begin_try(occurrence: Occurrence) -> Statement:
        """Count one more try in the row; voids its unit when the row was taken or counted already."""
        return Statement(
            "UPDATE polar_scheduler_events SET payload = json_set(payload, '$.attempts', ?) "
            "WHERE eventId = ? AND queue = ? AND sequence = ? AND json_extract(payload, '$.attempts') = ?",
            (
                occurrence.attempts + 1,
                occurrence.event_id,
                occurrence.queue,
                occurrence.due_ms,
                occurrence.attempts,
            ),
            expect=1,
        )

    @staticmethod
    def cancel(source: RunSource, subject_id: str) -> Statement:
        """A subject has no next occurrence any more."""
        return Statement(
            "DELETE FROM polar_scheduler_events WHERE eventId = ? AND queue = ?",
            (ids.next_id(source, subject_id), SCHEDULED),
        )

    async def list_due(self, *, now_ms: int, limit: int) -> list[Occurrence]:
        """Occurrences that may run now, of both queues, earliest first."""
        due = [
            Occurrence.from_row(row)
            for queue in (SCHEDULED, RETRY)
            for row in await self._readers.fetch(_DUE, (queue, now_ms, limit))
        ]
        return sorted(due, key=lambda occurrence: occurrence.due_ms)[:limit]
