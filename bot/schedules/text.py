"""Schedules out of texts: what people write, by a table of forms, read word by word; and what is stored."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.schedules import cron, rrule, wallclock
from bot.schedules.errors import ScheduleError
from bot.schedules.kinds import (
    UTC_ZONE,
    WORKDAYS,
    Daily,
    Interval,
    Monthly,
    Once,
    Schedule,
    Weekly,
    monthly_days,
    weekly_days,
)
from bot.schedules.spacing import check
from bot.schedules.steps import CHARACTERS, count
from bot.schedules.words import Words

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_EVERY_DAY = frozenset(range(7))
_LEGACY = re.compile(r"\s*(every|daily|weekdays|weekly|monthly)\s.*", re.IGNORECASE | re.ASCII | re.DOTALL)
_STORED_CRON = re.compile(r"\s*cron;", re.IGNORECASE)


def _every(words: Words) -> Schedule:
    if words.take("day"):
        words.example = "every day at 18:00"
        return _daily(words)
    count, unit = words.span()
    return Interval(start=words.now, count=count, unit=unit)


def _in(words: Words) -> Schedule:
    count, unit = words.span()
    # In UTC: as wall clock, an instant in the second pass of a fold would move to the first.
    return Once(local=(words.now + count * unit.span).replace(tzinfo=None), zone=UTC_ZONE)


def _once(words: Words) -> Schedule:
    # Whatever the table shows would be in the past one day.
    words.example = f"once {min(words.now.date(), wallclock.LAST_DAY - timedelta(days=2)) + timedelta(days=2)} 08:00"
    position = words.position
    local = datetime.combine(words.date(), words.clock())
    if wallclock.instant(local, words.zone) <= words.now:
        raise words.error("future", position)
    return Once(local=local, zone=words.zone)


def _daily(words: Words) -> Schedule:
    at = words.clock()
    start = _first(words, weekly_days(_EVERY_DAY, wallclock.FIRST_DAY, words.now), at)
    return Daily(start=start, at=at, zone=words.zone)


def _weekdays(words: Words) -> Schedule:
    return _on(words, WORKDAYS)


def _weekly(words: Words) -> Schedule:
    return _on(words, words.weekdays())


def _on(words: Words, days: frozenset[int]) -> Schedule:
    at = words.clock()
    start = _first(words, weekly_days(days, wallclock.FIRST_DAY, words.now), at)
    return Weekly(start=start, days=days, at=at, zone=words.zone)


def _monthly(words: Words) -> Schedule:
    day = words.month_day()
    at = words.clock()
    start = _first(words, monthly_days(day, wallclock.FIRST_DAY, words.now), at)
    return Monthly(start=start, day=day, at=at, zone=words.zone)


def _first(words: Words, days: Iterator[date], at: time) -> date:
    """Return the day of the first occurrence after now: an RRULE counts its DTSTART as an occurrence."""
    day = wallclock.day_after(words.now, days, at, words.zone)
    if day is None:
        raise words.error("end_of_time")
    return day


def _cron(words: Words) -> Schedule:
    words.take_all()
    return cron.read(words.text, words.zone)


def _rrule(words: Words) -> Schedule:
    words.take_all()
    return rrule.read(words.text, words.zone, words.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A way of writing schedules: the first words that announce it, an example, and what reads the rest."""

    opens: re.Pattern[str]
    example: str
    read: Callable[[Words], Schedule]


# The order in which an error lists them; each first word belongs to one form only.
FORMS = (
    Form(opens=re.compile("every"), example="every 30 minutes", read=_every),
    Form(opens=re.compile("daily"), example="daily at 18:00", read=_daily),
    Form(opens=re.compile("weekdays"), example="weekdays 09:00", read=_weekdays),
    Form(opens=re.compile("weekly"), example="weekly Mon,Thu 07:00", read=_weekly),
    Form(opens=re.compile("monthly"), example="monthly last 09:00", read=_monthly),
    Form(opens=re.compile("once"), example="once 2026-12-24 08:00", read=_once),
    Form(opens=re.compile("in"), example="in 20 minutes", read=_in),
    Form(opens=re.compile(r"cron(;.*)?|[0-9*@].*"), example="0 9 * * 1-5", read=_cron),
    Form(
        opens=re.compile(r"(rrule|dtstart|exrule|exdate|rdate)[:;].*|[a-z]+=.*"),
        example="RRULE:FREQ=MONTHLY;BYDAY=2TU",
        read=_rrule,
    ),
)


def parse(text: str, *, zone: ZoneInfo, now: datetime) -> Schedule:
    """Read a schedule as people write it, in their zone, from `now` (aware UTC) on; raises ScheduleError."""
    count(len(text) // CHARACTERS)
    words = Words(text, zone, EPOCH + (now - EPOCH) // _SECOND * _SECOND)
    form = next((form for form in FORMS if form.opens.fullmatch(words.next)), None)
    if form is None:
        raise words.error("form", examples=", ".join(form.example for form in FORMS))
    words.example = form.example
    words.take(words.next)
    schedule = form.read(words)
    if words.next:
        raise words.error("nothing")
    return schedule


class NeverDue(ScheduleError):
    """A schedule that can be read, and is never due from now on."""


def read_due(text: str, *, zone: ZoneInfo, now: datetime, least: timedelta | None = None) -> Schedule:
    """The same, of what is due from `now` on, and no more often than so; raises NeverDue and TooOften too."""
    schedule = parse(text, zone=zone, now=now)
    if schedule.next(now) is None:
        raise NeverDue(text, 0, "due")
    check(schedule, now, least)
    return schedule


def is_legacy(stored: str) -> bool:
    """Tell whether a stored schedule is in words, as the earlier runtime stored it: nothing of ours is."""
    return _LEGACY.fullmatch(stored) is not None


def load_legacy(stored: str, *, since: datetime) -> Schedule:
    """Read a form of the earlier runtime, its intervals counted from an instant; raises ScheduleError."""
    return parse(stored, zone=UTC_ZONE, now=since)


def load(stored: str) -> Schedule:
    """Read what `stored()` wrote, or a form of the earlier runtime; raises ScheduleError.

    The earlier forms are in UTC and name no beginning: until their job is adopted their intervals count from
    1970-01-01T00:00Z.
    """
    count(len(stored) // CHARACTERS)
    if is_legacy(stored):
        return load_legacy(stored, since=EPOCH)
    if _STORED_CRON.match(stored):
        return cron.read(stored, None)
    return rrule.load(stored)
