"""Stored schedules, as text: what the kinds write, and the forms of the earlier runtime."""

import re

from bot.schedules import cron, rrule
from bot.schedules.kinds import UTC_ZONE, Schedule
from bot.schedules.text import EPOCH, parse

_LEGACY = re.compile(
    r"\s*(every\s+[0-9]+\s+(minute|hour|day)s?"
    r"|(daily\s+at|weekly\s+(mon|tue|wed|thu|fri|sat|sun))\s+[0-9]{1,2}:[0-9]{2})\s*",
    re.IGNORECASE | re.ASCII,
)
_CRON = re.compile(r"\s*cron;", re.IGNORECASE)


def is_legacy(stored: str) -> bool:
    """Tell whether a stored schedule is one of the earlier runtime's own forms (data model, databases)."""
    return _LEGACY.fullmatch(stored) is not None


def load(stored: str) -> Schedule:
    """Read what `stored()` wrote, or a form of the earlier runtime; raises ScheduleError.

    The earlier forms are in UTC and name no beginning, so their intervals count from 1970-01-01T00:00Z.
    """
    if is_legacy(stored):
        return parse(stored, zone=UTC_ZONE, now=EPOCH)
    if _CRON.match(stored):
        return cron.read(stored, None)
    return rrule.load(stored)
