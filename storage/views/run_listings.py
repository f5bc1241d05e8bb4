"""Runs and tasks as the dashboard lists them, newest first, with the prompt of the automation that ran."""

from __future__ import annotations

from dataclasses import dataclass

from storage.indexed import field
from storage.readers import Readers
from storage.statement import Row
from storage.statuses import UNHEARD, RunStatus, TaskStatus, joined_deliveries
from storage.views.listings import NEWEST, PAGE, ListPage, count_up, page_of, search_floor, text

SOURCES = ("automation", "heartbeat")
STATUSES = tuple(RunStatus)
TASK_STATUSES = tuple(TaskStatus)

_STATUS = field("run.output", "status")
_REASON = field("run.output", "reason")
_JOB = "LEFT JOIN polar_automation_jobs AS job ON {row}.source = 'automation' AND job.id = {row}.id"
_KEYS = "SELECT sequence AS key FROM polar_run_events WHERE sequence < :before ORDER BY sequence DESC"
# NOT INDEXED: by the order of entry, whatever is filtered; an index on the source would have to be sorted.
RUNS = f"""
SELECT run.sequence, run.source, run.id, job.promptTemplate, run.runId, run.trigger, {_STATUS}, {_REASON},
  run.createdAtMs, {UNHEARD}
FROM polar_run_events AS run NOT INDEXED {_JOB.format(row="run")} {joined_deliveries("run")}
WHERE run.sequence < :before AND run.sequence >= :floor
  AND (CAST(:source AS TEXT) IS NULL OR run.source = :source)
  AND (CAST(:status AS TEXT) IS NULL OR {_STATUS} = :status)
ORDER BY run.sequence DESC LIMIT {PAGE + 1}
"""
# Each status by its index, so that no state of the board makes the list cost more.
TASKS = " UNION ALL ".join(
    f"""SELECT * FROM (
SELECT task.sequence AS sequence, task.source, task.id, job.promptTemplate, task.runId, task.status, task.reason,
  task.createdAtMs, {UNHEARD}
FROM polar_task_board AS task INDEXED BY polar_task_board_status {_JOB.format(row="task")}
{joined_deliveries("task")}
WHERE task.status = '{status}' AND coalesce(:status, task.status) = task.status AND task.sequence < :before
ORDER BY task.sequence DESC LIMIT {PAGE + 1}) AS {status}"""
    for status in TASK_STATUSES
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRun:
    """A row of the ledger. `prompt` is what its automation says now, None where there is none any more.

    `unheard` is why nothing that it said arrived, None where something did, or may still.
    """

    sequence: int
    source: str
    subject_id: str
    prompt: str | None
    run_id: str
    trigger: str
    status: str | None
    reason: str | None
    created_at_ms: int
    unheard: str | None

    @classmethod
    def from_row(cls, row: Row) -> ListedRun:
        """From a row of RUNS."""
        return cls(
            sequence=row[0],
            source=row[1],
            subject_id=row[2],
            prompt=row[3],
            run_id=row[4],
            trigger=row[5],
            status=text(row[6]),
            reason=text(row[7]),
            created_at_ms=row[8],
            unheard=row[9],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTask:
    """A row of the task board. `status` is done or blocked, `unheard` as of a ListedRun."""

    sequence: int
    source: str
    subject_id: str
    prompt: str | None
    run_id: str
    status: str
    reason: str | None
    created_at_ms: int
    unheard: str | None

    @classmethod
    def from_row(cls, row: Row) -> ListedTask:
        """From a row of TASKS."""
        return cls(
            sequence=row[0],
            source=row[1],
            subject_id=row[2],
            prompt=row[3],
            run_id=row[4],
            status=row[5],
            reason=text(row[6]),
            created_at_ms=row[7],
            unheard=row[8],
        )


async def runs(
    readers: Readers, *, before: int = NEWEST, source: str | None = None, status: str | None = None
) -> ListPage[ListedRun, int]:
    """The runs entered before a sequence; None does not filter."""
    params = {"before": before, "source": source, "status": status, "floor": 0}
    floor = await search_floor(readers, _KEYS, params) if source or status else None
    rows = await readers.fetch(RUNS, {**params, "floor": -NEWEST if floor is None else floor})
    return page_of([ListedRun.from_row(row) for row in rows], lambda run: run.sequence, cut_at=floor)


async def tasks(readers: Readers, *, before: int = NEWEST, status: str | None = None) -> ListPage[ListedTask, int]:
    """The tasks of runs that were entered before a sequence; None does not filter."""
    rows = await readers.fetch(f"{TASKS} ORDER BY sequence DESC LIMIT {PAGE + 1}", {"before": before, "status": status})
    return page_of([ListedTask.from_row(row) for row in rows], lambda task: task.sequence)


async def count_tasks(readers: Readers) -> dict[str, int]:
    """The number of tasks in each status, as count_up counts."""
    query = "SELECT 1 FROM polar_task_board WHERE status = :status"
    return {status: await count_up(readers, query, {"status": status}) for status in TASK_STATUSES}
