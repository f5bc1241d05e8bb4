"""The words for jobs, their times and their rules. Plain text, short, in the reader's time zone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot import phrasing
from bot.automations.decision import QuietHours
from bot.clock import moment
from bot.schedules import wallclock
from bot.schedules.errors import ScheduleError
from bot.schedules.kinds import Once, Schedule, upcoming
from bot.schedules.spacing import TooOften, check, spaced
from bot.schedules.text import load
from bot.when.errors import Meant
from middleware.texts import say, shorten
from storage.tables.jobs import Job
from storage.tables.occurrences import PlannedInstant
from storage.tables.runs import EndedRun
from storage.totals import Totals

_MISSED = ("skip", "once", "all")
_SHOWN_TIMES = 3
_SHOWN_OVER = 10


def stamp(ms: int, zone: ZoneInfo) -> str:
    """An instant as the clocks of a zone show it."""
    return _shown(moment(ms), zone)


def reminders(late: Iterable[tuple[int, str]], zone: ZoneInfo) -> str:
    """Late ones as a list, earliest first: each instant in ms, and what was to be said then."""
    return "\n".join(say("automation.late_line", at=stamp(ms, zone), prompt=prompt) for ms, prompt in sorted(late))


def _shown(at: datetime, zone: ZoneInfo) -> str:
    shown = wallclock.shown(at, zone)
    return f"{say(f'weekday.{shown.weekday()}')} {shown:%Y-%m-%d %H:%M}"


def describe(schedule: Schedule, zone: ZoneInfo) -> str:
    """A schedule in words; a single instant by the reader's clock, to the minute."""
    if isinstance(schedule, Once):
        local = wallclock.shown(wallclock.instant(schedule.local, schedule.zone), zone)
        schedule = Once(local=local.replace(second=0, microsecond=0), zone=zone)
    return phrasing.describe(schedule)


def described(meant: Meant, zone: ZoneInfo) -> str:
    """The same of what somebody wrote, with the time of day that nobody said."""
    told = describe(meant.schedule, zone)
    if not meant.assumed:
        return told
    return say(f"schedule.assumed.{_count(meant.assumed)}", schedule=told, at=_listed(meant.assumed))


def lines(*told: str | None) -> str:
    """Those that say something, one below the other."""
    return "\n".join(filter(None, told))


def assumed(at: Sequence[time]) -> str:
    """The times of day that nobody said; '' where somebody did."""
    return say(f"schedule.assumed_below.{_count(at)}", at=_listed(at)) if at else ""


def _count(at: Sequence[time]) -> str:
    return "one" if len(at) == 1 else "many"


def _listed(at: Sequence[time]) -> str:
    return phrasing.listed([f"{each:%H:%M}" for each in at])


def choice(schedule: Schedule, zone: ZoneInfo) -> str:
    """A schedule on a button: the instant of a single one."""
    if isinstance(schedule, Once):
        return _shown(wallclock.instant(schedule.local, schedule.zone), zone)
    return describe(schedule, zone)


def next_times(schedule: Schedule, now_ms: int, zone: ZoneInfo) -> str:
    """The next three instants, in one line."""
    times = upcoming(schedule, moment(now_ms), _SHOWN_TIMES)
    shown = ", ".join(_shown(at, zone) for at in times)
    return say("automation.next", times=shown, zone=zone.key) if times else say("automation.never")


def further_times(schedule: Schedule, now_ms: int, zone: ZoneInfo) -> str:
    """The same beside a description; '' for a single instant, which that names."""
    return "" if isinstance(schedule, Once) else next_times(schedule, now_ms, zone)


def line(job: Job, zone: ZoneInfo, reader: str | None = None) -> str:
    """A job in one line of a list; with whose it is for a reader who is somebody else."""
    try:
        when = describe(load(job.schedule), zone)
    except ScheduleError:
        when = say("automation.unreadable", text=shorten(job.schedule, 100))
    sign = "✓" if job.is_over else "▶" if job.enabled else "⏸"
    told = say("automation.line", sign=sign, id=job.id, when=when, prompt=shorten(job.prompt, 200))
    if job.needs_mail:
        told = say("automation.line_held", line=told, why=say("automation.paused_because.mail"))
    if reader in (None, job.owner_user_id):
        return told
    return say("automation.line_of_another", line=told, owner=job.owner_user_id)


