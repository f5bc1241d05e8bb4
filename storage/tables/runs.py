"""`polar_run_events`, `polar_scheduler_run_log` and the task board that is computed from the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from storage.ids import sql_task_id, try_id
from storage.json_text import encode
from storage.readers import Readers
from storage.statement import Statement
from storage.statuses import RunStatus, TaskStatus

DEFAULT_PROFILE = "profile.default"

# Executed runs are done, all others blocked: one rule, applied to any range of the ledger any number of times.
_PROJECT = f"""
INSERT INTO polar_task_board (taskId, source, id, runId, status, reason, sequence, createdAtMs)
SELECT {sql_task_id("source", "id", "runId")}, source, id, runId,
  CASE json_extract(output, '$.status')
    WHEN '{RunStatus.EXECUTED}' THEN '{TaskStatus.DONE}' ELSE '{TaskStatus.BLOCKED}' END,
  json_extract(output, '$.reason'), sequence, createdAtMs
FROM polar_run_events WHERE {{where}}
ON CONFLICT (taskId) DO UPDATE SET
  status = excluded.status, reason = excluded.reason, sequence = excluded.sequence,
  createdAtMs = excluded.createdAtMs
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """How a run ended, and why. `status` is a RunStatus in rows of ours."""

    status: str
    reason: str | None
    entered_at_ms: int


class Runs:
    """The append-only ledger of automation and heartbeat runs."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def append(
        *,
        source: str,
        subject_id: str,
        run_id: str,
        profile_id: str,
        trigger: str,
        output: Mapping[str, Any],
        metadata: Mapping[str, Any],
        now_ms: int,
    ) -> tuple[Statement, ...]:
        """A run's one row, and its task. `output["status"]` is a RunStatus."""
        row = (source, subject_id, run_id, profile_id, trigger, encode(output), encode(metadata), now_ms)
        return (
            Statement(
                "INSERT INTO polar_run_events (source, id, runId, profileId, trigger, output, metadata, createdAtMs) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            ),
            Statement(_PROJECT.format(where="source = ? AND id = ? AND runId = ?"), (source, subject_id, run_id)),
        )

    @staticmethod
    def log_try(
        *,
        run_id: str,
        attempt: int,
        event_id: str,
        status: RunStatus | Literal["running"],
        started_at_ms: int,
        completed_at_ms: int | None,
        metadata: Mapping[str, Any],
    ) -> Statement:
        """One try of a run; the row's id is `<runId>#<attempt>`."""
        return Statement(
            "INSERT INTO polar_scheduler_run_log VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (runId) DO UPDATE SET "
            "status = excluded.status, completedAtMs = excluded.completedAtMs, metadata = excluded.metadata",
            (
                try_id(run_id, attempt),
                event_id,
                run_id,
                status,
                started_at_ms,
                completed_at_ms,
                encode(metadata),
            ),
        )

    @staticmethod
    def replay(*, first: int = 0) -> Statement:
        """Rebuild the task board from the ledger, from a sequence on."""
        return Statement(_PROJECT.format(where="sequence >= ?"), (first,))

    async def exists(self, source: str, subject_id: str, run_id: str) -> bool:
        """Whether the ledger has this run."""
        row = await self._readers.fetch_one(
            "SELECT 1 FROM polar_run_events WHERE source = ? AND id = ? AND runId = ?", (source, subject_id, run_id)
        )
        return row is not None

    async def failures_in_a_row(self, source: str, subject_id: str, *, limit: int) -> int:
        """How many of a subject's last runs have failed, counted back to the last that did not, up to `limit`."""
        rows = await self._readers.fetch(
            "SELECT json_extract(output, '$.status') FROM polar_run_events INDEXED BY polar_run_subject "
            "WHERE source = ? AND id = ? ORDER BY sequence DESC LIMIT ?",
            (source, subject_id, limit),
        )
        statuses = [row[0] for row in rows]
        return next((n for n, status in enumerate(statuses) if status != RunStatus.FAILED), len(statuses))

    async def count_by_task_status(self) -> dict[str, int]:
        """How many tasks are done and how many blocked."""
        rows = await self._readers.fetch("SELECT status, count(*) FROM polar_task_board GROUP BY status")
        return {row[0]: row[1] for row in rows}

    async def last(self, source: str, subject_id: str) -> LastRun | None:
        """A subject's newest run; None before the first."""
        row = await self._readers.fetch_one(
            "SELECT json_extract(output, '$.status'), json_extract(output, '$.reason'), createdAtMs "
            "FROM polar_run_events INDEXED BY polar_run_subject "
            "WHERE source = ? AND id = ? ORDER BY sequence DESC LIMIT 1",
            (source, subject_id),
        )
        return LastRun(status=str(row[0]), reason=row[1], entered_at_ms=row[2]) if row else None
