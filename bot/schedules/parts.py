"""The parts of an RRULE, each checked as it is read."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.schedules import wallclock
from bot.schedules.kinds import LONGEST, WEEKDAYS

MAX_COUNT = 10_000
"""Occurrences are counted from the first one on, so that a count costs time whenever the next is asked for."""
SPANS = {
    "YEARLY": timedelta(days=365),
    "MONTHLY": timedelta(days=30),
    "WEEKLY": timedelta(days=7),
    "DAILY": timedelta(days=1),
    "HOURLY": timedelta(hours=1),
    "MINUTELY": timedelta(minutes=1),
}
DAYS = {name[:2].upper(): day for day, name in enumerate(WEEKDAYS)}
_ORDER = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY")
ORDER = (*_ORDER, "BYHOUR", "BYMINUTE", "BYSECOND", "BYSETPOS")
# The greatest number, and the least: numbers below zero count from the end.
_LIMITS = {
    "BYMONTH": (1, 12),
    "BYWEEKNO": (-53, 53),
    "BYYEARDAY": (-366, 366),
    "BYMONTHDAY": (-31, 31),
    "BYHOUR": (0, 23),
    "BYMINUTE": (0, 59),
    "BYSECOND": (0, 59),
    "BYSETPOS": (-366, 366),
}
_NUMBER = re.compile(r"[+-]?[0-9]{1,3}")
_DAY = re.compile(r"([+-]?[0-9]{1,2})?([A-Z]{2})")
_UNTIL = re.compile(r"([0-9]{8}(?:T[0-9]{6})?)(Z?)")


class Problem(Protocol):
    """Makes the error that something else is expected in a part; names and values are those of ScheduleError."""

    def __call__(self, part: str, expected: str, **values: object) -> Exception: ...


def stamped(digits: str) -> datetime | None:
    """Read a time as RFC 5545 writes it, naive, a date alone as its midnight; None when it is none of the calendar."""
    try:
        local = datetime.strptime(digits, "%Y%m%dT%H%M%S" if "T" in digits.upper() else "%Y%m%d")
    except ValueError:
        return None
    return local if wallclock.FIRST_DAY <= local.date() <= wallclock.LAST_DAY else None


class Parts:
    """The parts of a rule by name; `problem` makes the error that something else is expected in a part."""

    def __init__(self, values: dict[str, str], problem: Problem) -> None:
        self.values = values
        self._problem = problem
        self.frequency = values.get("FREQ", "")
        if self.frequency not in SPANS:
            expected = "frequency_short" if self.frequency == "SECONDLY" else "frequency"
            raise problem("FREQ", expected, names=", ".join(SPANS))
        self._check()

    @property
    def text(self) -> str:
        """The rule in one order of parts."""
        return ";".join(f"{name}={self.values[name]}" for name in ORDER if name in self.values)

    @property
    def is_elapsed(self) -> bool:
        """True if the rule is one of hours or minutes, which pass by themselves."""
        return SPANS[self.frequency] < SPANS["DAILY"]

    def number(self, name: str, most: int) -> int | None:
        """Read a number from 1 to `most`; None where the part is absent."""
        value = self.values.get(name)
        if value is None:
            return None
        if not re.fullmatch(r"[0-9]{1,9}", value) or not 1 <= int(value) <= most:
            raise self._problem(name, "number_to", most=most)
        return int(value)

    def interval(self) -> int:
        """Read the interval, which ten years limit."""
        return self.number("INTERVAL", LONGEST // SPANS[self.frequency]) or 1

    def numbers(self, name: str) -> tuple[int, ...]:
        """Read a list of numbers, ascending; empty where the part is absent."""
        least, most = _LIMITS[name]
        words = self.values[name].split(",") if name in self.values else []
        fine = all(_NUMBER.fullmatch(word) and least <= int(word) <= most for word in words)
        numbers = {int(word) for word in words} if fine else {0}
        if not fine or (least < 0 and 0 in numbers):
            raise self._problem(name, "numbers_without_0" if least < 0 else "numbers", least=least, most=most)
        return tuple(sorted(numbers))

    def weekdays(self) -> tuple[tuple[int, int], ...]:
        """Read weekdays as (0 for Monday, n), each once, n being 0 or the nth of the month or year."""
        return tuple(dict.fromkeys(self._weekdays())) if "BYDAY" in self.values else ()

    def week_start(self) -> int:
        """Read the day on which weeks start, Monday unless said."""
        day = DAYS.get(self.values.get("WKST", "MO"))
        if day is None:
            raise self._problem("WKST", "one_of", names=", ".join(DAYS))
        return day

    def until(self, zone: ZoneInfo) -> datetime | None:
        """Read the last instant: in UTC with Z, else in the zone; a date alone means all of that day."""
        if "UNTIL" not in self.values:
            return None
        until = _UNTIL.fullmatch(self.values["UNTIL"])
        local = stamped(until[1]) if until else None
        if until is None or local is None:
            raise self._problem("UNTIL", "stamp", form="20261231T225959Z")
        last = local if "T" in until[1] else local + timedelta(days=1, seconds=-1)
        return last.replace(tzinfo=UTC) if until[2] else wallclock.instant(last, zone)

    def _weekdays(self) -> Iterator[tuple[int, int]]:
        most = 0
        if self.frequency == "MONTHLY" or (self.frequency == "YEARLY" and "BYMONTH" in self.values):
            most = 5
        elif self.frequency == "YEARLY" and "BYWEEKNO" not in self.values:
            most = 53
        for word in self.values["BYDAY"].split(","):
            weekday = _DAY.fullmatch(word)
            nth = int(weekday[1] or 0) if weekday else 0
            if not weekday or weekday[2] not in DAYS or abs(nth) > most or (weekday[1] and not nth):
                expected = "rule_weekdays_numbered" if most else "rule_weekdays"
                raise self._problem("BYDAY", expected, names=", ".join(DAYS), most=most)
            yield DAYS[weekday[2]], nth

    def _check(self) -> None:
        if len(self.numbers("BYSECOND")) > 1:
            raise self._problem("BYSECOND", "one_second")
        if "COUNT" in self.values and "UNTIL" in self.values:
            raise self._problem("COUNT", "count_or_until")
        if self.is_elapsed and "BYSETPOS" in self.values:
            raise self._problem("BYSETPOS", "no_positions")
