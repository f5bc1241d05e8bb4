"""What people and other programs write in cron."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.schedules.errors import ScheduleError
from bot.schedules.kinds import upcoming
from bot.schedules.text import load, parse

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 25, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("@hourly", "0 * * * *"),
        ("@Daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        ("@annually", "0 0 1 1 *"),
        ("cron @yearly", "0 0 1 1 *"),
        ("0 9 ? * MON", "0 9 * * MON"),
        ("0 9 1 * ?", "0 9 1 * *"),
        ("0 9 * * MONDAY", "0 9 * * MON"),
        ("0 9 * * monday-friday", "0 9 * * MON-FRI"),
        ("0 9 * January,june *", "0 9 * JAN,JUN *"),
        ("0 9 * * FRI-MON", "0 9 * * 5,6,0,1"),
        ("0 9 * NOV-FEB *", "0 9 * 11,12,1,2 *"),
        ("0 22-2 * * *", "0 22,23,0,1,2 * * *"),
    ],
)
def test_it_is_understood(written: str, stored: str) -> None:
    """And stored as what every reader of cron knows."""
    schedule = parse(written, zone=BERLIN, now=NOW)
    assert schedule.stored() == f"CRON;TZID=Europe/Berlin:{stored}"
    assert load(schedule.stored()) == schedule


@pytest.mark.parametrize(
    ("written", "expected", "position"),
    [
        ("@reboot", "cron_fields", 0),
        ("0 9 15W * *", "cron_no_nearest", 4),
        ("0 ? * * *", "cron_hour", 2),
        ("0 9 * * FRIDAYS", "cron_weekday", 8),
        ("0 25-2 * * *", "cron_hour", 2),
    ],
)
def test_what_is_not_says_where(written: str, expected: str, position: int) -> None:
    """By what was written."""
    with pytest.raises(ScheduleError) as told:
        parse(written, zone=BERLIN, now=NOW)
    assert (told.value.expected, told.value.position) == (expected, position)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("rule", ["FREQ=DAILY", "FREQ=HOURLY;INTERVAL=2", "FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=MONTHLY"])
def test_a_rule_without_a_beginning_comes_as_often_as_it_says(rule: str, count: int) -> None:
    """Now, when nobody can be there, is not one of them; and without a count it comes at the same instants."""
    counted = parse(f"RRULE:{rule};COUNT={count}", zone=BERLIN, now=NOW)
    endless = parse(f"RRULE:{rule}", zone=BERLIN, now=NOW)
    assert upcoming(counted, NOW, 10) == upcoming(endless, NOW, count)
    assert upcoming(load(counted.stored()), NOW - timedelta(days=40), 10) == upcoming(counted, NOW, 10)


def test_a_day_that_there_is_not_is_told_apart_from_what_is_no_date() -> None:
    """So that nobody looks for a mistake in how it was written."""
    for written, expected in (("once 2027-02-29 08:00", "real_day"), ("once 29.2. 08:00", "date")):
        with pytest.raises(ScheduleError) as told:
            parse(written, zone=BERLIN, now=NOW)
        assert told.value.expected == expected
