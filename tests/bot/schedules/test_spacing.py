"""Instants that must lie some time apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.schedules.kinds import UTC_ZONE, Once, Schedule, upcoming
from bot.schedules.spacing import Spaced, TooOften, check, spaced
from bot.schedules.text import parse
from tests import examples

NOW = datetime(2026, 3, 28, 22, 7, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE, TICK = timedelta(minutes=1), timedelta(microseconds=1)
spans = st.integers(1, 720).map(lambda minutes: minutes * MINUTE)
minutes = st.lists(st.integers(0, 59), min_size=1, max_size=6).map(lambda chosen: ",".join(map(str, chosen)))
schedules = st.one_of(
    st.integers(1, 200).map(lambda count: f"every {count} minutes"),
    minutes.map(lambda chosen: f"{chosen} * * * *"),
    minutes.map(lambda chosen: f"{chosen} 2,9 * * *"),
    minutes.map(lambda chosen: f"RRULE:FREQ=HOURLY;BYMINUTE={chosen}"),
).map(lambda text: parse(text, zone=UTC_ZONE, now=NOW))


@examples(100)
@given(schedules, spans, st.integers(0, 3 * 24 * 60))
def test_the_first_instant_in_each_span_is_kept_whoever_asks(schedule: Schedule, span: timedelta, ahead: int) -> None:
    """Found here by looking at each; asking from within gives the same sequence."""
    kept: list[datetime] = []
    for found in upcoming(schedule, NOW - (NOW - EPOCH) % span - TICK, 400):
        if not kept or (found - EPOCH) // span > (kept[-1] - EPOCH) // span:
            kept.append(found)
    begin = NOW + ahead * MINUTE
    expected = [found for found in kept if found > begin]
    asked = upcoming(Spaced(schedule=schedule, span=span), begin, 5)
    assert all(a == b for a, b in zip(asked, islice(expected, 5), strict=False))
    assert all((b - EPOCH) // span > (a - EPOCH) // span for a, b in pairwise(asked))


@examples(100)
@given(schedules, spans)
def test_what_is_not_refused_is_left_as_it_is(schedule: Schedule, span: timedelta) -> None:
    """On days without a change of clocks, as these are."""
    try:
        check(schedule, NOW, span)
    except TooOften:
        return
    assert upcoming(Spaced(schedule=schedule, span=span), NOW, 50) == upcoming(schedule, NOW, 50)


def test_what_comes_once_stays_what_it_is() -> None:
    """It is told by its kind that it is a reminder."""
    once = parse("in 20 minutes", zone=UTC_ZONE, now=NOW)
    assert isinstance(spaced(once, 5 * MINUTE), Once)


@pytest.mark.parametrize("text", ["every 1 minutes", "* * * * *"])
@pytest.mark.parametrize("after", [datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 29, 23, 59, tzinfo=UTC)])
def test_the_ends_of_the_calendar_are_no_error(text: str, after: datetime) -> None:
    """Where there is nothing before, or nothing behind."""
    found = Spaced(schedule=parse(text, zone=UTC_ZONE, now=NOW), span=5 * MINUTE).next(after)
    assert found is None or found > after
