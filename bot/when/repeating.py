"""A time that comes again: as one of the short forms, else as a rule with its beginning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.schedules.kinds import UTC_ZONE, WEEKDAYS, WORKDAYS, stamp, zoned
from bot.when.once import ASSUMED, Hour, Reason, days_of, hours_of, later
from bot.when.results import Understood
from bot.when.slots import Nth, Repetition, Slots

_DAY = timedelta(days=1)
_MOST_COUNT = 1000
_LOOKED_AT = 366
"""Days in which the first one is looked for."""
_CODES = tuple(name[:2].upper() for name in WEEKDAYS)
_FREQUENCIES = {
    "minute": "MINUTELY",
    "hour": "HOURLY",
    "day": "DAILY",
    "week": "WEEKLY",
    "month": "MONTHLY",
    "year": "YEARLY",
}


def repeating(slots: Slots, every: Repetition, now: datetime, zone: ZoneInfo) -> list[Understood] | Reason:
    """What a repetition may be, `now` being the local time (naive) of the zone."""
    if every.count > _MOST_COUNT:
        return Reason("no_such_time")
    if every.unit in ("minute", "hour"):
        is_bare = slots == Slots(every=every)
        return [Understood(f"every {every.count} {every.unit}s")] if is_bare else Reason("words")
    slots = _settled(slots, every)
    hours = hours_of(slots)
    if isinstance(hours, Reason):
        return hours
    found = [_rule(slots, every, hour, now, zone) for hour in hours or [Hour(ASSUMED, is_assumed=True)]]
    known = [each for each in found if isinstance(each, Understood)]
    return known or next(each for each in found if isinstance(each, Reason))


def _settled(slots: Slots, every: Repetition) -> Slots:
    """A weekday, or a day of the month, said beside “every week” or “every month”."""
    if every.unit == "week" and slots.named is not None and slots.named.which == "" and slots.weekdays is None:
        return replace(slots, named=None, weekdays=(slots.named.weekday,))
    day = slots.day
    if every.unit == "month" and day is not None and day.month is None and day.ahead is None and slots.nth is None:
        return replace(slots, day=None, nth=Nth(day.number or 0))
    return slots


def _rule(slots: Slots, every: Repetition, hour: Hour, now: datetime, zone: ZoneInfo) -> Understood | Reason:
    fits = _fits(slots, every)
    if fits is None:
        return Reason("words")
    days = frozenset((day + hour.days) % 7 for day in slots.weekdays or ())
    start = _first(fits, hour, now)
    if start is None:
        return Reason("no_such_day")
    assumed = hour.at if hour.is_assumed else None
    end = _end(slots, every, start, now)
    if isinstance(end, Reason):
        return end
    short = _short(slots, every, days, hour) if not end else None
    if short is not None:
        return Understood(short, assumed=assumed)
    parts = [f"FREQ={_FREQUENCIES[every.unit]}"]
    parts += [f"INTERVAL={every.count}"] if every.count > 1 else []
    parts += end + _by(slots, every, days, start)
    if every.unit == "day" and zone.key == UTC_ZONE.key:
        # It would else be a length of time, of which no time of day is told.
        parts += [f"BYHOUR={hour.at.hour}", f"BYMINUTE={hour.at.minute}"]
    begin = zoned(datetime.combine(start + hour.days * _DAY, hour.at), zone)
    return Understood(f"{begin}\nRRULE:{';'.join(parts)}", assumed=assumed)


def _fits(slots: Slots, every: Repetition) -> Callable[[date], bool] | None:
    """Whether a day may be the first; None where what is said does not go together."""
    if slots.named is not None or slots.after is not None:
        return None
    weekdays, nth, day = slots.weekdays, slots.nth, slots.day
    match every.unit:
        case "day" if nth is None and day is None:
            return lambda each: weekdays is None or each.weekday() in weekdays
        case "week" if nth is None and day is None:
            return lambda each: weekdays is None or each.weekday() in weekdays
        case "month" if weekdays is None and day is None:
            return lambda each: nth is None or _is_nth(each, nth)
        case "year" if weekdays is None and nth is None and (day is None or (day.month and not day.year)):
            return lambda each: day is None or (each.month, each.day) == (day.month, day.number)
    return None


def _is_nth(day: date, nth: Nth) -> bool:
    is_last = (day + (7 if nth.weekday is not None else 1) * _DAY).month != day.month
    if nth.weekday is None:
        return is_last if nth.number < 0 else day.day == nth.number
    number = (day.day - 1) // 7 + 1
    return day.weekday() == nth.weekday and (is_last if nth.number < 0 else number == nth.number)


def _first(fits: Callable[[date], bool], hour: Hour, now: datetime) -> date | None:
    """The first day, from today on, whose time is still to come; of 29 February up to eight years from now."""
    today = now.date()
    days = (today + ahead * _DAY for ahead in range(-1, 8 * _LOOKED_AT))
    return next((day for day in days if fits(day) and hour.on(day) > now), None)


def _short(slots: Slots, every: Repetition, days: frozenset[int], hour: Hour) -> str | None:
    """A form that people write by hand, where there is one."""
    if every.count != 1:
        return None
    if every.unit == "day" and not days:
        return f"daily {hour.at:%H:%M}"
    if days == WORKDAYS:
        return f"weekdays {hour.at:%H:%M}"
    if days:
        return f"weekly {','.join(WEEKDAYS[day][:3] for day in sorted(days))} {hour.at:%H:%M}"
    nth = slots.nth
    if every.unit == "month" and nth is not None and nth.weekday is None and not hour.days:
        return f"monthly {'last' if nth.number < 0 else nth.number} {hour.at:%H:%M}"
    return None


def _by(slots: Slots, every: Repetition, days: frozenset[int], start: date) -> list[str]:
    nth = slots.nth
    if days:
        return [f"BYDAY={','.join(_CODES[day] for day in sorted(days))}"]
    if nth is not None and nth.weekday is not None:
        return [f"BYDAY={nth.number}{_CODES[nth.weekday]}"]
    if every.unit == "month":
        return [f"BYMONTHDAY={start.day if nth is None else nth.number}"]
    return [f"BYMONTH={start.month}", f"BYMONTHDAY={start.day}"] if every.unit == "year" else []


def _end(slots: Slots, every: Repetition, start: date, now: datetime) -> list[str] | Reason:
    """The last day, or how many there are; nothing where it does not end."""
    if slots.until is not None and slots.lasting is None:
        days = days_of(slots.until, now)
        if not days or days[0] < start:
            return Reason("past" if days else "no_such_day")
        return [f"UNTIL={stamp(datetime.combine(days[-1], ASSUMED))[:8]}"]
    if slots.lasting is None:
        return []
    whole, minutes = divmod(slots.lasting.minutes, 24 * 60)
    if slots.until is not None or minutes or whole + 31 * slots.lasting.months > 3660:
        return Reason("words")
    if every.unit == "day" and slots.weekdays is None and whole:
        return [f"COUNT={-(-whole // every.count)}"]
    last = later(start, slots.lasting.months) + (whole - 1) * _DAY
    return [f"UNTIL={stamp(datetime.combine(last, ASSUMED))[:8]}"] if last >= start else Reason("no_such_time")
