"""What tests of schedules share: zones and instants, and what the clocks of a zone show, found the slow way."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

from bot.schedules.kinds import Schedule
from bot.schedules.text import parse

MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)  # a Sunday

zones = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
instants = st.datetimes(datetime(1975, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))


@cache
def changes(zone: ZoneInfo, year: int) -> tuple[datetime, ...]:
    """The instants in a year, to the minute, at which the zone's offset changes."""
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(366)]
    found = []
    for start, end in pairwise(days):
        if start.astimezone(zone).utcoffset() != end.astimezone(zone).utcoffset():
            minutes = (start + n * MINUTE for n in range(1, 1441))
            offsets = ((minute, minute.astimezone(zone).utcoffset()) for minute in minutes)
            found.append(next(minute for minute, offset in offsets if offset != start.astimezone(zone).utcoffset()))
    return tuple(found)


def wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the clocks of a zone show."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def first_shown(local: datetime, zone: ZoneInfo) -> datetime:
    """The first minute at which the clocks show `local` or later, by looking at every minute around it."""
    start = local.replace(tzinfo=UTC) - timedelta(hours=16)
    minutes = (start + n * MINUTE for n in range(56 * 60))
    return next(minute for minute in minutes if wall(minute, zone) >= local)


def due(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """The instants of a schedule, in order."""
    found = schedule.next(after)
    while found is not None:
        yield found
        found = schedule.next(found)


def said(text: str, zone: ZoneInfo = BERLIN, now: datetime = NOW) -> Schedule:
    """The schedule that a person means."""
    return parse(text, zone=zone, now=now)
