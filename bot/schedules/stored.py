"""Stored schedules, as text: what the kinds write, and the forms of the earlier runtime."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.schedules import wallclock
from bot.schedules.kinds import LONGEST, UNITS, UTC_ZONE, WEEKDAYS, Daily, Interval, Once, Schedule, Weekly
from bot.schedules.text import EPOCH, ScheduleError, parse

_START = re.compile(r"DTSTART(?:;TZID=(?P<zone>[^:;\s]+))?:(?P<stamp>[0-9]{8}T[0-9]{6})(?P<utc>Z?)\r?\nRRULE:")
_DAYS = {name[:2].upper(): day for day, name in enumerate(WEEKDAYS)}
_UNITS = {unit.frequency: unit for unit in UNITS}
_LEGACY = re.compile(
    r"\s*(every\s+[0-9]+\s+(minute|hour|day)s?"
    r"|(daily\s+at|weekly\s+(mon|tue|wed|thu|fri|sat|sun))\s+[0-9]{1,2}:[0-9]{2})\s*",
    re.IGNORECASE | re.ASCII,
)
_EXAMPLE = "DTSTART;TZID=Europe/Berlin:20261122T180000\\nRRULE:FREQ=DAILY"


def is_legacy(stored: str) -> bool:
    """Tell whether a stored schedule is one of the earlier runtime's own forms (data model, databases)."""
    return _LEGACY.fullmatch(stored) is not None


def load(stored: str) -> Schedule:
    """Read what `stored()` wrote, or a form of the earlier runtime; raises ScheduleError.

    The earlier forms are in UTC and name no beginning, so their intervals count from 1970-01-01T00:00Z.
    """
    if is_legacy(stored):
        return parse(stored, zone=UTC_ZONE, now=EPOCH)
    head = _START.match(stored)
    if head is None or bool(head["zone"]) == bool(head["utc"]):
        raise _error(stored, 0, "DTSTART with a zone or Z, then RRULE on the next line")
    return _rule(stored, head.end(), _local(stored, head), _zone(stored, head))


def _rule(stored: str, position: int, local: datetime, zone: ZoneInfo) -> Schedule:
    parts = (part.partition("=") for part in stored[position:].strip().split(";"))
    match {name: value for name, _, value in parts}:
        case {"FREQ": "DAILY", **rest} if not rest:
            return Daily(start=local.date(), at=local.time(), zone=zone)
        case {"FREQ": "DAILY", "COUNT": "1", **rest} if not rest:
            return Once(local=local, zone=zone)
        case {"FREQ": "WEEKLY", "BYDAY": days, **rest} if not rest and set(days.split(",")) <= _DAYS.keys():
            on = frozenset(_DAYS[day] for day in days.split(","))
            return Weekly(start=local.date(), days=on, at=local.time(), zone=zone)
        case {"FREQ": frequency, "INTERVAL": count, **rest} if not rest and zone is UTC_ZONE:
            unit = _UNITS.get(frequency)
            if unit and re.fullmatch(r"[1-9][0-9]{0,8}", count) and int(count) <= LONGEST // unit.span:
                return Interval(start=local.replace(tzinfo=UTC), count=int(count), unit=unit)
    raise _error(stored, position, "a rule for an interval of up to ten years, for days, weekdays or one time")


def _local(stored: str, head: re.Match[str]) -> datetime:
    try:
        local = datetime.strptime(head["stamp"], "%Y%m%dT%H%M%S")
    except ValueError:
        local = datetime.min
    if not wallclock.FIRST_DAY <= local.date() <= wallclock.LAST_DAY:
        raise _error(stored, head.start("stamp"), "a date and time such as 20261122T180000")
    return local


def _zone(stored: str, head: re.Match[str]) -> ZoneInfo:
    try:
        return ZoneInfo(head["zone"]) if head["zone"] else UTC_ZONE
    except (KeyError, ValueError, OSError) as error:
        # Besides an unknown name: a path out of the database, or one of its folders.
        raise _error(stored, head.start("zone"), "the name of a time zone") from error


def _error(stored: str, position: int, expected: str) -> ScheduleError:
    return ScheduleError(stored, position, expected, _EXAMPLE)