def over(jobs: Sequence[Job], zone: ZoneInfo, reader: str) -> str:
    """Jobs that are over, the newest of them."""
    lines = "\n".join(line(job, zone, reader) for job in jobs[-_SHOWN_OVER:])
    if len(jobs) <= _SHOWN_OVER:
        return say("automation.over", lines=lines)
    return say("automation.over_more", most=_SHOWN_OVER, count=len(jobs), lines=lines)


def times(job: Job, now_ms: int, zone: ZoneInfo, least: timedelta | None) -> str:
    """When a job runs next that has just been planned; that it does not, while it is paused or when it is over."""
    return _standing(job) or _guarded(lambda: next_times(spaced(load(job.schedule), least), now_ms, zone))


def times_below(job: Job, now_ms: int, zone: ZoneInfo, least: timedelta | None) -> str:
    """The same below the job's line; '' where that says it already."""
    return _standing(job) or _guarded(lambda: further_times(spaced(load(job.schedule), least), now_ms, zone))


def planned_times(job: Job, planned: PlannedInstant | None, zone: ZoneInfo, least: timedelta | None) -> str:
    """The same of any job, by what is planned: what comes first is what its row says."""
    standing = _standing(job)
    if standing is not None or planned is None:
        return standing or say("automation.never")

    def told() -> str:
        schedule, newest = spaced(load(job.schedule), least), moment(max(planned.at_ms, planned.due_ms))
        later = upcoming(schedule, newest, _SHOWN_TIMES - 1)
        shown = ", ".join(_shown(at, zone) for at in (moment(planned.due_ms), *later))
        return say("automation.next", times=shown, zone=zone.key)

    return _guarded(told)


def spacing(job: Job, now_ms: int, least: timedelta | None) -> str:
    """The fate of runs that its schedule puts too near to each other; '' where it does not."""
    try:
        check(load(job.schedule), moment(now_ms), least)
    except TooOften as error:
        return say("automation.spaced", least=phrasing.span(error.least))
    except ScheduleError:
        return ""
    return ""


def _standing(job: Job) -> str | None:
    """Why a job has no next run; None where it goes on."""
    if job.is_over:
        return say("automation.never")
    because = "mail" if job.needs_mail else job.paused_because
    if job.enabled and because != "mail":
        return None
    return say("automation.stands_still" if because is None else f"automation.paused_because.{because}")


def _guarded(told: Callable[[], str]) -> str:
    try:
        return told()
    except ScheduleError as error:
        return phrasing.explain(error)


def quiet(stored: Mapping[str, Any] | None, zone: ZoneInfo) -> str:
    """Quiet hours, ours or the earlier runtime's."""
    hours = QuietHours.read(stored, zone=zone)
    if hours is None:
        return say("automation.no_quiet")
    start, end = f"{hours.start:%H:%M}", f"{hours.end:%H:%M}"
    mode = say(f"automation.mode.{hours.mode}")
    return say("automation.quiet", start=start, end=end, zone=hours.zone.key, mode=mode)


def limits(job: Job) -> str:
    """The daily cap, and what happens to missed runs."""
    rules = job.limits or {}
    cap = rules.get("maxNotificationsPerDay")
    if _is_reminder(job):
        return say("automation.dropped_late" if rules.get("missed") == "skip" else "automation.never_dropped")
    missed = rules.get("missed")
    said = say(f"automation.missed.{missed if missed in _MISSED else 'once'}")
    capped = say("automation.cap", count=cap) if type(cap) is int and cap > 0 else say("automation.no_cap")
    return say("automation.limits", cap=capped, missed=said)


def _is_reminder(job: Job) -> bool:
    try:
        return isinstance(load(job.schedule), Once)
    except ScheduleError:
        return False


def last_run(last: EndedRun | None, zone: ZoneInfo) -> str:
    """The end of the newest run."""
    if last is None:
        return say("automation.no_run")
    told = {"status": last.status, "at": stamp(last.entered_at_ms, zone)}
    if last.unheard is not None:
        return say("automation.last_run_unheard", **told, reason=last.unheard)
    if last.reason:
        return say("automation.last_run_reason", **told, reason=shorten(last.reason, 100))
    return say("automation.last_run", **told)


def feedback(totals: Totals) -> str:
    """The feedback on a job's messages."""
    return say("automation.reactions", positive=totals.positive, negative=totals.negative, neutral=totals.neutral)
