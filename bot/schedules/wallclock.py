"""Wall-clock times as instants, across daylight saving and every other change that a zone makes."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FIRST_DAY = date(1, 1, 3)
LAST_DAY = date(9999, 12, 29)  # so that no offset carries an instant past what a datetime can hold
FIRST = datetime(1, 1, 2, tzinfo=UTC)
LAST = datetime(9999, 12, 31, tzinfo=UTC)


def zone(name: str) -> ZoneInfo:
    """Return a zone of the IANA database by its name; raises KeyError for anything else."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        # Besides an unknown name: a path out of the database, or one of its folders.
        raise KeyError(name) from error


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which the clocks of `zone` first show `local` (naive) or, in a gap, later.

    A time that occurs twice is the first one; a time that does not exist is the end of its gap
    (behaviour, section 7).
    """
    moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment if shown(moment, zone) == local else _gap_end(local, zone)


def shown(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clocks of `zone` show (naive) at `moment` (aware), both kept within the calendar."""
    return min(max(moment, FIRST), LAST).astimezone(zone).replace(tzinfo=None, fold=0)


def lies_within(moment: datetime, start: time, end: time, zone: ZoneInfo) -> bool:
    """True if the clocks of `zone` show, at `moment` (aware), a time from `start` until before `end`.

    The span crosses midnight where the end is the earlier one; it is empty where both are the same.
    """
    at = shown(moment, zone).time()
    return start <= at < end if start <= end else at >= start or at < end


def day_after(after: datetime, days: Iterable[date], at: time, zone: ZoneInfo) -> date | None:
    """Return the first of `days` (ascending) whose occurrence lies strictly after `after` (aware)."""
    return next((day for day in days if instant(datetime.combine(day, at), zone) > after), None)


def days_from(start: date, after: datetime) -> Iterator[date]:
    """Yield every date from `start` on, leaving out those whose occurrences cannot lie after `after`."""
    # An offset and the length of a gap are each under a day, and a gap ends no later than its offset tells.
    first = max(start.toordinal(), after.toordinal() - 2, FIRST_DAY.toordinal())
    return map(date.fromordinal, range(first, LAST_DAY.toordinal() + 1))


def _gap_end(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant after the gap that swallows `local`, to the second."""
    # In a gap, fold=1 counts with the offset that follows and so lands before it (PEP 495).
    before = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // timedelta(seconds=2) * timedelta(seconds=1)
        before, after = (before, middle) if shown(middle, zone) > local else (middle, after)
    return after
