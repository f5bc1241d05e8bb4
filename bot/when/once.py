"""A single time: on which day, at which hour, and what else it may be."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.when.results import Understood, Why
from bot.when.slots import CalendarDay, Lapse, NamedDay, Nth, Slots, TimeOfDay

USUAL = {
    "dawn": time(5),
    "morning": time(8),
    "noon": time(12),
    "afternoon": time(15),
    "evening": time(18),
    "night": time(21),
}
"""The time of day that is assumed for a part of it."""
ASSUMED = time(9)
OFFERED = (time(9), time(12), time(18))
"""The times of day that somebody is asked to choose from."""
_EARLIEST = 7
"""An hour before that, without a half of the day, may be one of the afternoon."""
_DAY = timedelta(days=1)
_OF_A_DAY = Slots(
    day=CalendarDay(), named=NamedDay(0), month=0, nth=Nth(1), until=Slots(), lasting=Lapse(), also=(), parts=()
)
"""What does not go with a length of time from now."""
_LAST_YEAR = 9000


@dataclass(frozen=True, slots=True)
class Reason:
    """Why slots come to nothing."""

    why: Why


@dataclass(frozen=True, slots=True)
class Hour:
    """A time of day: it may lie on the day that follows, as one in the night does, and may be assumed."""

    at: time
    days: int = 0
    is_assumed: bool = False

    def on(self, day: date) -> datetime:
        """That time, on a day or in the night behind it."""
        return datetime.combine(day + self.days * _DAY, self.at)


def once(slots: Slots, now: datetime) -> list[Understood] | Reason:
    """What a single time may be, the earliest first, `now` being the local time (naive)."""
    if slots.after is not None:
        return _after(slots, slots.after, now)
    if slots.also is not None or slots.parts is not None:
        return Reason("two_times")
    has_day = slots.day is not None or slots.named is not None or slots.month is not None
    if not has_day and slots.clock is None and not (slots.part is not None and slots.is_alone):
        return Reason("no_time")
    hours = hours_of(slots)
    if isinstance(hours, Reason):
        return hours
    if not has_day:
        return _told(_next(hour, now) for hour in _both_halves(slots, hours))
    days = days_of(slots, now) if slots.month is None else _in_month(slots, slots.month, now.date())
    if isinstance(days, Reason):
        return days
    if not days:
        return Reason("no_such_day")
    if not hours:
        hours = [Hour(at, is_assumed=True) for at in (OFFERED if len(days) == 1 else (ASSUMED,))]
        days = _with_next_week(slots, days, now.date())
    if slots.day is not None and slots.day.ahead == 0:
        hours = _both_halves(slots, hours)
    ahead = [(hour.on(day), hour) for day in _coming(slots, days, hours, now) for hour in hours]
    ahead = [each for each in ahead if each[0] > now]
    return _told(ahead) if ahead else Reason("past")


def _in_month(slots: Slots, ahead: int, today: date) -> list[date] | Reason:
    """The days that may be meant by one of a month; its first, or the same as today's, where none is said."""
    day, first = slots.day, later(today.replace(day=1), ahead)
    if slots.named is not None or (day is not None and (slots.nth is not None or day.month is not None)):
        return Reason("words")
    days = [first + more * _DAY for more in range(monthrange(first.year, first.month)[1])]
    if slots.nth is not None:
        return [each for each in days if is_nth(each, slots.nth)]
    if day is not None:
        return [each for each in days if each.day == day.number]
    return sorted({first, later(today, ahead)}) if ahead else Reason("which_days")


def is_nth(day: date, nth: Nth) -> bool:
    """True for the nth such day of its month."""
    is_last = (day + (7 if nth.weekday is not None else 1) * _DAY).month != day.month
    if nth.weekday is None:
        return is_last if nth.number < 0 else day.day in (nth.number, *nth.further)
    number = (day.day - 1) // 7 + 1
    return day.weekday() == nth.weekday and (is_last if nth.number < 0 else number in (nth.number, *nth.further))


def _with_next_week(slots: Slots, days: list[date], today: date) -> list[date]:
    """“Wednesday”, said on a Wednesday, is seldom today."""
    is_open = slots.day is None and slots.named == NamedDay(today.weekday())
    return [today, today + 7 * _DAY] if is_open else days


def _coming(slots: Slots, days: list[date], hours: list[Hour], now: datetime) -> Iterator[date]:
    """Of a day that comes again, the one that is still to come."""
    for day in days:
        is_over = all(hour.on(day) <= now for hour in hours)
        if slots.month is not None:
            yield day
        elif slots.day is not None and is_over and slots.day.ahead is None and slots.day.year is None:
            yield from days_of(slots, now + _DAY)[:1]
        elif slots.named is not None and slots.day is None and is_over:
            yield day + 7 * _DAY
        else:
            yield day


def _told(found: Iterable[tuple[datetime, Hour]]) -> list[Understood]:
    return [
        Understood(f"once {at:%Y-%m-%d %H:%M}", assumed=(hour.at,) if hour.is_assumed else ())
        for at, hour in sorted(found, key=lambda each: each[0])
    ]


def _next(hour: Hour, now: datetime) -> tuple[datetime, Hour]:
    at = datetime.combine(now.date(), hour.at)
    return (at if at > now else at + _DAY), hour


def _both_halves(slots: Slots, hours: list[Hour]) -> list[Hour]:
    """Six, where that may be six in the morning as well as in the evening."""
    clock = slots.clock
    if clock is None or clock.is_sure or slots.part is not None or not 1 <= clock.hour <= 11:
        return hours
    return [Hour(time(clock.hour + half, clock.minute)) for half in (0, 12)]


