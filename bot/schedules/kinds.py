"""The kinds of schedule: pure values that know their next instant and their stored text, and no words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.schedules import wallclock
from bot.schedules.steps import count

UTC_ZONE = ZoneInfo("UTC")
LONGEST = timedelta(days=3653)  # ten years, with the leap days that can fall into them
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WORKDAYS = frozenset(range(5))


class Schedule(Protocol):
    """When something is due."""

    def next(self, after: datetime) -> datetime | None:
        """Return the first instant strictly after `after`, both aware UTC; None when there is none left."""

    def stored(self) -> str:
        """Return the text for `polar_automation_jobs.schedule` that `load` reads back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeUnit:
    """A unit of elapsed time, and its RRULE frequency."""

    name: str
    frequency: str
    span: timedelta


UNITS = (
    TimeUnit(name="minute", frequency="MINUTELY", span=timedelta(minutes=1)),
    TimeUnit(name="hour", frequency="HOURLY", span=timedelta(hours=1)),
    TimeUnit(name="day", frequency="DAILY", span=timedelta(days=1)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Every `count` units of elapsed time, counted from `start` (aware UTC, whole seconds)."""

    start: datetime
    count: int
    unit: TimeUnit

    def next(self, after: datetime) -> datetime | None:
        """Return the first multiple strictly after `after`, by arithmetic; None past the year 9999."""
        if after < self.start:
            return self.start
        step = self.count * self.unit.span
        try:
            return self.start + ((after - self.start) // step + 1) * step
        except OverflowError:
            return None

    def stored(self) -> str:
        """Return an RRULE that starts in UTC, where a day is always 24 hours."""
        return f"DTSTART:{stamp(self.start)}Z\nRRULE:FREQ={self.unit.frequency};INTERVAL={self.count}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily:
    """Every day from `start` on, at a wall-clock time of a zone."""

    start: date
    at: time
    zone: ZoneInfo

    def next(self, after: datetime) -> datetime | None:
        """Return the first day's occurrence strictly after `after`."""
        return _next(after, wallclock.days_from(self.start, after), self.at, self.zone)

    def stored(self) -> str:
        """Return a daily RRULE with its zone."""
        return f"{zoned(datetime.combine(self.start, self.at), self.zone)}\nRRULE:FREQ=DAILY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """On some weekdays (0 is Monday) from `start` on, at a wall-clock time of a zone."""

    start: date
    days: frozenset[int]
    at: time
    zone: ZoneInfo

    def next(self, after: datetime) -> datetime | None:
        """Return the first matching day's occurrence strictly after `after`."""
        return _next(after, weekly_days(self.days, self.start, after), self.at, self.zone)

    def stored(self) -> str:
        """Return a weekly RRULE with its zone."""
        days = ",".join(WEEKDAYS[day][:2].upper() for day in sorted(self.days))
        start = zoned(datetime.combine(self.start, self.at), self.zone)
        return f"{start}\nRRULE:FREQ=WEEKLY;BYDAY={days}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Monthly:
    """On the `day`th of every month that has it, or on the last for -1, at a wall-clock time of a zone."""

    start: date
    day: int
    at: time
    zone: ZoneInfo

    def next(self, after: datetime) -> datetime | None:
        """Return the first such day's occurrence strictly after `after`."""
        return _next(after, monthly_days(self.day, self.start, after), self.at, self.zone)

    def stored(self) -> str:
        """Return a monthly RRULE with its zone."""
        return f"{zoned(datetime.combine(self.start, self.at), self.zone)}\nRRULE:FREQ=MONTHLY;BYMONTHDAY={self.day}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """One time only, when the clocks of a zone show `local` (naive, whole seconds)."""

    local: datetime
    zone: ZoneInfo

    def next(self, after: datetime) -> datetime | None:
        """Return the instant while it lies strictly after `after`."""
        due = wallclock.instant(self.local, self.zone)
        return due if due > after else None

    def stored(self) -> str:
        """Return an RRULE that counts to one."""
        return f"{zoned(self.local, self.zone)}\nRRULE:FREQ=DAILY;COUNT=1"


def upcoming(schedule: Schedule, after: datetime, most: int) -> list[datetime]:
    """Return up to `most` instants strictly after `after`, in order; fewer when the schedule ends."""
    instants: list[datetime] = []
    while len(instants) < most and (due := schedule.next(instants[-1] if instants else after)) is not None:
        count()
        instants.append(due)
    return instants


def weekly_days(days: frozenset[int], start: date, after: datetime) -> Iterator[date]:
    """Yield the dates from `start` on that fall on one of `days`, none of them long before `after`."""
    return (day for day in wallclock.days_from(start, after) if day.weekday() in days)


def monthly_days(day: int, start: date, after: datetime) -> Iterator[date]:
    """Yield the dates from `start` on that are the `day`th of their month, or its last for -1."""
    if day > 0:
        return (each for each in wallclock.days_from(start, after) if each.day == day)
    return (each for each in wallclock.days_from(start, after) if (each + timedelta(days=1)).day == 1)


def _next(after: datetime, days: Iterator[date], at: time, zone: ZoneInfo) -> datetime | None:
    day = wallclock.day_after(after, days, at, zone)
    return None if day is None else wallclock.instant(datetime.combine(day, at), zone)


def zoned(local: datetime, zone: ZoneInfo) -> str:
    """Return the DTSTART line for a local time."""
    if zone.key == UTC_ZONE.key:
        return f"DTSTART:{stamp(local)}Z"
    return f"DTSTART;TZID={zone.key}:{stamp(local)}"


def stamp(moment: datetime) -> str:
    """Return the digits of a time as RFC 5545 writes them, without a zone."""
    # strftime does not pad years, isoformat does.
    return moment.replace(tzinfo=None).isoformat(timespec="seconds").replace("-", "").replace(":", "")
