"""The demo runs in a zone in which a mistake about zones is seen, and in which it works at each hour of the year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from demo.stage import ZONE


def test_the_zone_is_not_utc_and_never_changes_its_clock() -> None:
    """Else an hour of quiet, told by the clock, would be none or two for an hour a year, and the demo would fail."""
    days = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(2 * 366))
    offsets = {day.astimezone(ZONE).utcoffset() for day in days}
    assert len(offsets) == 1
    assert offsets.isdisjoint({timedelta(0)})
