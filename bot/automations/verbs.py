"""The verbs of a job: what happens when it is paused, resumed, deleted or run by hand, the same whoever does it.

People do it in the chat (`bot/automations/jobs.py`), the operator at the command line (`bot/cli/automations.py`), and
the engine where a job keeps failing or cannot be read (`bot/automations/subject.py`). Each verb gives the statements,
to be committed as one. All jobs of a chat that cannot be written to any more are paused alike, by `Jobs.pause_session`,
and those of who has left or was shut out by `Jobs.pause_of`.
"""

from __future__ import annotations

from datetime import timedelta

from bot.clock import millis, moment
from bot.errors import BotError
from bot.schedules.spacing import check, spaced
from bot.schedules.text import load
from storage.statement import Statement
from storage.tables.jobs import Job, Jobs, PausedBecause
from storage.tables.occurrences import Occurrence, Occurrences


class ScheduleEnded(BotError):
    """The schedule has ended: it is never due again."""


def next_occurrence(job: Job, *, after_ms: int, least: timedelta | None = None) -> Occurrence | None:
    """When a job is due next, no more often than so; None when its schedule has ended. Raises ScheduleError."""
    instant = spaced(load(job.schedule), least).next(moment(after_ms))
    if instant is None:
        return None
    return Occurrence(source="automation", subject_id=job.id, at_ms=millis(instant), due_ms=millis(instant))


def plan(job: Job, *, now_ms: int, least: timedelta | None = None) -> Statement:
    """Its next occurrence from now on, in place of the one that was planned.

    Raises ScheduleError and ScheduleEnded; and TooOften, where its runs would lie nearer to each other than so.
    """
    occurrence = next_occurrence(job, after_ms=now_ms, least=least)
    if occurrence is None:
        raise ScheduleEnded
    check(load(job.schedule), moment(now_ms), least)
    return Occurrences.plan(occurrence, now_ms=now_ms)


def pause(job: Job, because: PausedBecause | None = None, *, now_ms: int) -> tuple[Statement, ...]:
    """It stays, switched off, and its next occurrence goes, so that nothing of it is due.

    A run that has begun ends as it does, its waiting tries included. It can still be run by hand. Feedback and ledger
    stay. `because` is why somebody else than its owner pauses it.
    """
    return (Jobs.pause(job.id, because, now_ms=now_ms), Occurrences.cancel("automation", job.id))


def resume(job: Job, *, now_ms: int, least: timedelta | None = None) -> tuple[Statement, ...]:
    """It is switched on, with its next occurrence from now on; what was due meanwhile is not made up for.

    Raises what `plan` raises; it then stays paused.
    """
    return (Jobs.resume(job.id, now_ms=now_ms), plan(job, now_ms=now_ms, least=least))


def delete(job: Job) -> tuple[Statement, ...]:
    """It goes with its next occurrence; a run that has begun ends as it does, and what it said stays."""
    return (Jobs.remove(job.id), Occurrences.cancel("automation", job.id))


def run_now(job_id: str, *, now_ms: int) -> tuple[Statement, ...]:
    """It is due once more, now, also where it is paused; its next occurrence stays, and so does what waits already."""
    return (Occurrences.ask(Occurrence.by_hand("automation", job_id, now_ms=now_ms), now_ms=now_ms),)


def repeat(failed: Occurrence, *, now_ms: int) -> tuple[Statement, ...]:
    """Its job is due once more, now, in place of a run that was set aside; void when somebody was faster."""
    again = Occurrence.by_hand("automation", failed.subject_id, now_ms=now_ms, retry_of=failed.run_id)
    return (Occurrences.take(failed), Occurrences.plan(again, now_ms=now_ms))
