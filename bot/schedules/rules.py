"""Recurrence rules in general: the kinds of schedule behind an RRULE that no human form stands for."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby, islice, takewhile
from zoneinfo import ZoneInfo

from bot.schedules import wallclock
from bot.schedules.days import RuleDays
from bot.schedules.grid import Grid
from bot.schedules.kinds import zoned
from bot.schedules.steps import count

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRule:
    """At `times` of wall clock on `days`, from `start` (naive, whole seconds) on: frequencies of a day and longer.

    `positions` choose among the occurrences of each period (BYSETPOS), `count` is how many there are in all, `until`
    (aware UTC) the last instant. `text` is the rule as it is stored.
    """

    text: str
    start: datetime
    zone: ZoneInfo
    days: RuleDays
    times: tuple[time, ...]
    positions: tuple[int, ...] = ()
    count: int | None = None
    until: datetime | None = None

    def next(self, after: datetime) -> datetime | None:
        """Return the first occurrence strictly after `after`."""
        # No time that clocks have shown lies ahead: an occurrence belongs to its first showing.
        shown = wallclock.shown(after, self.zone)
        last = _last_local(self) if self.count else None
        locals_ = self.locals_from(max(self.start, shown))
        for local in locals_ if last is None else takewhile(lambda local: local <= last, locals_):
            due = wallclock.instant(local, self.zone)
            if due > after:
                return None if self.until and due > self.until else due
        return None

    def stored(self) -> str:
        """Return the RRULE with its beginning and its zone."""
        return f"{zoned(self.start, self.zone)}\nRRULE:{self.text}"

    def locals_from(self, begin: datetime) -> Iterator[datetime]:
        """Yield its wall-clock times from one on, whatever their count."""
        if self.positions:
            yield from self._chosen_from(begin)
            return
        for day in self.days.from_day(begin.date()):
            first = bisect_left(self.times, begin.time()) if day == begin.date() else 0
            for at in self.times[first:]:
                count()
                yield datetime.combine(day, at)

    def _chosen_from(self, begin: datetime) -> Iterator[datetime]:
        """The same where each period has its own choice, and so is looked at whole."""
        first = self.days.first_of_period(begin.date())
        for _, days in groupby(self.days.from_day(first), key=self.days.period):
            for local in self._in_period([*days]):
                count()
                if local >= begin:
                    yield local

    def _in_period(self, days: Sequence[date]) -> Iterator[datetime]:
        count(len(days) + len(self.positions))
        size = len(days) * len(self.times)
        places = {place - 1 if place > 0 else size + place for place in self.positions}
        chosen = (divmod(place, len(self.times)) for place in sorted(places) if 0 <= place < size)
        return (datetime.combine(days[day], self.times[at]) for day, at in chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class ElapsedRule:
    """On a `grid` of elapsed time, from `start` (naive, whole seconds) on: minutely and hourly rules.

    `count` is how many occurrences there are in all, `until` (aware UTC) the last instant. `text` is the rule as it is
    stored.
    """

    text: str
    start: datetime
    zone: ZoneInfo
    grid: Grid
    count: int | None = None
    until: datetime | None = None

    def next(self, after: datetime) -> datetime | None:
        """Return the first occurrence strictly after `after`."""
        before = wallclock.instant(self.start, self.zone) - _MICROSECOND
        due = next(self.grid.after(max(before, after)), None)
        last = _last(self.grid, before, self.count) if self.count else None
        if due is None or (last and due > last):
            return None
        return None if self.until and due > self.until else due

    def stored(self) -> str:
        """Return the RRULE with its beginning and its zone."""
        return f"{zoned(self.start, self.zone)}\nRRULE:{self.text}"


@lru_cache(maxsize=1024)
def _last_local(rule: CalendarRule) -> datetime:
    """Return the last wall-clock time that a rule counts; kept, since finding it walks through them all."""
    assert rule.count
    return next(islice(rule.locals_from(rule.start), rule.count - 1, None), datetime.max)


@lru_cache(maxsize=1024)
def _last(grid: Grid, before: datetime, count: int) -> datetime | None:
    """Return the `count`th instant strictly after `before`; kept, since it costs up to half a second to find."""
    return next(islice(grid.after(before), count - 1, None), None)
