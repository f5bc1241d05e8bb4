"""When a beat is looked at: active hours by the clocks of a zone, and the newest of those that were missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.heartbeats.active_hours import ActiveHours
from bot.heartbeats.subject import MOST_MISSES, missed_ticks, newest_tick
from bot.schedules.kinds import UTC_ZONE
from bot.schedules.text import parse

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 10, 24, tzinfo=UTC)


def ms(moment: datetime) -> int:
    """Milliseconds since the epoch."""
    return round(moment.timestamp() * 1000)


@pytest.mark.parametrize(
    ("hours", "moment", "active"),
    [
        ("08:00-22:00", "2026-11-18T06:59:59", False),
        ("08:00-22:00", "2026-11-18T07:00:00", True),
        ("08:00-22:00", "2026-11-18T20:59:59", True),
        ("08:00-22:00", "2026-11-18T21:00:00", False),
        ("22:00-06:00", "2026-11-18T21:00:00", True),
        ("22:00-06:00", "2026-11-18T04:59:59", True),
        ("22:00-06:00", "2026-11-18T05:00:00", False),
        ("22:00-06:00", "2026-11-18T11:00:00", False),
        # Summer time: the same clocks an hour earlier.
        ("08:00-22:00", "2026-07-18T06:00:00", True),
        ("08:00-22:00", "2026-07-18T05:59:59", False),
        # The clocks show 02:30 twice; both are before 03:00.
        ("02:15-03:00", "2026-10-25T00:30:00", True),
        ("02:15-03:00", "2026-10-25T01:30:00", True),
        ("02:15-03:00", "2026-10-25T02:00:00", False),
        # They never show 02:00 to 03:00 here.
        ("02:00-03:00", "2026-03-29T00:59:59", False),
        ("02:00-03:00", "2026-03-29T01:00:00", False),
    ],
)
def test_active_hours_are_what_the_clocks_show(hours: str, moment: str, active: bool) -> None:
    """In Berlin; the end is not within."""
    assert ActiveHours.parse(hours, BERLIN).contain(datetime.fromisoformat(f"{moment}+00:00")) is active


@given(start=st.times(), end=st.times(), at=st.integers(0, 24 * 60 - 1))
def test_hours_and_their_reverse_share_the_day(start: object, end: object, at: int) -> None:
    """Each minute is in exactly one of the two, and both survive storing."""
    one, two = f"{start:%H:%M}", f"{end:%H:%M}"
    if one == two:
        with pytest.raises(ValueError, match="expected active hours like"):
            ActiveHours.parse(f"{one}-{two}", BERLIN)
        return
    there, back = ActiveHours.parse(f"{one}-{two}", BERLIN), ActiveHours.parse(f"{two}-{one}", BERLIN)
    moment = START + timedelta(minutes=at)
    assert there.contain(moment) is not back.contain(moment)
    assert ActiveHours.read(there.stored()) == there


@given(
    form=st.sampled_from(["every 7 minutes", "every 2 hours", "daily 09:00", "weekdays 23:30", "*/11 8-10 * * *"]),
    late_minutes=st.integers(0, 20 * 24 * 60),
)
def test_the_newest_tick_is_the_one_that_walking_finds(form: str, late_minutes: int) -> None:
    """And those before it, from the first on, are the missed ones."""
    schedule = parse(form, zone=UTC_ZONE, now=START)
    first = schedule.next(START)
    assert first is not None
    now = first + timedelta(minutes=late_minutes)
    ticks = [first]
    while (following := schedule.next(ticks[-1])) is not None and following <= now:
        ticks.append(following)
    newest = newest_tick(schedule, ms(first), ms(now))
    assert newest == ms(ticks[-1])
    assert missed_ticks(schedule, ms(first), newest) == [ms(tick) for tick in ticks[:-1]][:MOST_MISSES]


def test_a_schedule_that_has_ended_has_a_last_tick() -> None:
    """However late it is."""
    schedule = parse("once 2026-10-25 08:00", zone=UTC_ZONE, now=START)
    first = schedule.next(START)
    assert first is not None
    assert newest_tick(schedule, ms(first), ms(first + timedelta(days=400))) == ms(first)
    assert missed_ticks(schedule, ms(first), ms(first)) == []
