"""`polar_task_board`, for reading: a task for each run, computed from the ledger by storage.tables.runs."""

from __future__ import annotations

from dataclasses import dataclass

from storage.readers import Readers
from storage.statement import Row
from storage.statuses import UNHEARD, RunStatus, TaskStatus, joined_deliveries


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A run of somebody's automation. `reason` is why it is not done, `unheard` why nothing that it said arrived."""

    job_id: str
    prompt: str
    status: TaskStatus
    reason: str | None
    created_at_ms: int
    unheard: str | None = None

    @classmethod
    def from_row(cls, row: Row) -> Task:
        """From a row of the query below."""
        return cls(
            job_id=row[0], prompt=row[1], status=TaskStatus(row[2]), reason=row[3], created_at_ms=row[4], unheard=row[5]
        )


class TaskBoard:
    """The board, as its people see it."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def list_of(self, session_id: str, owner_user_id: str, *, limit: int) -> list[Task]:
        """The newest runs of the jobs that a person has in a session, newest first."""
        rows = await self._readers.fetch(
            f"SELECT job.id, job.promptTemplate, task.status, task.reason, task.createdAtMs, {UNHEARD} "
            "FROM polar_automation_jobs AS job CROSS JOIN polar_task_board AS task "
            f"{joined_deliveries('task')} "
            "WHERE task.source = 'automation' AND task.id = job.id AND task.sequence IN "
            # So that it costs the same however often a job has run.
            "(SELECT sequence FROM polar_task_board WHERE source = 'automation' AND id = job.id "
            "ORDER BY sequence DESC LIMIT :limit) "
            "AND job.sessionId = :session AND job.ownerUserId = :owner ORDER BY task.sequence DESC LIMIT :limit",
            {"session": session_id, "owner": owner_user_id, "limit": limit},
        )
        return [Task.from_row(row) for row in rows]

    async def count(self) -> tuple[int, int]:
        """The numbers of runs of all subjects that are done, and blocked; kept as the ledger is written."""
        [row] = await self._readers.fetch(
            f"SELECT coalesce(sum(CASE WHEN status = '{RunStatus.EXECUTED}' THEN count ELSE 0 END), 0), "
            "coalesce(sum(count), 0) FROM polar_daily_runs"
        )
        return row[0], row[1] - row[0]
