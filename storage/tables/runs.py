"""`polar_run_events`, `polar_scheduler_run_log` and the task board that is computed from the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from storage.ids import sql_run_id, sql_task_id, sql_try_id, try_id
from storage.indexed import RUN_OWNER, RUN_REASON, RUN_STATUS, field
from storage.json_text import encode
from storage.readers import Readers
from storage.statement import Row, Statement, Value
from storage.statuses import UNHEARD, DeliveryStatus, RunStatus, TaskStatus, joined_deliveries

DEFAULT_PROFILE = "profile.default"

# Executed runs are done, all others blocked: one rule, applied to any range of the ledger any number of times.
_PROJECT = f"""
INSERT INTO polar_task_board (taskId, source, id, runId, status, reason, sequence, createdAtMs)
SELECT {sql_task_id("source", "id", "runId")}, source, id, runId,
  CASE {RUN_STATUS}
    WHEN '{RunStatus.EXECUTED}' THEN '{TaskStatus.DONE}' ELSE '{TaskStatus.BLOCKED}' END,
  {RUN_REASON}, sequence, createdAtMs
FROM polar_run_events WHERE {{where}}
ON CONFLICT (taskId) DO UPDATE SET
  status = excluded.status, reason = excluded.reason, sequence = excluded.sequence,
  createdAtMs = excluded.createdAtMs
"""
_ENTER_ENDED = f"""
INSERT INTO polar_run_events (source, id, runId, profileId, trigger, output, metadata, createdAtMs)
SELECT source, id, runId, '{DEFAULT_PROFILE}',
  CASE WHEN source = 'heartbeat' AND trigger = 'schedule' THEN 'heartbeat' ELSE trigger END,
  json_object('reason', CAST(:reason AS TEXT), 'status', '{RunStatus.SKIPPED}'),
  json_object('scheduledAtMs', CAST(atMs AS INTEGER), 'sessionId', sessionId), :now
FROM ({{ended}}) AS found
"""
_ENDED = "(source, id, runId) IN (SELECT source, id, runId FROM ({ended}) AS found)"


def sql_runs(index: str, where: str) -> str:
    """As SQL: the runs in these rows of `retry`; of one that is a list, those that it says along too."""
    payload = "CASE WHEN json_valid(payload) THEN payload ELSE '{}' END"
    return f"""
SELECT {field("payload", "source")} AS source, {field("payload", "id")} AS id, eventId AS runId,
  {field("payload", "trigger")} AS trigger, {field("payload", "atMs")} AS atMs,
  {field("payload", "run.sessionId")} AS sessionId
FROM polar_scheduler_events INDEXED BY {index} WHERE {where}
UNION ALL
SELECT 'automation', id, {sql_run_id("automation", "id", "atMs")}, trigger, atMs, sessionId FROM (
  SELECT {field("part.value", "id")} AS id, {field("part.value", "atMs")} AS atMs,
    {field("payload", "trigger")} AS trigger, {field("payload", "run.sessionId")} AS sessionId
  FROM polar_scheduler_events INDEXED BY {index}, json_each({payload}, '$.run.companions') AS part WHERE {where}
) AS found
"""


_OWN = f"{RUN_OWNER} = :user AND queue = 'retry'"
_OWN_RUNS = sql_runs("polar_scheduler_owner", _OWN)
_FAILED = f"""
SELECT coalesce({field("run.output", "status")} = '{RunStatus.FAILED}', FALSE) OR told.status IS NOT NULL
FROM polar_run_events AS run INDEXED BY polar_run_subject {joined_deliveries("run")}
  AND told.status = '{DeliveryStatus.UNDELIVERED}'
WHERE run.source = :source AND run.id = :id AND (CAST(:before AS TEXT) IS NULL OR run.sequence < (
  SELECT sequence FROM polar_run_events WHERE source = :source AND id = :id AND runId = :before))
ORDER BY run.sequence DESC LIMIT :limit
"""
_LAST = f"""
SELECT {field("run.output", "status")}, {field("run.output", "reason")}, run.createdAtMs,
  {UNHEARD}
