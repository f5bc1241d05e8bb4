"""Jobs that other programs made are planned; those of the earlier runtime become jobs like any other first."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from bot.automations import earlier, verbs
from bot.clock import moment
from bot.evaluation import evaluate
from bot.schedules.errors import ScheduleError
from bot.schedules.text import is_legacy
from bot.scheduling.subject import enter, schedule_fault
from storage.statement import Statement
from storage.statuses import RunStatus
from storage.stores import Stores
from storage.tables.jobs import Job, Jobs
from storage.tables.occurrences import Occurrence, Occurrences

log = logging.getLogger("polar.automations")


@dataclass(frozen=True, slots=True)
class Adoption:
    """Once a job: with its schedule in our form, or the mark that this cannot be read, it is never adopted again."""

    stores: Stores
    least: timedelta | None

    async def list_waiting(self) -> list[str]:
        """Jobs that are on and not planned, and those of the earlier runtime, also where they were paused there."""
        jobs = [*await self.stores.jobs.list_unplanned(), *await self.stores.jobs.list_unadopted()]
        return list(dict.fromkeys(job.id for job in jobs))

    async def adopt(self, job_id: str, *, now_ms: int) -> tuple[Statement, ...]:
        """Write out what was in force, and plan it; what cannot run is paused with the reason, or over."""
        former = await self.stores.jobs.find(job_id)
        if former is None:
            return ()
        planned = await self.stores.occurrences.find_next("automation", former.id)
        kept = earlier.written_out(former)
        try:
            job = await self._ours(kept, is_planned=planned is not None, now_ms=now_ms)
            upcoming = await evaluate(verbs.next_occurrence, job, after_ms=now_ms, least=self.least)
        except ScheduleError as error:
            log.warning("%s is paused: its schedule cannot be read; polar automations list shows it", former.id)
            return (*_written(kept, former, now_ms), *_unreadable(kept, schedule_fault(error), now_ms))
        written = _written(job, former, now_ms)
        if job.needs_mail:
            log.warning("%s is paused: it reads mail, which is not there", job.id)
            return (*written, *verbs.pause(job, "mail", now_ms=now_ms))
        if planned is not None or not job.enabled:
            return written
        if upcoming is None:
            return (*written, Jobs.end(job.id, job.schedule, now_ms=now_ms))
        return (*written, Occurrences.plan(upcoming, now_ms=now_ms))

    async def _ours(self, job: Job, *, is_planned: bool, now_ms: int) -> Job:
        """With a schedule that goes on where it was: an interval counted from its last run, or from its making."""
        if not is_legacy(job.schedule):
            return job
        last = await self.stores.runs.last("automation", job.id)
        since_ms = job.created_at_ms if last is None else last.entered_at_ms
        since = None if is_planned else moment(min(max(since_ms, 0), now_ms))
        return await evaluate(earlier.ours, job, since)


def _written(job: Job, former: Job, now_ms: int) -> tuple[Statement, ...]:
    return () if job == former else (Jobs.adopt(job, former.schedule, now_ms=now_ms),)


def _unreadable(job: Job, fault: str, now_ms: int) -> tuple[Statement, ...]:
    """It stays, for its owner to give it another schedule; where it was on, the ledger says why it does not run."""
    unplanned = Occurrence(source="automation", subject_id=job.id, at_ms=now_ms, due_ms=now_ms)
    entry = enter(unplanned, RunStatus.FAILED, fault, session_id=job.session_id, now_ms=now_ms)
    return (*verbs.pause(job, "unreadable", now_ms=now_ms), *(entry if job.enabled else ()))
