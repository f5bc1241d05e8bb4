"""Elapsed time seen through wall clocks: what fires at every real instant that matches, in both passes of a fold."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.schedules import wallclock
from bot.schedules.steps import count

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_LOOKS = 10_000
"""The steps without a match after which a grid counts as empty; a few tenths of a second."""


class Days(Protocol):
    """Some dates of the calendar."""

    def first_from(self, day: date) -> date | None:
        """Return the first of these dates that is `day` or later; None when none comes within a lifetime."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Every `step` from `base` (aware UTC) whose wall clock in `zone` shows one of `times` on one of `days`.

    `times` are whole minutes, ascending; empty, or `days` None, lets everything through. With `minutes` a step
    stands for the hour that it begins, and means the instants in it whose wall clock shows one of those.
    """

    base: datetime
    step: timedelta
    zone: ZoneInfo
    days: Days | None = None
    times: tuple[time, ...] = ()
    minutes: tuple[int, ...] = ()

    def after(self, after: datetime) -> Iterator[datetime]:
        """Yield the instants strictly after `after` (aware), ascending."""
        number = max((after - self.base) // self.step, 0)
        idle = 0
        while idle < _LOOKS:
            count()
            moment = self._moment(number)
            if moment > wallclock.LAST:
                return
            for hit in self._in_step(moment, after):
                if self._fits(wallclock.shown(hit, self.zone)):
                    idle = 0
                    yield hit
            idle += 1
            resumed = self._resume(self._moment(number + 1))
            if resumed is None:
                return
            number = max(number + 1, (resumed - self.base) // self.step)

    def _moment(self, number: int) -> datetime:
        try:
            return self.base + number * self.step
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)

    def _in_step(self, moment: datetime, after: datetime) -> Iterator[datetime]:
        if not self.minutes:
            yield from [moment] if moment > after else []
            return
        minute = wallclock.shown(moment, self.zone).minute
        # What comes first leads, should clocks not show a full hour where the step begins.
        place = bisect_left(self.minutes, minute)
        for wanted in self.minutes[place:] + self.minutes[:place]:
            each = moment + (wanted - minute) % 60 * _MINUTE
            if each > after:
                count()
                if wallclock.shown(each, self.zone).minute in self.minutes:
                    yield each

    def _fits(self, local: datetime) -> bool:
        at = local.time().replace(second=0, microsecond=0)
        if self.times and self.times[bisect_left(self.times, at) % len(self.times)] != at:
            return False
        return self.days is None or self.days.first_from(local.date()) == local.date()

    def _resume(self, moment: datetime) -> datetime | None:
        """Return an instant from `moment` on before which nothing fits; None when nothing ever does."""
        if moment >= wallclock.LAST - _DAY:
            return moment
        local = wallclock.shown(moment, self.zone)
        # Where clocks are about to change, a time that lies behind may come again: no step is left out there.
        if self._fits(local) or not self._is_steady(moment):
            return moment
        if self.days is None or self.days.first_from(local.date()) == local.date():
            place = bisect_left(self.times, local.time())
            if place < len(self.times):
                return moment + (datetime.combine(local.date(), self.times[place]) - local)
        tomorrow = local.date() + _DAY
        day = tomorrow if self.days is None else self.days.first_from(tomorrow)
        first = self.times[0] if self.times else time()
        if day is None or day > wallclock.LAST_DAY:
            return None
        return wallclock.instant(datetime.combine(day, first), self.zone)

    def _is_steady(self, moment: datetime) -> bool:
        return moment.astimezone(self.zone).utcoffset() == (moment + _DAY).astimezone(self.zone).utcoffset()
