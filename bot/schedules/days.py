"""The dates that a recurrence rule means, from python-dateutil a year at a time.

A year at a time because dateutil would look for the next date of a rule that has none until the year 9999, and
because a rule from long ago then costs no more than one from today.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime
from functools import lru_cache

from dateutil.rrule import YEARLY, rrule, weekday  # type: ignore[import-untyped]

from bot.schedules import wallclock
from bot.schedules.steps import YEAR, count

HORIZON_YEARS = 100
_NTHS_IN_MONTH = range(1, 6)
_NTHS_IN_YEAR = range(1, 54)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDays:
    """The dates of a rule: those of every `interval`th period, counted from the one of `start`, that fit all parts.

    An empty part lets everything through. Weekdays are (0 for Monday, n), n being 0 or the nth such day of the month
    or year (negative from its end), as RFC 5545, section 3.3.10 has it. `start` itself limits nothing.
    """

    frequency: str
    start: date
    interval: int = 1
    week_start: int = 0
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    year_days: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()

    def period(self, day: date) -> int:
        """Return the number of the year, month, week or day that a date lies in."""
        match self.frequency:
            case "YEARLY":
                return day.year
            case "MONTHLY":
                return day.year * 12 + day.month
            case "WEEKLY":
                return (day.toordinal() - 1 - self.week_start) // 7
        return day.toordinal()

    def first_of_period(self, day: date) -> date:
        """Return the day on which the period of a date begins."""
        match self.frequency:
            case "YEARLY":
                return day.replace(month=1, day=1)
            case "MONTHLY":
                return day.replace(day=1)
            case "WEEKLY":
                return date.fromordinal(max(self.period(day) * 7 + 1 + self.week_start, 1))
        return day

    def from_day(self, day: date) -> Iterator[date]:
        """Yield these dates that are `day` or later, as far as the horizon."""
        for year in range(day.year, min(day.year + HORIZON_YEARS, MAXYEAR) + 1):
            dates = _in_year(self, year)
            yield from dates[bisect_left(dates, day) :]

    def first_from(self, day: date) -> date | None:
        """Return the first of these dates that is `day` or later."""
        return next(self.from_day(day), None)

    def nth_weekdays(self) -> tuple[tuple[int, int], ...]:
        """Return the weekdays, a plain one among nth ones as all of its kind: dateutil would want both at once."""
        if not any(nth for _, nth in self.weekdays):
            return self.weekdays
        nths = _NTHS_IN_MONTH if self.nth_months() else _NTHS_IN_YEAR
        return tuple((day, n) for day, nth in self.weekdays for n in ([nth] if nth else nths))

    def nth_months(self) -> tuple[int, ...]:
        """Return the months, all twelve where an nth weekday is one of its month: the rule is asked by the year."""
        return self.months or (tuple(range(1, 13)) if self.frequency == "MONTHLY" else ())


@lru_cache(maxsize=256)
def _in_year(days: RuleDays, year: int) -> tuple[date, ...]:
    """Return the dates of a year, ascending."""
    count(YEAR)  # only where they are not remembered, as then they cost nothing
    # dateutil looks at the year before as well.
    if year < wallclock.FIRST_DAY.year + 1:
        return ()
    first = days.period(days.start)
    if days.frequency == "YEARLY" and (year - first) % days.interval:
        return ()
    limited = days.month_days or days.year_days or days.weeks or days.weekdays
    rule = rrule(
        YEARLY,
        dtstart=datetime(year, 1, 1),
        interval=MAXYEAR,  # one year, then past the end of the calendar
        wkst=days.week_start,
        bymonth=days.nth_months() or None,
        bymonthday=days.month_days or None,
        byyearday=days.year_days or None,
        byweekno=days.weeks or None,
        byweekday=[weekday(day, nth or None) for day, nth in days.nth_weekdays()] if limited else range(7),
        byhour=0,
        byminute=0,
        bysecond=0,
    )
    dates = (moment.date() for moment in rule)
    return tuple(day for day in dates if (days.period(day) - first) % days.interval == 0 and day <= wallclock.LAST_DAY)
