"""How jobs, their times and their rules are said. Plain text, short, in the reader's time zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.schedules import Once, Schedule, ScheduleError, load, upcoming, wallclock
from bot.scheduling.decision import QuietHours
from storage.feedback import Totals
from storage.jobs import Job

UNREADABLE = "a schedule that I cannot read"
_MODES = {"defer": "later then", "drop": "left out then", "silent": "without a sound then"}
_MISSED = {"skip": "left out", "once": "made up for once", "all": "made up for all"}
_SHOWN_TIMES = 3


def shorten(text: str, length: int) -> str:
    """One line of at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def stamp(ms: int, zone: ZoneInfo) -> str:
    """An instant as the clocks of a zone show it."""
    return _moment(datetime.fromtimestamp(ms / 1000, UTC), zone)


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return f"{wallclock.shown(moment, zone):%a %Y-%m-%d %H:%M}"


def describe(schedule: Schedule, zone: ZoneInfo) -> str:
    """A schedule in words; a single instant by the reader's clock."""
    if isinstance(schedule, Once):
        local = wallclock.shown(wallclock.instant(schedule.local, schedule.zone), zone)
        return Once(local=local, zone=zone).describe()
    return schedule.describe()


def next_times(schedule: Schedule, now_ms: int, zone: ZoneInfo) -> str:
    """The next three instants, in one line."""
    times = upcoming(schedule, datetime.fromtimestamp(now_ms / 1000, UTC), _SHOWN_TIMES)
    shown = ", ".join(_moment(moment, zone) for moment in times)
    return f"Next: {shown} ({zone.key})." if times else "It does not come due again."


def line(job: Job, zone: ZoneInfo) -> str:
    """A job in one line of a list."""
    try:
        when = describe(load(job.schedule), zone)
    except ScheduleError:
        when = UNREADABLE
    return f"{'▶' if job.enabled else '⏸'} {job.id}: {when}, “{shorten(job.prompt, 200)}”"


def times(job: Job, now_ms: int, zone: ZoneInfo) -> str:
    """When a job runs next; that it does not, while it is paused."""
    if not job.enabled:
        return "Paused."
    try:
        return next_times(load(job.schedule), now_ms, zone)
    except ScheduleError as error:
        return str(error)


def quiet(stored: Mapping[str, Any] | None, zone: ZoneInfo) -> str:
    """Quiet hours, ours or the earlier runtime's."""
    found = QuietHours.read(stored, zone=zone)
    if found is None:
        return "Quiet hours: none."
    return f"Quiet hours: {found.start:%H:%M}-{found.end:%H:%M} ({found.zone.key}), {_MODES[found.mode]}."


def limits(stored: Mapping[str, Any] | None) -> str:
    """The daily cap, and what happens to missed runs."""
    found = stored or {}
    cap = found.get("maxNotificationsPerDay")
    missed = found.get("missed")
    said = _MISSED.get(missed if isinstance(missed, str) else "once", _MISSED["once"])
    return f"Limit: {f'{cap} a day' if isinstance(cap, int) else 'none'}. Missed runs: {said}."


def last_run(last: tuple[str, str | None, int] | None, zone: ZoneInfo) -> str:
    """What became of the newest run."""
    if last is None:
        return "It has not run yet."
    status, reason, at_ms = last
    return f"Last run: {status}{f' ({shorten(reason, 100)})' if reason else ''}, {stamp(at_ms, zone)}."


def feedback(totals: Totals) -> str:
    """What people thought of a job's messages."""
    return f"Reactions: {totals.positive} positive, {totals.negative} negative, {totals.neutral} neutral."
