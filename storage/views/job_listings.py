"""Automations and heartbeat policies as the dashboard lists them, with what comes next and what came of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from storage.ids import sql_next_id
from storage.indexed import field
from storage.json_text import read_object
from storage.readers import Readers
from storage.statement import Row
from storage.statuses import UNHEARD, joined_deliveries
from storage.views.listings import NEWEST, PAGE, ListPage, page_of, text

FEEDBACK_DAYS = 90
"""The days of which an automation's feedback is counted, today included."""
MAX_POLICIES = 200

_NEXT = "(SELECT sequence FROM polar_scheduler_events WHERE eventId = {id} AND queue = 'scheduled')"
_LAST = (
    "(SELECT sequence FROM polar_run_events INDEXED BY polar_run_subject "
    "WHERE source = '{source}' AND id = {id} ORDER BY sequence DESC LIMIT 1)"
)
_OUTCOME = f"{field('run.output', 'status')}, {field('run.output', 'reason')}, run.createdAtMs, {UNHEARD}"
# By rowid: jobs have no other order of entry, and VACUUM keeps it.
JOBS = f"""
SELECT job.rowid, job.id, job.ownerUserId, job.sessionId, job.schedule, job.promptTemplate, job.enabled,
  {_NEXT.format(id=sql_next_id("automation", "job.id"))}, {_OUTCOME}
FROM polar_automation_jobs AS job
LEFT JOIN polar_run_events AS run ON run.sequence = {_LAST.format(source="automation", id="job.id")}
{joined_deliveries("run")}
WHERE {{where}} ORDER BY job.rowid DESC LIMIT {PAGE + 1}
"""
_POLICIES = f"""
SELECT policy.policyId, policy.sessionId, policy.schedule, policy.activeHoursJson, policy.checksJson, policy.enabled,
  {_NEXT.format(id=sql_next_id("heartbeat", "policy.policyId"))}, {_OUTCOME}
FROM polar_heartbeat_policies AS policy
LEFT JOIN polar_run_events AS run ON run.sequence = {_LAST.format(source="heartbeat", id="policy.policyId")}
{joined_deliveries("run")}
ORDER BY policy.policyId LIMIT {MAX_POLICIES}
"""
FEEDBACK = """
SELECT automationId, coalesce(sum(added - removed) FILTER (WHERE polarity = 'positive'), 0),
  coalesce(sum(added - removed) FILTER (WHERE polarity = 'negative'), 0)
FROM polar_daily_feedback
WHERE day >= :since AND automationId IN (SELECT value FROM json_each(:ids)) GROUP BY automationId
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestRun:
    """The end of a subject's newest run, when it was entered, and why nothing that it said arrived, if so."""

    status: str | None
    reason: str | None
    created_at_ms: int
    unheard: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedJob:
    """An automation. `positive` and `negative` are reactions added less removed in FEEDBACK_DAYS, never below 0."""

    row: int
    id: str
    owner_user_id: str
    session_id: str
    schedule: str
    prompt: str
    enabled: bool
    next_ms: int | None
    last: NewestRun | None
    positive: int = 0
    negative: int = 0

    @classmethod
    def from_row(cls, row: Row) -> ListedJob:
        """From a row of JOBS."""
        return cls(
            row=row[0],
            id=row[1],
            owner_user_id=row[2],
            session_id=row[3],
            schedule=row[4],
            prompt=row[5],
            enabled=bool(row[6]),
            next_ms=row[7],
            last=_last(row[8], row[9], row[10], row[11]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPolicy:
    """A heartbeat policy. `active_hours` is JSON as it is stored; `checks` are their names."""

    id: str
    session_id: str
    schedule: str
    active_hours: str | None
    checks: tuple[str, ...]
    enabled: bool
    next_ms: int | None
    last: NewestRun | None

    @classmethod
    def from_row(cls, row: Row) -> ListedPolicy:
        """From a row of _POLICIES."""
        return cls(
            id=row[0],
            session_id=row[1],
            schedule=row[2],
            active_hours=row[3],
            checks=_names(row[4]),
            enabled=bool(row[5]),
            next_ms=row[6],
            last=_last(row[7], row[8], row[9], row[10]),
        )


def _last(status: object, reason: object, created_at_ms: int | None, unheard: str | None) -> NewestRun | None:
    if created_at_ms is None:
        return None
    return NewestRun(status=text(status), reason=text(reason), created_at_ms=created_at_ms, unheard=unheard)


def _names(checks: str) -> tuple[str, ...]:
    names = read_object(checks)
    return (checks,) if names is None else tuple(names)


async def jobs(
    readers: Readers, *, now_ms: int, before: int = NEWEST, enabled: bool | None = None
) -> ListPage[ListedJob, int]:
    """The automations made before the one of a row, newest first; None lists paused ones too."""
    where = "job.rowid < :before" + ("" if enabled is None else " AND job.enabled = :enabled")
    rows = await readers.fetch(JOBS.format(where=where), {"before": before, "enabled": int(bool(enabled))})
    page = page_of([ListedJob.from_row(row) for row in rows], lambda job: job.row)
    return replace(page, rows=await _with_feedback(readers, page.rows, now_ms))


async def _with_feedback(readers: Readers, listed: list[ListedJob], now_ms: int) -> list[ListedJob]:
    since = datetime.fromtimestamp(now_ms / 1000, UTC) - timedelta(days=FEEDBACK_DAYS - 1)
    ids = json.dumps([job.id for job in listed])
    rows = await readers.fetch(FEEDBACK, {"since": since.strftime("%Y-%m-%d"), "ids": ids})
    votes = {row[0]: (max(0, row[1]), max(0, row[2])) for row in rows}
    return [
        replace(job, positive=positive, negative=negative)
        for job in listed
        for positive, negative in [votes.get(job.id, (0, 0))]
    ]


async def policies(readers: Readers) -> list[ListedPolicy]:
    """The heartbeat policies by id, MAX_POLICIES at most."""
    return [ListedPolicy.from_row(row) for row in await readers.fetch(_POLICIES)]
