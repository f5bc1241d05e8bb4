"""What the parts of an RRULE mean, what they leave open being as in its beginning (RFC 5545, section 3.3.10)."""

from datetime import datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from bot.schedules import wallclock
from bot.schedules.days import RuleDays
from bot.schedules.grid import Grid
from bot.schedules.parts import MAX_COUNT, SPANS, Parts
from bot.schedules.rules import CalendarRule, ElapsedRule


def calendar(parts: Parts, start: datetime, zone: ZoneInfo) -> CalendarRule:
    """Return a rule of days, weeks, months or years."""
    hours = parts.numbers("BYHOUR") or (start.hour,)
    minutes = parts.numbers("BYMINUTE") or (start.minute,)
    second = (*parts.numbers("BYSECOND"), start.second)[0]
    return CalendarRule(
        text=parts.text,
        start=start,
        zone=zone,
        days=_days(parts, start),
        times=tuple(time(hour, minute, second) for hour, minute in product(hours, minutes)),
        positions=parts.numbers("BYSETPOS"),
        count=parts.number("COUNT", MAX_COUNT),
        until=parts.until(zone),
    )


def elapsed(parts: Parts, start: datetime, zone: ZoneInfo) -> ElapsedRule:
    """Return a rule of minutes or hours."""
    hours, minutes = parts.numbers("BYHOUR"), parts.numbers("BYMINUTE")
    within = minutes if parts.frequency == "HOURLY" else ()
    second = (*parts.numbers("BYSECOND"), start.second)[0]
    back = timedelta(minutes=start.minute if within else 0, seconds=start.second - second)
    times = product(hours or range(24), minutes or range(60)) if hours or minutes else ()
    grid = Grid(
        base=wallclock.instant(start, zone) - back,
        step=parts.interval() * SPANS[parts.frequency],
        zone=zone,
        days=_days(parts, start) if _limits_days(parts) else None,
        times=tuple(time(hour, minute) for hour, minute in times),
        minutes=within,
    )
    count, until = parts.number("COUNT", MAX_COUNT), parts.until(zone)
    return ElapsedRule(text=parts.text, start=start, zone=zone, grid=grid, count=count, until=until)


def _limits_days(parts: Parts) -> bool:
    return not {"BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY"}.isdisjoint(parts.values)


def _days(parts: Parts, start: datetime) -> RuleDays:
    months, month_days, weekdays = parts.numbers("BYMONTH"), parts.numbers("BYMONTHDAY"), parts.weekdays()
    if not {"BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY"} & parts.values.keys():
        if parts.frequency == "YEARLY":
            months = months or (start.month,)
        if parts.frequency in ("YEARLY", "MONTHLY"):
            month_days = (start.day,)
        if parts.frequency == "WEEKLY":
            weekdays = ((start.weekday(), 0),)
    return RuleDays(
        frequency="DAILY" if parts.is_elapsed else parts.frequency,
        interval=1 if parts.is_elapsed else parts.interval(),
        start=start.date(),
        week_start=parts.week_start(),
        months=months,
        month_days=month_days,
        year_days=parts.numbers("BYYEARDAY"),
        weeks=parts.numbers("BYWEEKNO"),
        weekdays=weekdays,
    )
