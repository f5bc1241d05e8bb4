"""A time that comes again: as one of the short forms, else as a rule with its beginning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from bot.schedules.kinds import UTC_ZONE, WEEKDAYS, WORKDAYS, stamp, zoned
from bot.schedules.parts import MAX_COUNT
from bot.when.clocks import of_part
from bot.when.once import ASSUMED, USUAL, Hour, Reason, days_of, hours_of, is_nth, later
from bot.when.results import Understood
from bot.when.slots import Lapse, Nth, Repetition, Slots, TimeOfDay

_DAY = timedelta(days=1)
_MOST_COUNT = 1000
_LOOKED_AT = 366
"""Days in which the first one is looked for."""
_OFTEN = {
    2: ((time(9), time(18)), (time(8), time(20))),
    3: ((time(9), time(13), time(18)), (time(8), time(14), time(20))),
}
"""The times of day that are asked about for what comes so often a day."""
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
        return _elapsing(slots, every, now)
    left = _without(_settled(slots, every), every)
    if isinstance(left, Reason):
        return left
    slots = left
    hours = _hours_of(slots, every)
    if isinstance(hours, Reason):
        return hours
    found = [_rule(slots, every, each, now, zone) for each in hours]
    known = [each for each in found if isinstance(each, Understood)]
    return known or next(each for each in found if isinstance(each, Reason))


def _elapsing(slots: Slots, every: Repetition, now: datetime) -> list[Understood] | Reason:
    """Every so many hours or minutes, which may end: after a time, or with a day."""
    if slots == Slots(every=every):
        return [Understood(f"every {every.count} {every.unit}s")]
    if slots not in (Slots(every=every, lasting=slots.lasting), Slots(every=every, until=slots.until)):
        return Reason("exception" if slots.without is not None else "words")
    rule = f"RRULE:FREQ={_FREQUENCIES[every.unit]};INTERVAL={every.count}"
    if slots.until is not None:
        days = days_of(slots.until, now)
        return [Understood(f"{rule};UNTIL={stamp(datetime.combine(days[-1], ASSUMED))[:8]}")] if days else Reason("end")
    count = (slots.lasting or Lapse()).minutes // (every.count * (60 if every.unit == "hour" else 1))
    return [Understood(f"{rule};COUNT={count}")] if 1 <= count <= MAX_COUNT else Reason("end")


def _without(slots: Slots, every: Repetition) -> Slots | Reason:
    """The weekdays that are left where some are left out."""
    if slots.without is None:
        return slots
    days = set(slots.weekdays if slots.weekdays is not None else range(7))
    left = days - set(slots.without)
    is_of_days = every.unit == "day" or (every.unit == "week" and slots.weekdays is not None)
    if not is_of_days or not left or not days >= set(slots.without):
        return Reason("exception")
    return replace(slots, weekdays=tuple(sorted(left)))


def _hours_of(slots: Slots, every: Repetition) -> list[tuple[Hour, ...]] | Reason:
    """The times of day that may be meant together, all at the same minute of the hour."""
    clocks = [] if slots.clock is None else [slots.clock, *(slots.also or ())]
    often = slots.often or 1
    if slots.parts is not None:
        is_bare = not clocks and slots.part is None and often in (1, len(slots.parts))
        hours = sorted({USUAL[part] for part in slots.parts})
        return [tuple(Hour(at, is_assumed=True) for at in hours)] if is_bare else Reason("two_times")
    if every.unit != "day" and often > 1 and often != len(slots.weekdays or ()):
        return Reason("which_days")
    if every.unit == "day" and often > 1 and (len(clocks) not in (0, often) or slots.part is not None):
        return Reason("two_times")
    if not clocks and every.unit == "day" and often > 1:
        offered = _OFTEN.get(often)
        if offered is None:
            return Reason("two_times")
        return [tuple(Hour(at, is_assumed=True) for at in times) for times in offered]
    if slots.also and slots.part is not None:
        return _around_part(slots, every, clocks)
    told = [hours_of(replace(slots, clock=clock)) for clock in clocks] or [hours_of(slots)]
    reason = next((each for each in told if isinstance(each, Reason)), None)
    if reason is not None:
        return reason
    each_of = [each or [Hour(ASSUMED, is_assumed=True)] for each in told if not isinstance(each, Reason)]
    together = [
        tuple(sorted(each, key=lambda hour: hour.at)) for each in product(*each_of) if len(set(each)) == len(each)
    ]
    if len(clocks) < 2:
        return together
    if slots.weekdays is not None and any(hour.days for each in together for hour in each):
        return Reason("two_times")  # midnight of a weekday may be either end of it
    together = list(dict.fromkeys(each for each in together if not any(hour.days for hour in each)))
    same = [each for each in together if len({hour.at.minute for hour in each}) == 1]
    return same or Reason("two_minutes" if together else "no_such_time")


def _around_part(slots: Slots, every: Repetition, clocks: Sequence[TimeOfDay]) -> list[tuple[Hour, ...]] | Reason:
    """At 6 and 9 in the evening: both may be of the evening, or the last alone."""
    last = of_part(clocks[-1], slots.part)
    alike = [of_part(clock, slots.part) for clock in clocks]
    ways = [alike] if slots.part in ("morning", "dawn") else [[*clocks[:-1], last], alike]
    found: list[tuple[Hour, ...]] = []
    for way in ways:
        known = [clock for clock in way if clock is not None]
        if len(known) == len(clocks):
            hours = _hours_of(replace(slots, part=None, clock=known[0], also=tuple(known[1:])), every)
            found += [] if isinstance(hours, Reason) else hours
    return list(dict.fromkeys(found)) or Reason("two_times")


def _settled(slots: Slots, every: Repetition) -> Slots:
    """A weekday, or a day of the month, said beside “every week” or “every month”."""
    if every.unit == "week" and slots.named is not None and slots.named.which == "" and slots.weekdays is None:
        return replace(slots, named=None, weekdays=(slots.named.weekday,))
    day = slots.day
    if every.unit == "month" and day is not None and day.month is None and day.ahead is None and slots.nth is None:
        return replace(slots, day=None, nth=Nth(day.number or 0))
    return slots


def _rule(slots: Slots, every: Repetition, hours: Sequence[Hour], now: datetime, zone: ZoneInfo) -> Understood | Reason:
    hour, is_one = hours[0], len(hours) == 1
    fits = _fits(slots, every)
    if fits is None:
        return Reason("words")
    days = frozenset((day + hour.days) % 7 for day in slots.weekdays or ())
    start = _first(fits, hours, now)
    if start is None:
        return Reason("no_such_day")
    assumed = tuple(each.at for each in hours if each.is_assumed)
    end = _end(slots, every, start, now, is_one)
    if isinstance(end, Reason):
        return end
    short = _short(slots, every, days, hour) if is_one and not end else None
    if short is not None:
        return Understood(short, assumed=assumed)
    parts = [f"FREQ={_FREQUENCIES[every.unit]}"]
    parts += [f"INTERVAL={every.count}"] if every.count > 1 else []
    parts += end + _by(slots, every, days, start)
    if not is_one or (every.unit == "day" and zone.key == UTC_ZONE.key):
        # In UTC it would else be a length of time, of which no time of day is told.
        parts += [f"BYHOUR={','.join(str(each.at.hour) for each in hours)}", f"BYMINUTE={hour.at.minute}"]
    first = next(each for each in hours if each.on(start) > now)
    begin = zoned(first.on(start), zone)
    return Understood(f"{begin}\nRRULE:{';'.join(parts)}", assumed=assumed)


def _fits(slots: Slots, every: Repetition) -> Callable[[date], bool] | None:
    """Whether a day may be the first; None where what is said does not go together."""
    if slots.named is not None or slots.after is not None or slots.month is not None:
        return None
    weekdays, nth, day = slots.weekdays, slots.nth, slots.day
    match every.unit:
        case "day" if nth is None and day is None:
            return lambda each: weekdays is None or each.weekday() in weekdays
        case "week" if nth is None and day is None:
            return lambda each: weekdays is None or each.weekday() in weekdays
        case "month" if weekdays is None and day is None:
            return lambda each: nth is None or is_nth(each, nth)
        case "year" if weekdays is None and nth is None and (day is None or (day.month and not day.year)):
            return lambda each: day is None or (each.month, each.day) == (day.month, day.number)
    return None


def _first(fits: Callable[[date], bool], hours: Sequence[Hour], now: datetime) -> date | None:
    """The first day, from today on, of which a time is still to come; of 29 February up to eight years from now."""
    today = now.date()
    days = (today + ahead * _DAY for ahead in range(-1, 8 * _LOOKED_AT))
    return next((day for day in days if fits(day) and any(hour.on(day) > now for hour in hours)), None)


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
    if every.unit == "month" and nth is not None and nth.weekday is None and not nth.further and not hour.days:
        return f"monthly {'last' if nth.number < 0 else nth.number} {hour.at:%H:%M}"
    return None


def _by(slots: Slots, every: Repetition, days: frozenset[int], start: date) -> list[str]:
    nth = slots.nth
    if days:
        return [f"BYDAY={','.join(_CODES[day] for day in sorted(days))}"]
    if nth is not None and nth.weekday is not None:
        code = _CODES[nth.weekday]
        return [f"BYDAY={','.join(f'{number}{code}' for number in (nth.number, *nth.further))}"]
    if every.unit == "month":
        days_of_month = (start.day,) if nth is None else (nth.number, *nth.further)
        return [f"BYMONTHDAY={','.join(map(str, days_of_month))}"]
    return [f"BYMONTH={start.month}", f"BYMONTHDAY={start.day}"] if every.unit == "year" else []


def _end(slots: Slots, every: Repetition, start: date, now: datetime, is_one: bool) -> list[str] | Reason:
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
    if every.unit == "day" and slots.weekdays is None and whole and is_one:
        return [f"COUNT={-(-whole // every.count)}"]
    last = later(start, slots.lasting.months) + (whole - 1) * _DAY
    return [f"UNTIL={stamp(datetime.combine(last, ASSUMED))[:8]}"] if last >= start else Reason("no_such_time")
