"""The time between two instants of a schedule: refused where it is too short, and kept to where it is so already."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.schedules import wallclock
from bot.schedules.errors import ScheduleError
from bot.schedules.kinds import Once, Schedule
from bot.schedules.steps import count

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOOKED_AT = timedelta(days=1)
"""From the first instant on: hours and minutes repeat each day that a rule is due."""
_MICROSECOND = timedelta(microseconds=1)


class TooOften(ScheduleError):
    """Two instants of this schedule lie nearer to each other than may be."""

    def __init__(self, least: timedelta) -> None:
        """Keep the least time between two."""
        super().__init__("", 0, "longer_intervals", f"every {least // timedelta(minutes=1)} minutes")
        self.least = least


def check(schedule: Schedule, after: datetime, least: timedelta | None) -> None:
    """Raises TooOften where instants of the first day in which it is due lie too near to each other."""
    first = former = schedule.next(after) if least is not None else None
    while least is not None and first is not None and former is not None and former - first <= _LOOKED_AT:
        count()
        later = schedule.next(former)
        if later is not None and later - former < least:
            raise TooOften(least)
        former = later


@dataclass(frozen=True, slots=True, kw_only=True)
class Spaced:
    """Of a schedule the first instant in each span of elapsed time, counted from 1970; the others are none of it.

    Nothing is left out of one whose instants lie that far apart. It is the same whoever asks it, and whenever.
    """

    schedule: Schedule
    span: timedelta

    def next(self, after: datetime) -> datetime | None:
        """Return the first of these instants strictly after `after`."""
        first = self.schedule.next(after)
        begin = max(after - (after - _EPOCH) % self.span, wallclock.FIRST)
        if first is None or first - begin >= self.span or self.schedule.next(begin - _MICROSECOND) == first:
            return first
        return self.schedule.next(begin + self.span - _MICROSECOND)

    def stored(self) -> str:
        """Return the text of the whole schedule."""
        return self.schedule.stored()


def spaced(schedule: Schedule, least: timedelta | None) -> Schedule:
    """A schedule as it runs where its instants must lie so far apart."""
    return schedule if least is None or isinstance(schedule, Once) else Spaced(schedule=schedule, span=least)