def hours_of(slots: Slots) -> list[Hour] | Reason:
    """What the time of day may be; nothing where none is said."""
    clock, part = slots.clock, slots.part
    if clock is None:
        return [] if part is None else [Hour(USUAL[part], is_assumed=True)]
    if part is not None:
        return _within(clock, part)
    if clock.hour == 24:
        # Of a day, its beginning or its end; tonight's is the one that comes.
        is_today = slots.day is not None and slots.day.ahead == 0
        return (
            [Hour(time(), 1)] if is_today else [Hour(time()), Hour(time(), 1)] if _names_day(slots) else [Hour(time())]
        )
    at = time(clock.hour, clock.minute)
    if clock.is_sure or clock.hour >= _EARLIEST:
        return [Hour(at)]
    return [Hour(at.replace(hour=clock.hour + 12)), Hour(at)]


def _names_day(slots: Slots) -> bool:
    return any(each is not None for each in (slots.day, slots.named, slots.weekdays, slots.month))


def _within(clock: TimeOfDay, part: str) -> list[Hour] | Reason:
    """Seven in the evening, one at night, nine in the morning."""
    hour = clock.hour
    if hour <= 12 and not clock.is_sure:
        is_late = part in ("afternoon", "evening") or (part == "night" and 5 <= hour < 12)
        hour = hour % 12 + 12 if is_late else 0 if part in ("night", "morning") and hour == 12 else hour
        hour = hour + 12 if part == "noon" and hour < 4 else hour
    hour = 0 if part == "dawn" and hour == 12 and not clock.is_sure else hour
    first, last = {
        "dawn": (0, 6),
        "morning": (0, 12),
        "noon": (11, 15),
        "afternoon": (12, 20),
        "evening": (15, 24),
        "night": (0, 24),
    }[part]
    if not first <= hour <= last or (part == "night" and 7 <= hour < 18):
        return Reason("no_such_time")
    return [Hour(time(hour % 24, clock.minute), int(hour == 24 or (part == "night" and hour < 7)))]


def days_of(slots: Slots, now: datetime) -> list[date]:
    """The days that may be meant, the nearest first; nothing where there is no such day."""
    today = now.date()
    dated = None if slots.day is None else _dated(slots.day, today, slots.named)
    if slots.named is None:
        return dated or []
    if dated is None:
        return [*_named(slots.named, today)]
    return [day for day in dated if day.weekday() == slots.named.weekday][:1]


def _dated(day: CalendarDay, today: date, named: NamedDay | None) -> list[date]:
    if day.ahead is not None:
        return [today + day.ahead * _DAY]
    assert day.number is not None
    months = [(day.year or year, month) for year, month in _months(today, day)]
    found = [date(year, month, day.number) for year, month in months if _exists(year, month, day.number)]
    if day.year is not None:
        return found[:1]
    # “The 13th” is the next one; “Friday the 13th” may be the one after it, and no later.
    ahead = [each for each in found if each >= today]
    return ahead[: 2 if named is not None and day.month is None else 1]


def _months(today: date, day: CalendarDay) -> Iterator[tuple[int, int]]:
    """The months that may be meant, from this one on, for a year; for 29 February up to eight."""
    if day.month is not None:
        yield from ((today.year + more, day.month) for more in range(9 if (day.month, day.number) == (2, 29) else 2))
        return
    for more in range(13):
        month = today.month - 1 + more
        yield today.year + month // 12, month % 12 + 1


def _exists(year: int, month: int, number: int) -> bool:
    return 1 <= month <= 12 and 1 <= year < _LAST_YEAR and 1 <= number <= monthrange(year, month)[1]


def _named(named: NamedDay, today: date) -> Iterator[date]:
    monday = today - today.weekday() * _DAY
    ahead = (named.weekday - today.weekday()) % 7
    match named.which:
        case "next_week":
            yield monday + (7 * (1 + named.weeks) + named.weekday) * _DAY
        case "next":
            yield today + (ahead or 7) * _DAY
            # On a Wednesday, “next Friday” is in two days to some, and in nine to others.
            if ahead and today.weekday() + ahead < 7:
                yield today + (ahead + 7) * _DAY
        case "weekend":
            saturday = monday + 5 * _DAY
            yield from (day for day in (saturday, saturday + _DAY) if day >= today)
        case "next_weekend":
            yield from (monday + 5 * _DAY, monday + 12 * _DAY)
        case _:
            yield today + ((ahead or 7 * bool(named.weeks)) + 7 * named.weeks) * _DAY


def _after(slots: Slots, span: Lapse, now: datetime) -> list[Understood] | Reason:
    """So long from now; where that is days, at a time of day if one is said."""
    if slots.joined(_OF_A_DAY) is None:
        return Reason("words")
    if not span.minutes and not span.months:
        return Reason("no_such_time")
    days, minutes = divmod(span.minutes, 24 * 60)
    if slots.clock is None and slots.part is None and not span.months:
        return [Understood(f"in {span.minutes} minutes" if minutes else f"in {days} days")]
    if minutes or days + 31 * span.months > 3660:
        return Reason("no_such_time")
    day = later(now.date(), span.months) + days * _DAY
    hours = hours_of(slots)
    if isinstance(hours, Reason):
        return hours
    hours = hours or [Hour(now.time().replace(second=0, microsecond=0))]
    return _told((hour.on(day), hour) for hour in hours)


def later(day: date, months: int) -> date:
    """So many months later, on the last day of a month that is too short."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return day.replace(year=year, month=month, day=min(day.day, monthrange(year, month)[1]))
