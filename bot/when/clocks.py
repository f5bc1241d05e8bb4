"""Times of day, as they are written and as they are said: each from the words that a pattern matched."""

from __future__ import annotations

from bot.when.language import Matched, letters, numbers, values
from bot.when.slots import Slots, TimeOfDay


def hour(words: Matched) -> Slots | None:
    """Six, six o'clock, 6 pm, and 7h30."""
    found = numbers(words, "Nn")
    halves = [str(half) for half in values(words, "m")]
    return _clocked(found[0], found[1] if len(found) > 1 else 0, False, "".join(halves))


def written(words: Matched) -> Slots | None:
    """18:00, 6.30, and 6:30 pm."""
    [value] = values(words, "T")
    assert isinstance(value, tuple)
    at, minute, is_sure = (number or 0 for number in value)
    return _clocked(at, minute, bool(is_sure), "".join(str(half) for half in values(words, "m")))


def read_out(words: Matched) -> Slots | None:
    """Six thirty, said as two numbers; below ten, only behind “o'clock”."""
    found, kinds = numbers(words, "Nn"), letters(words)
    if (found[1] < 10 and "C" not in kinds) or set(values(words, "U")) - {"minute"}:
        return None
    return _clocked(found[0], found[1], False, "".join(str(half) for half in values(words, "m")))


def noon(words: Matched) -> Slots:
    """Noon and midnight."""
    return Slots(clock=TimeOfDay(numbers(words, "S")[0], 0, True))


def noon_at_twelve(words: Matched) -> Slots | None:
    """Twelve noon."""
    [at], [twelve] = numbers(words, "Nn"), numbers(words, "S")
    return Slots(clock=TimeOfDay(twelve, 0, True)) if at in (12, twelve % 24) else None


def noon_and_a_half(words: Matched) -> Slots:
    """Half an hour, or a quarter, past noon or midnight."""
    return Slots(clock=TimeOfDay(numbers(words, "S")[0] % 24, 30 if "F" in letters(words) else 15, True))


def spoken(words: Matched) -> Slots | None:
    """Half past six, quarter to five, ten past nine, and half seven where that is half past six."""
    kinds, found = letters(words), numbers(words, "Nn")
    minutes = 30 if "F" in kinds else -30 if "b" in kinds else 15 if "Q" in kinds else found[0]
    return _around(found[-1], -minutes if "t" in kinds or "v" in kinds else minutes)


def around_half(words: Matched) -> Slots | None:
    """Five to half past, and five past it, where half past six is half of seven."""
    kinds, [minutes, at] = letters(words), numbers(words, "Nn")
    return _around(at, -30 + (minutes if "p" in kinds else -minutes)) if minutes < 30 else None


def half_to(words: Matched) -> Slots | None:
    """The same in one word, with the hour that it is half of."""
    return _around(numbers(words, "h")[0], -30)


def minutes_to(words: Matched) -> Slots | None:
    """Less five, nine: five to nine."""
    return _around([*numbers(words, "Nn"), 1][0], -numbers(words, "r")[0])


def and_a_half(words: Matched) -> Slots | None:
    """Nine and a half, and ten less a quarter, as several languages say it."""
    kinds, found = letters(words), numbers(words, "Nn")
    minutes = 30 if "F" in kinds else 15 if "Q" in kinds else found[-1]
    return _around(found[0], -minutes if "o" in kinds else minutes)


def of_part(clock: TimeOfDay, part: str | None) -> TimeOfDay | None:
    """Six in the evening, among several times; None where it may lie on another day, or there is no such time."""
    if part is None:
        return clock
    if part in ("morning", "dawn"):
        return TimeOfDay(clock.hour, clock.minute, True) if 1 <= clock.hour < 12 else None
    first = {"afternoon": 1, "evening": 5, "night": 6}.get(part, 12)
    return TimeOfDay(clock.hour + 12, clock.minute, True) if first <= clock.hour < 12 else None


def _clocked(hour: int, minute: int, is_sure: bool, half: str) -> Slots | None:
    if hour > 24 or minute > 59 or (hour == 24 and minute) or (half and not 1 <= hour <= 12):
        return None
    if half:
        return Slots(clock=TimeOfDay(hour % 12 + 12 * (half == "p"), minute, True))
    return Slots(clock=TimeOfDay(hour, minute, is_sure or hour > 12 or hour == 0))


def _around(hour: int, minutes: int) -> Slots | None:
    """So many minutes from an hour of twelve; what is before one o'clock is of twelve."""
    total = hour * 60 + minutes
    total += 12 * 60 * (total < 60)
    return Slots(clock=TimeOfDay(total // 60, total % 60)) if 1 <= hour <= 12 and abs(minutes) < 60 else None
