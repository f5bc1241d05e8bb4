"""All automations as the operator surveys them: whole, with what comes next and what came of the newest run."""

from __future__ import annotations

from dataclasses import dataclass

from storage.ids import sql_next_id
from storage.indexed import field
from storage.readers import Readers
from storage.statement import Row
from storage.statuses import UNHEARD, joined_deliveries
from storage.tables.jobs import COLUMNS, Job
from storage.views.listings import PAGE, ListPage, page_of

# By rowid: jobs have no other order of entry, and VACUUM keeps it.
SURVEY = f"""
SELECT {", ".join(f"job.{column}" for column in COLUMNS)},
  (SELECT sequence FROM polar_scheduler_events
    WHERE eventId = {sql_next_id("automation", "job.id")} AND queue = 'scheduled'),
  {field("run.output", "status")}, {UNHEARD}, job.rowid
FROM polar_automation_jobs AS job LEFT JOIN polar_run_events AS run ON run.sequence = (
  SELECT sequence FROM polar_run_events INDEXED BY polar_run_subject
  WHERE source = 'automation' AND id = job.id ORDER BY sequence DESC LIMIT 1)
{joined_deliveries("run")}
WHERE job.rowid > :after ORDER BY job.rowid LIMIT {PAGE + 1}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyedJob:
    """A job with the instant of its next occurrence, the end of its newest run, and why that reached nobody, if so."""

    job: Job
    next_ms: int | None
    last: str | None
    unheard: str | None
    row: int

    @classmethod
    def from_row(cls, row: Row) -> SurveyedJob:
        """From a row of SURVEY."""
        return cls(
            job=Job.from_row(row),
            next_ms=row[9],
            last=None if row[10] is None else str(row[10]),
            unheard=row[11],
            row=row[12],
        )


async def survey(readers: Readers, *, after: int = 0) -> ListPage[SurveyedJob, int]:
    """The jobs that were made after the one of a row, oldest first."""
    rows = await readers.fetch(SURVEY, {"after": after})
    return page_of([SurveyedJob.from_row(row) for row in rows], lambda entry: entry.row)
