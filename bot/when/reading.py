"""From tokens to slots: a table of patterns over the kinds of words, tried until every word is used up."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import islice, product

from bot.when import clocks
from bot.when.language import DECIMAL, UNKNOWN, Matched, WordValue, letters, numbers, values
from bot.when.slots import CalendarDay, Lapse, NamedDay, Nth, Repetition, Slots, TimeOfDay
from bot.when.tokens import Token

MOST_WORDS = 16
"""Of a time; more are none."""
_MOST_READINGS = 24
_MOST_STEPS = 200
_MINUTES = {"minute": 1, "hour": 60, "day": 1440, "week": 10080}
_MONTHS = {"month": 1, "year": 12}
_SECOND = "2 "
"""Before a unit: every second one."""
_FRACTIONS = {"F": 0.5, "Q": 0.25}
_AND = "[&,]+"


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
        for length, take in _matching(self._kinds[at:]):
            self._left -= 1
            more = take(self._words[at : at + length]) if self._left > 0 else None
            joined = read.joined(more) if more is not None else None
            whole = self._from(at + length, joined) if joined is not None else None
            if whole is not None:
                return whole
        return None


def _nothing(words: Matched) -> Slots:
    return Slots()


def _span(words: Matched) -> Lapse | None:
    """A length of time: “an hour and a half”, “1h30”, “2 weeks”, “a quarter of an hour”."""
    minutes, months, count, fraction, unit = 0.0, 0.0, 1.0, 0.0, ""
    words = _quartered(words)
    for place, (kind, value) in enumerate(words):
        if kind == "u":
            minutes += float(str(value))
        elif kind in "Nnx":
            count = float(str(value))
            if place == len(words) - 1 and unit == "hour":  # 1h30, and one hour thirty
                minutes += count
        elif kind in _FRACTIONS:
            fraction = _FRACTIONS[kind]
            if unit:
                minutes += _MINUTES.get(unit, 0) * fraction
                months += _MONTHS.get(unit, 0) * fraction
                fraction = 0.0
        elif kind == "U" and not (unit == value and words[place - 1][0] in "FQ"):
            unit = str(value)
            # “half an hour” has no number, “two and a half hours” has one.
            has_number = any(each in "Nnx" for each, _ in words[:place])
            amount = count + fraction if has_number or not fraction else fraction
            if unit in _MINUTES:
                minutes += _MINUTES[unit] * amount
            else:
                months += _MONTHS[unit] * amount
            count, fraction = 1.0, 0.0
    is_whole = minutes == int(minutes) and months == int(months)
    return Lapse(int(minutes), int(months)) if is_whole else None


def _quartered(words: Matched) -> Matched:
    """Three quarters, as a number."""
    if letters(words)[:2] not in ("NQ", "nQ"):
        return words
    return [(DECIMAL, numbers(words, "Nn")[0] * _FRACTIONS["Q"]), *words[2:]]


def _after(words: Matched) -> Slots | None:
    span = _span([word for word in words if word[0] not in "IJG"])
    return None if span is None else Slots(after=span)


def _lasting(words: Matched) -> Slots | None:
    span = _span([word for word in words if word[0] not in "fGX"])
    return None if span is None else Slots(lasting=span)


def _until(words: Matched) -> Slots | None:
    inner = _Reader(words[1:]).slots()
    return None if inner is None else Slots(until=inner)


def _weeks_from(words: Matched) -> Slots | None:
    """Today in two weeks, Friday in a week, and a week from tomorrow: whole days from a day."""
    days, weekdays = numbers(words, "D"), numbers(words, "W")
    span = _span([word for word in words if word[0] not in "DWIzG"])
    if span is None or span.months or span.minutes % _MINUTES["day"] or not span.minutes:
        return None
    ahead = span.minutes // _MINUTES["day"]
    if days:
        return Slots(day=CalendarDay(ahead=days[0] + ahead))
    return Slots(named=NamedDay(weekdays[0], weeks=ahead // 7)) if ahead % 7 == 0 else None


def _often(words: Matched) -> Slots | None:
    """Twice a day, three times a week; alone it is of a repetition that is named elsewhere."""
    units, found = [str(unit) for unit in values(words, "UY")], numbers(words, "cNn")
    if not 1 <= found[0] <= 24 or (units and units[0].startswith(_SECOND)):
        return None
    return Slots(often=found[0], every=Repetition(units[0]) if units else None)


def _without(words: Matched) -> Slots:
    """The weekdays that an exception names."""
    kinds = letters(words)
    return Slots(without=tuple(sorted(set(numbers(words, "Ww")))) or ((5, 6) if "K" not in kinds else tuple(range(5))))


def _several(words: Matched) -> Slots | None:
    """Several times of day: 9 and 18, 8 am, noon and 6 pm; one of them must be more than a number."""
    if not set(letters(words)) & set("ATmCSptb"):
        return None
    pieces: list[list[tuple[str, WordValue]]] = [[]]
    for word in words:
        if word[0] not in "&,":
            pieces[-1].append(word)
        elif pieces[-1]:
            pieces.append([])
    if "P" in letters(pieces[-1]) and not all("P" in letters(piece) for piece in pieces):
        return None  # “at 6 and 9 in the evening” may be all of the evening
    clocked: list[TimeOfDay] = []
    for piece in pieces:
        at = next((place for place, (kind, _) in enumerate(piece) if kind not in "AG"), 0)
        told = _Reader([("A", ""), *piece[at:]]).slots()
        clock = None if told is None or told.clock is None else clocks.of_part(told.clock, told.part)
        if told is None or clock is None or told != Slots(clock=told.clock, part=told.part, is_alone=told.is_alone):
            return None
        clocked.append(clock)
    return Slots(clock=clocked[0], also=tuple(clocked[1:]))


def _every(words: Matched) -> Slots | None:
    kinds, units = letters(words), [str(unit) for unit in values(words, "UY")]
    counts = numbers(words, "NnR")
    if "F" in kinds or "Q" in kinds or "u" in kinds:
        span = _span([word for word in words if word[0] != "E"])
        if span is None or not span.minutes:
            return None
        weeks, rest = divmod(span.minutes, _MINUTES["week"])
        return Slots(every=Repetition("minute", span.minutes) if rest else Repetition("week", weeks))
    count = counts[0] if counts else 2 if "O" in kinds or units[0].startswith(_SECOND) else 1
    return Slots(every=Repetition(units[0].removeprefix(_SECOND), count)) if count else None


def _every_days(words: Matched) -> Slots | None:
    """On some weekdays of every week, or of every second one; every third Monday may be one of a month."""
    kinds = letters(words)
    if any(number != 2 for number in numbers(words, "R")):
        return None
    days = tuple(sorted(set(numbers(words, "Ww"))))
    days = days or (tuple(range(5)) if "K" in kinds or "q" in kinds else (5, 6))
    return Slots(every=Repetition("week", 2 if "O" in kinds or "R" in kinds else 1), weekdays=days)


def _weekday_range(words: Matched) -> Slots:
    """Monday through Friday, and Saturday to Tuesday."""
    first, last = numbers(words, "W")
    days = {(first + more) % 7 for more in range((last - first) % 7 + 1)}
    return Slots(every=Repetition("week"), weekdays=tuple(sorted(days)))


def _which_days(words: Matched) -> Slots:
    """Several weekdays behind “every two weeks”."""
    return Slots(weekdays=tuple(sorted(set(numbers(words, "Ww")))))


def _every_part(words: Matched) -> Slots:
    return Slots(every=Repetition("day"), part=str(words[-1][1]))


def _nth(words: Matched) -> Nth | None:
    weekdays, found = numbers(words, "W"), numbers(words, "RN")
    number = found[0] if found else -1
    if not -1 <= number <= (4 if weekdays else 31) or number == 0:
        return None
    if not all(1 <= each <= (4 if weekdays else 31) for each in found[1:]):
        return None
    return Nth(number, weekdays[0] if weekdays else None, tuple(sorted(set(found[1:]) - {number})))


def _of_month(words: Matched) -> Slots | None:
    """The nth day, or the nth weekday, of every month."""
    units, nth = [str(unit) for unit in values(words, "U")], _nth(words)
    if nth is None or (units and units[-1] != "month") or units[:-1] not in ([], ["day"]):
        return None
    if nth.weekday is None and "L" in letters(words) and units[:-1] != ["day"]:
        return None
    return Slots(every=Repetition("month"), nth=nth)


def _within_month(words: Matched) -> Slots | None:
    """The last day, or the nth weekday, behind “every month”."""
    units, nth = values(words, "U"), _nth(words)
    return Slots(nth=nth) if nth is not None and units in ([], ["day"]) else None


def _date(words: Matched) -> Slots | None:
    [value] = values(words, "d")
    assert isinstance(value, tuple)
    year, month, number = value
    return Slots(day=CalendarDay(year=year, month=month, number=number))


def _named_date(words: Matched) -> Slots:
    [month], [number], years = numbers(words, "M"), numbers(words, "NR"), numbers(words, "y")
    every = Repetition("year") if words[0][0] == "E" else None
    return Slots(every=every, day=CalendarDay(year=years[0] if years else None, month=month, number=number))


def _month_day(words: Matched) -> Slots | None:
    [number] = numbers(words, "RN")
    return Slots(day=CalendarDay(number=number)) if 1 <= number <= 31 else None


def _ahead(words: Matched) -> Slots:
    return Slots(day=CalendarDay(ahead=numbers(words, "D")[0]))


def _tonight(words: Matched) -> Slots:
    return Slots(day=CalendarDay(ahead=0), part=str(words[-1][1]))


def _weekday(words: Matched) -> Slots | None:
    kinds = letters(words)
    weekday = numbers(words, "W")[0]
    units = values(words, "U")
    if units:
        return Slots(named=NamedDay(weekday, "next_week")) if units == ["week"] else None
    return Slots(named=NamedDay(weekday, "next" if "X" in kinds else "this" if "H" in kinds else ""))


def _next_unit(words: Matched) -> Slots | None:
    """Next week is its Monday; next month, and this one, may be any day of it."""
    units, kinds = values(words, "U"), letters(words)
    if units == ["week"] and "H" not in kinds:
        return Slots(named=NamedDay(0, "next_week", weeks=int("i" in kinds)))
    return Slots(month=0 if "H" in kinds else 2 if "i" in kinds else 1) if units == ["month"] else None


def _after_next(words: Matched) -> Slots | None:
    """A day of the week after the next one."""
    weekday = NamedDay(numbers(words, "W")[0], "next_week", weeks=1)
    return Slots(named=weekday) if values(words, "U") == ["week"] else None


def _weekend(words: Matched) -> Slots:
    return Slots(named=NamedDay(5, "next_weekend" if "X" in letters(words) else "weekend"))


def _hour_of_part(words: Matched) -> Slots | None:
    """Three of the afternoon."""
    clock = clocks.hour(words)
    return None if clock is None else clock.joined(Slots(part=str(values(words, "P")[0])))


def _parts(words: Matched) -> Slots:
    """Every morning and evening; without “every” it may be of one day."""
    every = Repetition("day") if "E" in letters(words) else None
    return Slots(every=every, parts=tuple(str(part) for part in values(words, "Pj")))


def _part(words: Matched) -> Slots:
    """In the evening, which is the coming one where no day is named, as a mere evening is not; this evening."""
    part, kinds = str(values(words, "Pj")[0]), letters(words)
    if "H" in kinds:
        return Slots(day=CalendarDay(ahead=0), part=part)
    return Slots(part=part, is_alone=True if kinds != "P" else None)


_LENGTH = r"(?:a?[FQ]G?a?U|[Nn]QG?a?U|a?u|xG?a?U|[Nn]&a?FU|[Nna]?U(?:&?[Nn]U)*(?:&a?[FQ]U?|[Nn](?!U))?)"
_ONE_TIME = r"[GA]*(?:TC?m?|(?:[Fb]p?|Q[pt]|n[pt])[Nn]C?|[Nn]C[Nn]|nn|[Nn]C?m?|S)"
_OF_PART = rf"{_ONE_TIME}(?:[GAI=]*P)?"
_DAY = r"(?:G*d|G*(?:MG*[RN]|[RN]G*M)y?|G*[XH]?W|D|G*R|G*gN)"
_Take = Callable[[Matched], Slots | None]
_TABLE: tuple[tuple[str, _Take], ...] = (
    (rf"V{_DAY}", _until),
    (rf"fG*X?{_LENGTH}", _lasting),
    (rf"I{_LENGTH}|{_LENGTH}J", _after),
    (rf"G*DI{_LENGTH}|G*{_LENGTH}zG*[DW]|G*WI[Nna]?U", _weeks_from),
    (r"(?:c|[Nn]s)(?:[aGlEA]*U|Y)|c|[Nn]s", _often),
    (rf"e[GAE]*(?:[Ww](?:{_AND}[GA]*[Ww])*|[ZkK])", _without),
    (rf"[EG]*R(?:{_AND}G*R)+W?G*[EG]U|ER(?:{_AND}E?G*R)+", _of_month),
    (r"[EG]*(?:[RL]W|[RL]U|LG*U|R|gN)G*(?:E|G)U|G+NG*EU", _of_month),
    (r"[EGz]*W[Vt]G*W", _weekday_range),
    (rf"E[OR]?W(?:{_AND}[EG]*W)*|[GA]*w(?:{_AND}G*[wW])*|Ew(?:{_AND}w)*", _every_days),
    (r"[EG]*K|[EG]q|[EG]*Z|Ek", _every_days),
    (r"E(?:a?[FQ]G?a?U|a?u|[OR]?U|[Nna]U)|Y", _every),
    (rf"[GAI=E]*[Pj](?:{_AND}[GAI=E]*[Pj])+", _parts),
    (r"EP", _every_part),
    (r"EG*(?:MG*[RN]|[RN]G*M)", _named_date),
    (r"ER", lambda words: Slots(every=Repetition("month"), nth=_nth(words))),
    (rf"G*W(?:{_AND}G*W)+", _every_days),
    (rf"G*W(?:{_AND}G*W)+|G*w(?:{_AND}G*w)*", _which_days),
    (r"G*(?:MG*[RN],?y?|g?[RN]G*M(?:G?yU?)?)", _named_date),
    (r"G*d", _date),
    (r"D", _ahead),
    (r"B", _tonight),
    (r"G*WG*(?:XU|UX)|G*(?:XU|UX)G*W", _weekday),
    (r"G*WG*iU|G*iUG*W", _after_next),
    (r"[GA]*(?:XW|WX|HW|WH|W)", _weekday),
    (r"[GA]*(?:[XHi]U|UX)", _next_unit),
    (r"[GHX]*k", _weekend),
    (r"[GA]*(?:[Fb]p?|Q[pt]|n[pt]|Np)[Nn]C?|AG*N[tv][Nn]C?", clocks.spoken),
    (r"[GA]*[Nn][pt]b[Nn]C?", clocks.around_half),
    (r"[GA]*h", clocks.half_to),
    (r"[GA]*r(?:[Nn]C?|C)", clocks.minutes_to),
    (r"A?G*[Nn]C?(?:&a?[FQ]|o(?:a?[FQ]|n)|\+n)", clocks.and_a_half),
    (rf"{_OF_PART}(?:{_AND}{_OF_PART})+", _several),
    (rf"{_ONE_TIME}(?:{_AND}{_ONE_TIME})+", _several),
    (r"A?G*nnm?|A?G*[Nn]CnU?", clocks.read_out),
    (r"A?G*[Nn]C?G*S", clocks.noon_at_twelve),
    (r"[GA]*S&?a?[FQ]", clocks.noon_and_a_half),
    (r"[Nn]=P", _hour_of_part),
    (r"(?:AG*)?TC?m?", clocks.written),
    (r"A?G*NCN", clocks.hour),
    (r"A?G*[Nn](?:C|m)|AG*[Nn]C?m?", clocks.hour),
    (r"[GA]*S", clocks.noon),
    (r"[GAI=]*H?G*[Pj]", _part),
    (r"G*L[UW]|G*RW", _within_month),
    (r"G*R|G*gN", _month_day),
    (r",", _nothing),
)
_PATTERNS = tuple((re.compile(pattern), take) for pattern, take in _TABLE)


@lru_cache(maxsize=2048)
def _matching(kinds: str) -> tuple[tuple[int, _Take], ...]:
    """The patterns with which these kinds begin: how many words each takes, and what it makes of them."""
    found = ((pattern.match(kinds), take) for pattern, take in _PATTERNS)
    return tuple((match.end(), take) for match, take in found if match is not None and match.end())
