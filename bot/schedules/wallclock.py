"""Wall-clock times as instants, across daylight saving and every other change that a zone makes."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FIRST_DAY = date(1, 1, 3)
LAST_DAY = date(9999, 12, 29)  # so that no offset carries an instant past what a datetime can hold


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which the clocks of `zone` first show `local` (naive) or, in a gap, later.

    A time that occurs twice is the first one; a time that does not exist is the end of its gap
    (behaviour, section 7).
    """
    found = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return found if _shown(found, zone) == local else _gap_end(local, zone)


def day_after(after: datetime, days: Iterable[date], at: time, zone: ZoneInfo) -> date | None:
    """Return the first of `days` (ascending) whose occurrence lies strictly after `after` (aware)."""
    return next((day for day in days if instant(datetime.combine(day, at), zone) > after), None)


def days_from(start: date, after: datetime) -> Iterator[date]:
    """Yield every date from `start` on, leaving out those whose occurrences cannot lie after `after`."""
    # An offset and the length of a gap are each under a day, and a gap ends no later than its offset tells.
    first = max(start.toordinal(), after.toordinal() - 2, FIRST_DAY.toordinal())
    return map(date.fromordinal, range(first, LAST_DAY.toordinal() + 1))


def _shown(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _gap_end(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant after the gap that swallows `local`, to the second."""
    # In a gap, fold=1 counts with the offset that follows and so lands before it (PEP 495).
    before = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // timedelta(seconds=2) * timedelta(seconds=1)
        before, after = (before, middle) if _shown(middle, zone) > local else (middle, after)
    return after
