"""The words of a schedule that a person wrote, read one after another."""

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from bot.schedules import wallclock
from bot.schedules.errors import ScheduleError
from bot.schedules.kinds import LONGEST, UNITS, WEEKDAYS, TimeUnit

_END = datetime.combine(wallclock.LAST_DAY, time(), UTC)
# A number and the unit that is written together with it are two words.
_WORD = re.compile(r"[0-9]+(?=[a-z]+(?:[\s,]|$))|[^\s,]+|,", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_MONTH_DAY = re.compile(r"0?[1-9]|[12][0-9]|3[01]")
_OTHER_DAYS = {"tues": 1, "weds": 2, "thur": 3, "thurs": 3}
_DAY_NUMBERS = {name.lower(): day for day, full in enumerate(WEEKDAYS) for name in (full, full[:3])} | _OTHER_DAYS
_SHORT_UNITS = {"minute": ("min", "m"), "hour": ("hr", "h"), "day": ("d",)}
_UNITS = {name: unit for unit in UNITS for name in (unit.name, *_SHORT_UNITS[unit.name])}
_TOO_SHORT = {"second", "sec", "s"}


class Words:
    """A cursor over the words of a schedule, with what reading them needs to know."""

    def __init__(self, text: str, zone: ZoneInfo, now: datetime) -> None:
        self.text = text
        self.zone = zone
        self.now = now
        self.example = "every 30 minutes"
        words = [(match[0].lower(), match.start()) for match in _WORD.finditer(text)]
        self._ahead = [("", len(text)), *reversed(words)]

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
        is_next = self.next == word
        if is_next:
            self._ahead.pop()
        return is_next

    def take_all(self) -> None:
        """Move to the end."""
        del self._ahead[1:]

    def error(self, expected: str, position: int | None = None, **values: object) -> ScheduleError:
        """Return the error that something else is expected here, or at `position`."""
        at = self.position if position is None else position
        return ScheduleError(self.text, at, expected, self.example, **values)

    def span(self) -> tuple[int, TimeUnit]:
        """Read a number of units that stays within ten years and within the calendar."""
        position = self.position
        digits = self._digits()
        unit = self._unit()
        # The length is looked at first: int() refuses thousands of digits, and a timedelta overflows.
        if len(digits) > 9 or int(digits) > LONGEST // unit.span:
            raise self.error("ten_years", position)
        if int(digits) * unit.span > _END - self.now:
            raise self.error("end_of_time", position)
        return int(digits), unit

    def clock(self) -> time:
        """Read a time of day, with or without "at" before it."""
        self.take("at")
        clock = _TIME.fullmatch(self.next)
        if not clock:
            raise self.error("time")
        self.take(clock[0])
        return time(int(clock[1]), int(clock[2]))

    def date(self) -> date:
        """Read a date of the calendar."""
        expected = self.error("date")
        if not _DATE.fullmatch(self.next):
            raise expected
        try:
            day = date.fromisoformat(self.next)
        except ValueError:
            raise self.error("real_day") from None
        if not wallclock.FIRST_DAY <= day <= wallclock.LAST_DAY:
            raise expected
        self.take(self.next)
        return day

    def month_day(self) -> int:
        """Read a day of the month; -1 is the last one."""
        if self.take("last"):
            return -1
        day = _MONTH_DAY.fullmatch(self.next)
        if not day:
            raise self.error("month_day")
        self.take(day[0])
        return int(day[0])

    def weekdays(self) -> frozenset[int]:
        """Read weekdays with commas between them, with or without "on" before them."""
        self.take("on")
        days = {self._weekday()}
        while self.take(","):
            days.add(self._weekday())
        return frozenset(days)

    def _digits(self) -> str:
        digits = self.next
        if digits in _UNITS or digits in _TOO_SHORT:
            return "1"
        if not re.fullmatch(r"[0-9]+", digits) or not digits.strip("0"):
            raise self.error("number")
        self.take(digits)
        return digits.lstrip("0")

    def _unit(self) -> TimeUnit:
        name = _singular(self.next)
        unit = _UNITS.get(name)
        if unit is None:
            raise self.error("unit_short" if name in _TOO_SHORT else "unit")
        self.take(self.next)
        return unit

    def _weekday(self) -> int:
        day = _DAY_NUMBERS.get(self.next, _DAY_NUMBERS.get(_singular(self.next)))
        if day is None:
            raise self.error("weekday", days=", ".join(name[:3] for name in WEEKDAYS))
        self.take(self.next)
        return day


def _singular(word: str) -> str:
    """A word without the `s` of a plural; a single letter has none."""
    return word.removesuffix("s") if len(word) > 2 else word
