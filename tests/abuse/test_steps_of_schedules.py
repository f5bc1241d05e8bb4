"""What a schedule costs is what it counts: whatever people write, its evaluation ends within the limit of steps."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.schedules.errors import ScheduleError
from bot.schedules.kinds import upcoming
from bot.schedules.steps import MOST_NEW, limited
from bot.schedules.text import load, read_due
from tests import examples
from tests.cost import instructions

pytestmark = pytest.mark.slow
NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
LIMIT = 500
BOUND = 3_000 * LIMIT
"""Instructions of Python: some hundreds a step, a thousand in finding the dates of a year."""
LONGEST = 4096
"""Characters of a message."""


def numbers(least: int, most: int) -> st.SearchStrategy[str]:
    """One number, a few, all of a range, or the same many times."""
    one = st.integers(least, most).filter(bool)
    few = st.lists(one, min_size=1, max_size=5)
    span = st.tuples(one, one).map(lambda ends: [n for n in range(min(ends), max(ends) + 1) if n])
    same = st.tuples(one, st.integers(2, 600)).map(lambda times: [times[0]] * times[1])
    return st.one_of(few, span, same).map(lambda chosen: ",".join(map(str, chosen)))


days = st.tuples(st.sampled_from(["", "1", "-1", "5", "53"]), st.sampled_from(["MO", "TU", "SA"])).map("".join)
weekdays = st.one_of(
    st.lists(days, min_size=1, max_size=4),
    st.tuples(days, days, st.integers(1, 1000)).map(lambda some: [some[0], *[some[1]] * some[2]]),
).map(",".join)
PARTS = {
    "INTERVAL": st.integers(1, 1500).map(str),
    "COUNT": st.integers(1, 10_000).map(str),
    "BYMONTH": numbers(1, 12),
    "BYWEEKNO": numbers(-53, 53),
    "BYYEARDAY": numbers(-366, 366),
    "BYMONTHDAY": numbers(-31, 31),
    "BYDAY": weekdays,
    "BYHOUR": numbers(0, 23),
    "BYMINUTE": numbers(0, 59),
    "BYSETPOS": numbers(-366, 366),
}
FREQUENCIES = st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"])


@st.composite
def rules(draw: st.DrawFn) -> str:
    """An RRULE, often one that nobody means, with a beginning in any century or none."""
    names = draw(st.lists(st.sampled_from([*PARTS]), unique=True, max_size=6))
    rule = ";".join([f"FREQ={draw(FREQUENCIES)}", *(f"{name}={draw(PARTS[name])}" for name in names)])
    begin = draw(st.sampled_from(["", "DTSTART:00010103T000000Z ", "DTSTART;TZID=Europe/Berlin:20200101T083000 "]))
    return f"{begin}RRULE:{rule}"[:LONGEST]


fields = st.one_of(st.just("*"), st.integers(1, 59).map(lambda step: f"*/{step}"), numbers(1, 59))
crons = st.tuples(fields, fields, numbers(1, 31), numbers(1, 12), numbers(1, 6)).map(" ".join)
texts = st.one_of(rules(), crons.map(lambda cron: cron[:LONGEST]))
ALL_POSITIONS = ",".join(map(str, [*range(2, 367), *range(-366, -1)]))
ALL_MINUTES = ",".join(map(str, range(59)))


def taken(work: Callable[[], object]) -> int:
    """The instructions of an evaluation that is ended at LIMIT, if it comes to that."""

    def evaluate() -> None:
        with suppress(ScheduleError):
            limited(work, most=LIMIT)

    return instructions(evaluate)


@examples(150)
@given(texts)
@example("RRULE:FREQ=MINUTELY;INTERVAL=1439;BYHOUR=5;BYMINUTE=7;COUNT=9999")
@example(f"RRULE:FREQ=DAILY;BYSETPOS={ALL_POSITIONS}")
@example(f"RRULE:FREQ=HOURLY;INTERVAL=719;BYHOUR=5;BYMINUTE={ALL_MINUTES};COUNT=9999")
@example("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYDAY=1MO," + ",".join(["MO"] * 1300))
@example("* * " + ",".join(["1"] * 1900) + " * *")
def test_whatever_people_write_costs_no_more_than_its_steps(text: str) -> None:
    """Reading it, its next instant and its COUNT together: nothing walks uncounted."""
    assert taken(lambda: upcoming(read_due(text, zone=BERLIN, now=NOW), NOW, 3)) <= BOUND


@examples(60)
@given(rules(), st.integers(0, 365 * 24 * 60))
@example("RRULE:FREQ=MINUTELY;COUNT=10000", 0)
@example("RRULE:FREQ=DAILY;BYHOUR=9;COUNT=9000", 0)
@example("RRULE:FREQ=MINUTELY;INTERVAL=1439;BYHOUR=5;BYMINUTE=7", 0)
def test_what_is_taken_can_be_evaluated_whenever_it_is_asked_later(text: str, minutes: int) -> None:
    """Also by a process that remembers nothing of it: at the same rule a second later, which nobody has asked yet."""
    later = NOW + timedelta(minutes=minutes)
    try:
        taken = limited(lambda: read_due(text, zone=BERLIN, now=NOW), most=MOST_NEW).stored()
    except ScheduleError:
        return
    other = re.sub(r"(DTSTART[^\n]*T[0-9]{5})[0-9]", r"\g<1>7", taken)
    limited(lambda: upcoming(load(other), later, 3))
