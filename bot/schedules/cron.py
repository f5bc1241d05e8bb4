"""Cron: five fields, read by cronsim, due by our own rule of daylight saving.

cronsim takes a step without a star for fixed times, and loses instants where clocks change by half an hour or at
midnight; so it is asked which fields are right and which dates match, and not when anything is due.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import product
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from bot.schedules import wallclock
from bot.schedules.cron_words import NICKNAMES, plain
from bot.schedules.errors import ScheduleError
from bot.schedules.grid import Grid
from bot.schedules.steps import CHARACTERS, count

_START = re.compile(r"\s*(cron;TZID=(?P<zone>[^:;\s]+):|cron(?=\s|$))?", re.IGNORECASE | re.ASCII)
# cronsim takes 5-5/10 for 5/10, which goes on to the end.
_ONE_TO_ITSELF = re.compile(r"\b(\w+)-\1/[0-9]+\b")
_FIELDS = ("minute", "hour", "day", "month", "weekday")
_EXAMPLE = "0 9 * * 1-5"
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class CronDays:
    """The dates that match the last three fields."""

    fields: str

    def first_from(self, day: date) -> date | None:
        """Return the first matching date that is `day` or later, none of them over 50 years away."""
        return _first_from(self.fields, day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """A cron expression in a zone; `expression` is five fields in upper case with single blanks between them."""

    expression: str
    zone: ZoneInfo

    def next(self, after: datetime) -> datetime | None:
        """Return the first instant strictly after `after` (behaviour, section 7).

        With a wildcard or a step in the hour or minute every real instant that matches counts; otherwise each
        local time once, the first time, or at the end of the gap that swallows it.
        """
        minute, hour, *rest = self.expression.split(" ")
        days = CronDays(" ".join(rest))
        if not set("*/") & {*minute, *hour}:
            return next(self._once_each(after, days), None)
        grid = Grid(base=wallclock.FIRST, step=_MINUTE, zone=self.zone, days=days, times=_times(self.expression))
        return next(grid.after(max(after, wallclock.FIRST)), None)

    def stored(self) -> str:
        """Return the expression with its zone."""
        return f"CRON;TZID={self.zone.key}:{self.expression}"

    def _once_each(self, after: datetime, days: CronDays) -> Iterator[datetime]:
        shown = wallclock.shown(after, self.zone)
        day = days.first_from(shown.date())
        times = _times(self.expression)
        while day is not None:
            first = bisect_left(times, shown.time()) if day == shown.date() else 0
            for at in times[first:]:
                count()
                due = wallclock.instant(datetime.combine(day, at), self.zone)
                if due > after:
                    yield due
            day = days.first_from(day + _DAY)


def read(text: str, zone: ZoneInfo | None) -> Cron:
    """Read five fields, after `cron` or `CRON;TZID=<zone>:` where that is there; raises ScheduleError.

    Without a zone in the text it is `zone`; where that is None the text must have one.
    """
    head = _START.match(text)
    assert head is not None
    if head["zone"]:
        zone = _zone(text, head)
    fields = [*re.finditer(r"\S+", text[head.end() :])]
    written = NICKNAMES.get(fields[0][0].lower(), "").split() if len(fields) == 1 else [field[0] for field in fields]
    if len(written) != len(_FIELDS) or zone is None:
        raise ScheduleError(text, 0, "cron_fields", _EXAMPLE)
    meant = [plain(field, name) for field, name in zip(written, _FIELDS, strict=True)]
    for place, name in enumerate(_FIELDS):
        alone = " ".join(meant[at] if at == place else "*" for at in range(5))
        if not _is_valid(alone):
            expected = "cron_no_nearest" if name == "day" and "W" in meant[place] else f"cron_{name}"
            raise ScheduleError(text, head.end() + fields[place].start(), expected, _EXAMPLE)
    expression = _ONE_TO_ITSELF.sub(r"\1", " ".join(meant))
    cron = Cron(expression=expression, zone=zone)
    if (
        not _is_valid(cron.expression)
        or CronDays(cron.expression.split(" ", 2)[2]).first_from(date(2000, 1, 1)) is None
    ):
        raise ScheduleError(text, head.end() + fields[min(2, len(fields) - 1)].start(), "real_date", _EXAMPLE)
    return cron


def _zone(text: str, head: re.Match[str]) -> ZoneInfo:
    try:
        return wallclock.zone(head["zone"])
    except KeyError:
        raise ScheduleError(text, head.start("zone"), "zone", _EXAMPLE) from None


def _is_valid(expression: str) -> bool:
    try:
        _sim(expression, datetime(2000, 1, 1))
    except (CronSimError, ValueError):  # a ValueError is int() on thousands of digits
        return False
    return True


def _sim(expression: str, after: datetime) -> CronSim:
    count(1 + len(expression) // CHARACTERS)
    return CronSim(expression, after)


@lru_cache(maxsize=256)
def _times(expression: str) -> tuple[time, ...]:
    sim = _sim(expression, datetime(2000, 1, 1))
    return tuple(time(hour, minute) for hour, minute in product(sorted(sim.hours), sorted(sim.minutes)))


@lru_cache(maxsize=4096)
def _first_from(fields: str, day: date) -> date | None:
    midnight = datetime.combine(max(day, wallclock.FIRST_DAY), time())
    try:
        first = next(_sim(f"0 0 {fields}", midnight - timedelta(seconds=1)), None)
    except (OverflowError, ValueError):  # past the year 9999
        return None
    return first.date() if first and first.date() <= wallclock.LAST_DAY else None
