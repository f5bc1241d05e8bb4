"""What people write for a schedule, as a schedule: a table of forms, read word by word."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.schedules import wallclock
from bot.schedules.kinds import (
    LONGEST,
    UNITS,
    UTC_ZONE,
    WEEKDAYS,
    WORKDAYS,
    Daily,
    Interval,
    Once,
    Schedule,
    Unit,
    Weekly,
    weekly_days,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_END = datetime.combine(wallclock.LAST_DAY, time(), UTC)
_WORD = re.compile(r"[^\s,]+|,")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_DAY_NUMBERS = {name.lower(): day for day, full in enumerate(WEEKDAYS) for name in (full, full[:3])}
_EVERY_DAY = frozenset(range(7))


class ScheduleError(ValueError):
    """This schedule cannot be read."""

    def __init__(self, text: str, position: int, expected: str, example: str = "daily at 18:00") -> None:
        """Keep the text, the index in it where reading failed, what belongs there, and a valid schedule."""
        super().__init__(text, position, expected, example)
        self.text = text
        self.position = position
        self.expected = expected
        self.example = example

    def __str__(self) -> str:
        """Say where it fails, what is expected there, and show a valid example."""
        word = next(iter(self.text[self.position :].split()), "")
        shown = word if len(word) <= 30 else f"{word[:29]}…"
        where = f'character {self.position + 1} ("{shown}")' if word else "its end"
        return f"This schedule cannot be read at {where}: expected {self.expected}. Example: {self.example}"


class _Words:
    """A cursor over the words of a schedule, with what reading them needs to know."""

    def __init__(self, text: str, zone: ZoneInfo, now: datetime) -> None:
        self.text = text
        self.zone = zone
        self.now = now
        self.example = "every 30 minutes"
        found = [(match[0].lower(), match.start()) for match in _WORD.finditer(text)]
        self._ahead = [("", len(text)), *reversed(found)]

    @property
    def next(self) -> str:
        """The word at the cursor in lower case, empty at the end."""
        return self._ahead[-1][0]

    @property
    def position(self) -> int:
        """Where the word at the cursor begins."""
        return self._ahead[-1][1]

    def take(self, word: str) -> bool:
        """Move on if the cursor is at `word`, and tell whether it was."""
        found = self.next == word
        if found:
            self._ahead.pop()
        return found

    def error(self, expected: str, position: int | None = None) -> ScheduleError:
        """Return the error that something else is expected here, or at `position`."""
        at = self.position if position is None else position
        return ScheduleError(self.text, at, expected, self.example)

    def span(self) -> tuple[int, Unit]:
        """Read a number of units that stays within ten years and within the calendar."""
        position = self.position
        digits = self._digits()
        unit = self._unit()
        # The length is looked at first: int() refuses thousands of digits, and a timedelta overflows.
        if len(digits) > 9 or int(digits) > LONGEST // unit.span:
            raise self.error("at most ten years", position)
        if int(digits) * unit.span > _END - self.now:
            raise self.error("a time before the end of the year 9999", position)
        return int(digits), unit

    def clock(self) -> time:
        """Read a time of day, with or without "at" before it."""
        self.take("at")
        found = _TIME.fullmatch(self.next)
        if not found:
            raise self.error("a time of day as HH:MM, from 00:00 to 23:59")
        self.take(found[0])
        return time(int(found[1]), int(found[2]))

    def weekdays(self) -> frozenset[int]:
        """Read weekdays with commas between them."""
        days = {self._weekday()}
        while self.take(","):
            days.add(self._weekday())
        return frozenset(days)

    def _digits(self) -> str:
        digits = self.next
        if digits in {"second", *(unit.name for unit in UNITS)}:
            return "1"
        if not re.fullmatch(r"[0-9]+", digits) or not digits.strip("0"):
            raise self.error("a whole number from 1")
        self.take(digits)
        return digits.lstrip("0")

    def _unit(self) -> Unit:
        name = self.next.removesuffix("s")
        unit = next((unit for unit in UNITS if unit.name == name), None)
        if unit is None:
            short = name in {"s", "sec", "second"}
            raise self.error("minutes, hours or days" + ("; the shortest time is one minute" if short else ""))
        self.take(self.next)
        return unit

    def _weekday(self) -> int:
        day = _DAY_NUMBERS.get(self.next)
        if day is None:
            raise self.error("a weekday, one of " + ", ".join(name[:3] for name in WEEKDAYS))
        self.take(self.next)
        return day


def _every(words: _Words) -> Schedule:
    if words.take("day"):
        words.example = "every day at 18:00"
        return _daily(words)
    count, unit = words.span()
    return Interval(start=words.now, count=count, unit=unit)


def _in(words: _Words) -> Schedule:
    count, unit = words.span()
    # In UTC: as wall clock, an instant in the second pass of a fold would move to the first.
    return Once(local=(words.now + count * unit.span).replace(tzinfo=None), zone=UTC_ZONE)


def _daily(words: _Words) -> Schedule:
    at = words.clock()
    return Daily(start=_first(words, _EVERY_DAY, at), at=at, zone=words.zone)


def _weekdays(words: _Words) -> Schedule:
    return _on(words, WORKDAYS)


def _weekly(words: _Words) -> Schedule:
    return _on(words, words.weekdays())


def _on(words: _Words, days: frozenset[int]) -> Schedule:
    at = words.clock()
    return Weekly(start=_first(words, days, at), days=days, at=at, zone=words.zone)


def _first(words: _Words, days: frozenset[int], at: time) -> date:
    """Return the day of the first occurrence after now: an RRULE counts its DTSTART as an occurrence."""
    day = wallclock.day_after(words.now, weekly_days(days, wallclock.FIRST_DAY, words.now), at, words.zone)
    if day is None:
        raise words.error("a time before the end of the year 9999")
    return day


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A way of writing schedules: the first words that announce it, an example, and what reads the rest."""

    opens: re.Pattern[str]
    example: str
    read: Callable[[_Words], Schedule]


# The order in which an error lists them; each first word belongs to one form only.
FORMS = (
    Form(opens=re.compile("every"), example="every 30 minutes", read=_every),
    Form(opens=re.compile("daily"), example="daily at 18:00", read=_daily),
    Form(opens=re.compile("weekdays"), example="weekdays 09:00", read=_weekdays),
    Form(opens=re.compile("weekly"), example="weekly Mon,Thu 07:00", read=_weekly),
    Form(opens=re.compile("in"), example="in 20 minutes", read=_in),
)


def parse(text: str, *, zone: ZoneInfo, now: datetime) -> Schedule:
    """Read a schedule as people write it, in their zone, from `now` (aware UTC) on; raises ScheduleError."""
    words = _Words(text, zone, EPOCH + (now - EPOCH) // _SECOND * _SECOND)
    form = next((form for form in FORMS if form.opens.fullmatch(words.next)), None)
    if form is None:
        raise words.error("a form such as " + ", ".join(form.example for form in FORMS))
    words.example = form.example
    words.take(words.next)
    schedule = form.read(words)
    if words.next:
        raise words.error("nothing more")
    return schedule
