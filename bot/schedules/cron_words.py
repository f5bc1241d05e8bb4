"""What other programs write in cron, and people: as what cronsim reads."""

import re
from collections.abc import Mapping

from bot.schedules.kinds import WEEKDAYS

NICKNAMES: Mapping[str, str] = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_LIMITS = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12), "weekday": (0, 6)}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_LONG_MONTHS = ("JANUARY", "FEBRUARY", "MARCH", "APRIL", "JUNE", "JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER")
_NUMBERS = {
    "weekday": {day[:3].upper(): (number + 1) % 7 for number, day in enumerate(WEEKDAYS)},
    "month": {month: number for number, month in enumerate(_MONTHS, 1)},
}
_LONG = re.compile(r"[A-Z]{4,9}")
_FULL = {
    **{day.upper(): day[:3].upper() for day in WEEKDAYS},
    **{month: month[:3] for month in (*_LONG_MONTHS, "DECEMBER")},
}
_RANGE = re.compile(r"(\w{1,3})-(\w{1,3})")


def plain(field: str, name: str) -> str:
    """A field in upper case: `?` for any, names as three letters, and a range across its end as a list."""
    text = _LONG.sub(lambda word: _FULL.get(word[0], word[0]), field.upper())
    if text == "?" and name in ("day", "weekday"):
        return "*"
    return ",".join(_across(part, name) for part in text.split(","))


def _across(part: str, name: str) -> str:
    """Friday to Monday, or ten at night to six, which cronsim has no range for."""
    ends = _RANGE.fullmatch(part)
    first, last = (_number(ends[1], name), _number(ends[2], name)) if ends else (None, None)
    least, most = _LIMITS[name]
    if first is None or last is None or not least <= last < first <= most:
        return part
    return ",".join(str(number) for number in (*range(first, most + 1), *range(least, last + 1)))


def _number(word: str, name: str) -> int | None:
    if re.fullmatch("[0-9]{1,2}", word):
        return int(word)
    return _NUMBERS.get(name, {}).get(word)