FROM polar_run_events AS run INDEXED BY polar_run_subject {joined_deliveries("run")}
WHERE run.source = ? AND run.id = ? ORDER BY run.sequence DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedRun:
    """The end of a run, and its reason. `status` is a RunStatus in rows of ours, None where the row cannot be read.

    `unheard` is why nothing that it said arrived; None where something did, may still, or nothing was said.
    """

    status: str | None
    reason: str | None
    entered_at_ms: int
    unheard: str | None = None

    @classmethod
    def from_row(cls, row: Row) -> EndedRun:
        """From the two fields of its output, when it was entered, and why it reached nobody."""
        status, reason = (None if value is None else str(value) for value in tuple(row)[:2])
        return cls(status=status, reason=reason, entered_at_ms=row[2], unheard=row[3])


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
    def interrupt() -> Statement:
        """Close the tries of an earlier process; whoever calls this holds the database's lock, so it is gone."""
        tried = sql_try_id("eventId", field("payload", "attempts"))
        return Statement(
            "UPDATE polar_scheduler_run_log SET status = 'interrupted' WHERE status = 'running' AND runId IN "
            f"(SELECT {tried} FROM polar_scheduler_events INDEXED BY polar_scheduler_due WHERE queue = 'retry')"
        )

    @staticmethod
    def erase_of(user_id: str, *, now_ms: int) -> tuple[Statement, ...]:
        """A person's runs that are not over are over: entered as skipped, and removed."""
        values = {"user": user_id}
        removed = f"DELETE FROM polar_scheduler_events INDEXED BY polar_scheduler_owner WHERE {_OWN}"
        return (*Runs.skip(_OWN_RUNS, values, reason="erased", now_ms=now_ms), Statement(removed, values))

    @staticmethod
    def skip(runs: str, values: Mapping[str, Value], *, reason: str, now_ms: int) -> tuple[Statement, ...]:
        """Enter runs as skipped, each with its task; they are what this SQL gives, as that of `sql_runs`."""
        params = {**values, "reason": reason, "now": now_ms}
        project = _PROJECT.format(where=_ENDED.format(ended=runs))
        return Statement(_ENTER_ENDED.format(ended=runs), params), Statement(project, params)

    @staticmethod
    def replay(*, first: int = 0) -> Statement:
        """Rebuild the task board from the ledger, from a sequence on."""
        return Statement(_PROJECT.format(where="sequence >= ?"), (first,))

    async def find(self, source: str, subject_id: str, run_id: str) -> EndedRun | None:
        """The end of this run by the ledger; None where that does not have it."""
        row = await self._readers.look_up_one(
            f"SELECT {RUN_STATUS}, {RUN_REASON}, createdAtMs, NULL FROM polar_run_events "
            "WHERE source = ? AND id = ? AND runId = ?",
            (source, subject_id, run_id),
        )
        return EndedRun.from_row(row) if row else None

    async def failures_in_a_row(self, source: str, subject_id: str, *, limit: int, before: str | None = None) -> int:
        """The number of a subject's last runs that failed or reached nobody, back to the last that did, up to `limit`.

        With `before`, of those that were entered before this run.
        """
        rows = await self._readers.look_up(
            _FAILED, {"source": source, "id": subject_id, "before": before, "limit": limit}
        )
        return next((n for n, row in enumerate(rows) if not row[0]), len(rows))

    async def count_by_task_status(self) -> dict[str, int]:
        """The numbers of tasks that are done, and blocked."""
        rows = await self._readers.fetch(
            "SELECT status, count(*) FROM polar_task_board GROUP BY status ORDER BY status"
        )
        return {row[0]: row[1] for row in rows}

    async def last(self, source: str, subject_id: str) -> EndedRun | None:
        """A subject's newest run; None before the first."""
        row = await self._readers.look_up_one(_LAST, (source, subject_id))
        return EndedRun.from_row(row) if row else None
