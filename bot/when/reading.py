"""From tokens to slots: a table of patterns over the kinds of words, tried until every word is used up."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import islice, product

from bot.when.language import UNKNOWN, WordValue
from bot.when.slots import CalendarDay, Lapse, NamedDay, Nth, Repetition, Slots, TimeOfDay
from bot.when.tokens import Token

MOST_WORDS = 16
"""Of a time; more are none."""
_MOST_READINGS = 24
_MOST_STEPS = 200
_MINUTES = {"minute": 1, "hour": 60, "day": 1440, "week": 10080}
_MONTHS = {"month": 1, "year": 12}
_FRACTIONS = {"F": 0.5, "Q": 0.25}
_AND = "[&,]+"

Matched = Sequence[tuple[str, WordValue]]
"""The words that a pattern matched, each with its kind and what it says."""


def read(found: Sequence[Token]) -> list[Slots]:
    """All that these tokens may say together; nothing where a word is left over."""
    if not 0 < len(found) <= MOST_WORDS or any(token.kinds in (UNKNOWN, "!") for token in found):
        return []
    choices = islice(product(*(token.meanings for token in found)), _MOST_READINGS)
    slots = (_Reader(words).slots() for words in choices)
    return list(dict.fromkeys(each for each in slots if each is not None))


class _Reader:
    """One reading of the words: patterns in order, back to the last choice where they come to nothing."""

    def __init__(self, words: Matched) -> None:
        self._words = words
        self._kinds = "".join(kind for kind, _ in words)
        self._left = _MOST_STEPS

    def slots(self) -> Slots | None:
        return self._from(0, Slots())

    def _from(self, at: int, read: Slots) -> Slots | None:
        if at == len(self._kinds):
            return read
        for pattern, take in _PATTERNS:
            match = pattern.match(self._kinds, at)
            if match is None or match.end() == at:
                continue
            self._left -= 1
            more = take(self._words[match.start() : match.end()]) if self._left > 0 else None
            joined = read.joined(more) if more is not None else None
            whole = self._from(match.end(), joined) if joined is not None else None
            if whole is not None:
                return whole
        return None


def _of(words: Matched, kinds: str) -> list[WordValue]:
    return [value for kind, value in words if kind in kinds]


def _numbers(words: Matched, kinds: str) -> list[int]:
    return [value for value in _of(words, kinds) if isinstance(value, int)]


def _kinds(words: Matched) -> str:
    return "".join(kind for kind, _ in words)


def _nothing(words: Matched) -> Slots:
    return Slots()


def _span(words: Matched) -> Lapse | None:
    """A length of time: “an hour and a half”, “1h30”, “2 weeks”, “a quarter of an hour”."""
    minutes, months, count, fraction, unit = 0.0, 0, 1.0, 0.0, ""
    for place, (kind, value) in enumerate(words):
        if kind == "u":
            minutes += float(str(value))
        elif kind in "Nnx":
            count = float(str(value))
            if place == len(words) - 1 and unit == "hour":  # 1h30
                minutes += count
        elif kind in _FRACTIONS:
            fraction = _FRACTIONS[kind]
            if unit and unit in _MINUTES:
                minutes, fraction = minutes + _MINUTES[unit] * fraction, 0.0
        elif kind == "U" and not (unit == value and words[place - 1][0] in "FQ"):
            unit = str(value)
            # “half an hour” has no number, “two and a half hours” has one.
            has_number = any(each in "Nnx" for each, _ in words[:place])
            amount = count + fraction if has_number or not fraction else fraction
            if unit in _MINUTES:
                minutes += _MINUTES[unit] * amount
            elif amount == int(amount):
                months += _MONTHS[unit] * int(amount)
            else:
                return None
            count, fraction = 1.0, 0.0
    return Lapse(int(minutes), months) if minutes == int(minutes) else None


def _after(words: Matched) -> Slots | None:
    span = _span([word for word in words if word[0] not in "IJG"])
    return None if span is None else Slots(after=span)


def _lasting(words: Matched) -> Slots | None:
    span = _span([word for word in words if word[0] not in "fG"])
    return None if span is None else Slots(lasting=span)


def _until(words: Matched) -> Slots | None:
    inner = _Reader(words[1:]).slots()
    return None if inner is None else Slots(until=inner)


def _every(words: Matched) -> Slots | None:
    kinds, units = _kinds(words), [str(unit) for unit in _of(words, "UY")]
    counts = _numbers(words, "NnR")
    if "F" in kinds or "Q" in kinds or "u" in kinds:
        span = _span([word for word in words if word[0] != "E"])
        return None if span is None or not span.minutes else Slots(every=Repetition("minute", span.minutes))
    count = counts[0] if counts else 2 if "O" in kinds else 1
    return Slots(every=Repetition(units[0], count)) if count else None


def _every_days(words: Matched) -> Slots | None:
    """On some weekdays of every week, or of every second one; every third Monday may be one of a month."""
    kinds = _kinds(words)
    if any(number != 2 for number in _numbers(words, "R")):
        return None
    days = tuple(sorted(set(_numbers(words, "Ww"))))
    days = days or (tuple(range(5)) if "K" in kinds or "q" in kinds else (5, 6))
    return Slots(every=Repetition("week", 2 if "O" in kinds or "R" in kinds else 1), weekdays=days)


def _weekday_range(words: Matched) -> Slots:
    """Monday through Friday, and Saturday to Tuesday."""
    first, last = _numbers(words, "W")
    days = {(first + more) % 7 for more in range((last - first) % 7 + 1)}
    return Slots(every=Repetition("week"), weekdays=tuple(sorted(days)))


def _which_days(words: Matched) -> Slots:
    """Several weekdays behind “every two weeks”."""
    return Slots(weekdays=tuple(sorted(set(_numbers(words, "Ww")))))


def _every_part(words: Matched) -> Slots:
    return Slots(every=Repetition("day"), part=str(words[-1][1]))


def _nth(words: Matched) -> Nth | None:
    weekdays, numbers = _numbers(words, "W"), _numbers(words, "RN")
    number = numbers[0] if numbers else -1
    if not -1 <= number <= (4 if weekdays else 31) or number == 0:
        return None
    return Nth(number, weekdays[0] if weekdays else None)


def _of_month(words: Matched) -> Slots | None:
    """The nth day, or the nth weekday, of every month."""
    units, nth = [str(unit) for unit in _of(words, "U")], _nth(words)
    if nth is None or (units and units[-1] != "month") or units[:-1] not in ([], ["day"]):
        return None
    if nth.weekday is None and "L" in _kinds(words) and units[:-1] != ["day"]:
        return None
    return Slots(every=Repetition("month"), nth=nth)


def _within_month(words: Matched) -> Slots | None:
    """The last day, or the nth weekday, behind “every month”."""
    units, nth = _of(words, "U"), _nth(words)
    return Slots(nth=nth) if nth is not None and units in ([], ["day"]) else None


def _date(words: Matched) -> Slots | None:
    [value] = _of(words, "d")
    assert isinstance(value, tuple)
    year, month, number = value
    return Slots(day=CalendarDay(year=year, month=month, number=number))


def _named_date(words: Matched) -> Slots:
    [month], [number], years = _numbers(words, "M"), _numbers(words, "NR"), _numbers(words, "y")
    every = Repetition("year") if words[0][0] == "E" else None
    return Slots(every=every, day=CalendarDay(year=years[0] if years else None, month=month, number=number))


def _month_day(words: Matched) -> Slots | None:
    [number] = _numbers(words, "RN")
    return Slots(day=CalendarDay(number=number)) if 1 <= number <= 31 else None


def _ahead(words: Matched) -> Slots:
    return Slots(day=CalendarDay(ahead=_numbers(words, "D")[0]))


def _tonight(words: Matched) -> Slots:
    return Slots(day=CalendarDay(ahead=0), part=str(words[-1][1]))


def _weekday(words: Matched) -> Slots | None:
    kinds = _kinds(words)
    weekday = _numbers(words, "W")[0]
    units = _of(words, "U")
    if "z" in kinds:
        weeks = [*_numbers(words, "Nn"), 1][0]
        return Slots(named=NamedDay(weekday, weeks=weeks)) if units == ["week"] else None
    if units:
        return Slots(named=NamedDay(weekday, "next_week")) if units == ["week"] else None
    return Slots(named=NamedDay(weekday, "next" if "X" in kinds else "this" if "H" in kinds else ""))


def _next_unit(words: Matched) -> Slots | None:
    return Slots(named=NamedDay(0, "next_week")) if _of(words, "U") == ["week"] else None


def _weekend(words: Matched) -> Slots:
    return Slots(named=NamedDay(5, "next_weekend" if "X" in _kinds(words) else "weekend"))


def _clocked(hour: int, minute: int, is_sure: bool, half: str) -> Slots | None:
    if hour > 24 or minute > 59 or (hour == 24 and minute) or (half and not 1 <= hour <= 12):
        return None
    if half:
        return Slots(clock=TimeOfDay(hour % 12 + 12 * (half == "p"), minute, True))
    return Slots(clock=TimeOfDay(hour, minute, is_sure or hour > 12 or hour == 0))


def _hour(words: Matched) -> Slots | None:
    numbers = _numbers(words, "Nn")
    halves = [str(half) for half in _of(words, "m")]
    return _clocked(numbers[0], numbers[1] if len(numbers) > 1 else 0, False, "".join(halves))


def _written(words: Matched) -> Slots | None:
    [value] = _of(words, "T")
    assert isinstance(value, tuple)
    hour, minute, is_sure = (number or 0 for number in value)
    return _clocked(hour, minute, bool(is_sure), "".join(str(half) for half in _of(words, "m")))


def _noon(words: Matched) -> Slots:
    return Slots(clock=TimeOfDay(_numbers(words, "S")[0], 0, True))


def _spoken(words: Matched) -> Slots | None:
    """Half past six, quarter to five, ten past nine, and half seven where that is half past six."""
    kinds, numbers = _kinds(words), _numbers(words, "Nn")
    hour = numbers[-1]
    minutes = 30 if "F" in kinds else -30 if "b" in kinds else 15 if "Q" in kinds else numbers[0]
    return _around(hour, -minutes if "t" in kinds else minutes)


def _and_a_half(words: Matched) -> Slots | None:
    """Nine and a half, and ten less a quarter, as several languages say it."""
    kinds, numbers = _kinds(words), _numbers(words, "Nn")
    minutes = 30 if "F" in kinds else 15 if "Q" in kinds else numbers[-1]
    return _around(numbers[0], -minutes if "o" in kinds else minutes)


def _around(hour: int, minutes: int) -> Slots | None:
    total = hour * 60 + minutes
    is_one = 1 <= hour <= 12 and abs(minutes) < 60 and total >= 60
    return Slots(clock=TimeOfDay(total // 60, total % 60)) if is_one else None


def _part(words: Matched) -> Slots:
    part = str(_of(words, "P")[0])
    return Slots(day=CalendarDay(ahead=0), part=part) if "H" in _kinds(words) else Slots(part=part)


_LENGTH = r"(?:a?[FQ]G?a?U|a?u|xU|[Nn]&a?FU|[Nna]?U(?:&?[Nn]U)*(?:&a?[FQ]U?|N(?!U))?)"
_DAY = r"(?:G*d|G*(?:MG*[RN]|[RN]G*M)y?|G*[XH]?W|D|G*R|G*gN)"
_TABLE: tuple[tuple[str, Callable[[Matched], Slots | None]], ...] = (
    (rf"V{_DAY}", _until),
    (rf"f{_LENGTH}", _lasting),
    (rf"I{_LENGTH}|{_LENGTH}J", _after),
    (r"G*[Nna]UzG*W", _weekday),
    (r"[EG]*(?:[RL]W|[RL]U|LG*U|R|gN)G*(?:E|G)U|G+NG*EU", _of_month),
    (r"[EGz]*W[Vt]G*W", _weekday_range),
    (rf"E[OR]?W(?:{_AND}G*W)*|[GA]*w(?:{_AND}G*[wW])*|Ew(?:{_AND}w)*", _every_days),
    (r"[EG]*K|[EG]q|[EG]*Z|Ek", _every_days),
    (r"E(?:a?[FQ]G?a?U|a?u|[OR]?U|[Nna]U)|Y", _every),
    (r"EP", _every_part),
    (r"EG*(?:MG*[RN]|[RN]G*M)", _named_date),
    (r"ER", lambda words: Slots(every=Repetition("month"), nth=_nth(words))),
    (rf"G*W(?:{_AND}G*W)+", _every_days),
    (rf"G*W(?:{_AND}G*W)+|G*w(?:{_AND}G*w)*", _which_days),
    (r"G*(?:MG*[RN],?y?|g?[RN]G*M(?:G?yU?)?)", _named_date),
    (r"G*d", _date),
    (r"D", _ahead),
    (r"B", _tonight),
    (r"G*WG*XU|XUG*W", _weekday),
    (r"[GA]*(?:XW|WX|HW|WH|W)", _weekday),
    (r"G*XU", _next_unit),
    (r"[GHX]*k", _weekend),
    (r"[GA]*(?:[Fb]p?|Q[pt]|n[pt]|Np)[Nn]C?", _spoken),
    (r"A?G*[Nn]C?[&o](?:a?[FQ]|n)", _and_a_half),
    (r"(?:AG*)?TC?m?", _written),
    (r"A?G*NCN", _hour),
    (r"A?G*[Nn](?:C|m)|AG*[Nn]C?m?", _hour),
    (r"[GA]*S", _noon),
    (r"[GAI]*H?G*P", _part),
    (r"G*L[UW]|G*RW", _within_month),
    (r"G*R|G*gN", _month_day),
    (r",", _nothing),
)
_PATTERNS = tuple((re.compile(pattern), take) for pattern, take in _TABLE)
