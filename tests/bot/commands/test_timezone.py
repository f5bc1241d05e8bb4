"""Everybody's own time zone, by which schedules are read and shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.clocks import TestClock
from tests.house import House
from tests.looking import tell


def at(text: str) -> TestClock:
    """A clock that stands at an instant in UTC."""
    return TestClock(int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000))


async def test_a_zone_is_shown_set_and_kept_over_a_restart(house: House) -> None:
    """The default is what the settings say; another is kept in its own case, whatever the person's."""
    clock = at("2026-11-22T10:15")
    async with house.bot(clock, default_timezone="Asia/Tokyo"):
        ann, chat = house.chat()
        bob, other = house.chat("Bob")
        assert await tell(house, chat, ann, "/timezone") == ["Your time zone is Asia/Tokyo, where it is 19:15."]
        [answer] = await tell(house, chat, ann, "/timezone europe/berlin")
        assert answer.startswith("Your time zone is now Europe/Berlin, where it is 11:15.")
    async with house.bot(clock, default_timezone="Asia/Tokyo"):
        assert "Europe/Berlin" in (await tell(house, chat, ann, "/timezone"))[0]
        assert "Asia/Tokyo" in (await tell(house, other, bob, "/timezone"))[0]
    assert house.rows("SELECT userId, timezone FROM polar_users") == [(str(ann.id), "Europe/Berlin")]


NO_ZONES = ["Berlin", "Mars/Phobos", "../../etc/passwd", "localtime", "Factory", "<b>UTC</b>", "posix/UTC", "x" * 500]


async def test_what_is_no_zone_gets_an_example_and_stores_nothing(house: House) -> None:
    """A city alone gets the names that end with it."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        for zone in NO_ZONES:
            [answer] = await tell(house, chat, ann, f"/timezone {zone}")
            assert answer.startswith(f"I do not know the time zone “{zone[:40]}”.")
            assert answer.endswith("Example: /timezone Europe/Berlin")
            assert ("Did you mean Europe/Berlin?" in answer) == (zone == "Berlin")
            assert house.rows("SELECT * FROM polar_users") == [], zone


async def test_schedules_are_read_in_the_persons_zone(house: House) -> None:
    """Not in the server's, and not in that of another person; a job keeps the zone that it was made in."""
    clock = at("2026-11-22T10:15")
    async with house.bot(clock, default_timezone="UTC"):
        ann, chat = house.chat()
        await tell(house, chat, ann, "/timezone America/New_York")
        [created] = await tell(house, chat, ann, "/automations create daily 18:00 | tea")
        await tell(house, chat, ann, "/timezone Europe/Berlin")
        [shown] = await tell(house, chat, ann, f"/automations show {created.split()[1].rstrip(':')}")
    assert "Next: Sun 2026-11-22 18:00, Mon 2026-11-23 18:00, Tue 2026-11-24 18:00 (America/New_York)." in created
    assert house.rows("SELECT sequence FROM polar_scheduler_events") == [
        (int(datetime(2026, 11, 22, 23, tzinfo=UTC).timestamp() * 1000),)
    ]
    assert "daily at 18:00 (America/New_York)" in shown
    assert "Next: Mon 2026-11-23 00:00, Tue 2026-11-24 00:00, Wed 2026-11-25 00:00 (Europe/Berlin)." in shown


@pytest.mark.parametrize(
    ("now", "form", "times"),
    [
        ("2026-03-27T12:00", "daily 02:30", "Sat 2026-03-28 02:30, Sun 2026-03-29 03:00, Mon 2026-03-30 02:30"),
        ("2026-10-24T12:00", "daily 02:30", "Sun 2026-10-25 02:30, Mon 2026-10-26 02:30, Tue 2026-10-27 02:30"),
        ("2026-03-29T00:30", "every 30 minutes", "Sun 2026-03-29 03:00, Sun 2026-03-29 03:30, Sun 2026-03-29 04:00"),
        ("2026-10-24T12:00", "monthly 31 09:00", "Sat 2026-10-31 09:00, Thu 2026-12-31 09:00, Sun 2027-01-31 09:00"),
    ],
)
async def test_a_preview_shows_the_next_times_across_changes_of_the_clock(
    house: House, now: str, form: str, times: str
) -> None:
    """In a gap the first instant after it, in a fold the first of both; nothing is stored."""
    async with house.bot(at(now)):
        ann, chat = house.chat()
        await tell(house, chat, ann, "/timezone Europe/Berlin")
        [preview] = await tell(house, chat, ann, f"/automations preview {form}")
    described, upcoming, end = preview.splitlines()
    assert upcoming == f"Next: {times} (Europe/Berlin)."
    assert "UTC" not in described
    assert end == "Nothing is created yet."
    assert house.rows("SELECT * FROM polar_automation_jobs") == []
    assert house.rows("SELECT * FROM polar_scheduler_events") == []
