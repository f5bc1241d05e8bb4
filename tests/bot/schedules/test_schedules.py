"""Schedules: what people write, what is stored, and when it is due."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import phrasing
from bot.phrasing import describe, explain
from bot.schedules.errors import ScheduleError
from bot.schedules.kinds import UNITS, Daily, Interval, Monthly, Once, Schedule, TimeUnit, Weekly
from bot.schedules.text import is_legacy, load
from tests import examples
from tests.bot.calendars import BERLIN, MINUTE, NOW, TICK, changes, due, first_shown, instants, said, wall, zones
from tests.cost import steps

clocks = st.times(min_value=time(0), max_value=time(23, 59)).map(lambda at: at.replace(second=0, microsecond=0))
RAW = ("0 9 * * 1-5", "*/5 * 29 2 *", "FREQ=HOURLY;BYDAY=MO", "FREQ=YEARLY;INTERVAL=10", "FREQ=WEEKLY;BYSETPOS=1")
WORDS = (
    "every",
    "in",
    "daily",
    "weekly",
    "weekdays",
    "monthly",
    "last",
    "once",
    "2027-01-31",
    "5",
    "9" * 11,
    "day",
    "days",
    "at",
    "18:00",
    "mon",
    ",",
)
weekday_sets = st.frozensets(st.integers(0, 6), min_size=1)


# --- Wall clock


@examples(150)
@given(zones, st.integers(1975, 2080), st.data())
def test_around_a_change_each_local_date_has_its_first_showing_once(
    zone: ZoneInfo, year: int, data: st.DataObject
) -> None:
    """Whatever the clocks do near it, a daily time is due when they first show it or what follows its gap."""
    change = data.draw(st.sampled_from(changes(zone, year) or (datetime(year, 3, 29, 1, tzinfo=UTC),)))
    near = wall(change, zone) + data.draw(st.integers(-150, 150)) * MINUTE
    schedule = Daily(start=date(1970, 1, 1), at=near.time(), zone=zone)
    after = change - timedelta(days=2)
    expected = {first_shown(near.replace(tzinfo=None) + timedelta(days=n), zone) for n in range(-4, 4)}
    assert [*islice(due(schedule, after), 4)] == sorted(moment for moment in expected if moment > after)[:4]


@examples(80)
@given(zones, st.integers(1975, 2080), weekday_sets, st.data())
def test_around_a_change_weeks_and_months_keep_their_time_of_day(
    zone: ZoneInfo, year: int, on: frozenset[int], data: st.DataObject
) -> None:
    """Weekly, monthly and last-day schedules follow the same rule of the first showing as daily ones."""
    change = data.draw(st.sampled_from(changes(zone, year) or (datetime(year, 3, 29, 1, tzinfo=UTC),)))
    near = wall(change, zone) + data.draw(st.integers(-150, 150)) * MINUTE
    days = [near + timedelta(days=n) for n in range(-9, 9)]
    weekly = Weekly(start=date(1970, 1, 1), days=on, at=near.time(), zone=zone)
    monthly = Monthly(start=date(1970, 1, 1), day=near.day, at=near.time(), zone=zone)
    last = Monthly(start=date(1970, 1, 1), day=-1, at=near.time(), zone=zone)
    for schedule, chosen in (
        (weekly, [day for day in days if day.weekday() in on]),
        (monthly, [day for day in days if day.day == near.day]),
        (last, [day for day in days if (day + timedelta(days=1)).day == 1]),
    ):
        expected = sorted({first_shown(day, zone) for day in chosen})
        after = change - timedelta(days=6)
        wanted = [moment for moment in expected if moment > after]
        assert [*islice(due(schedule, after), len(wanted))] == wanted
        assert all(schedule.next(moment - TICK) == moment for moment in wanted)


def test_a_day_that_a_month_lacks_is_skipped() -> None:
    """The 31st comes in months that have one; no other day stands in for it."""
    schedule = said("monthly 31 09:00")
    found = [f"{wall(moment, BERLIN):%m-%d}" for moment in islice(due(schedule, NOW), 4)]
    assert found == ["12-31", "01-31", "03-31", "05-31"]


@examples(200)
@given(zones, clocks, weekday_sets, instants)
def test_days_follow_each_other_without_doubles_and_without_holes(
    zone: ZoneInfo, at: time, days: frozenset[int], after: datetime
) -> None:
    """Over more than a year in any zone each day has one instant, but for days that a zone left out or repeated."""
    daily = Daily(start=date(1970, 1, 1), at=at, zone=zone)
    weekly = Weekly(start=date(1970, 1, 1), days=days, at=at, zone=zone)
    every = [*islice(due(daily, after), 400)]
    assert all(earlier < later for earlier, later in pairwise(every))
    exact = [moment for moment in every if wall(moment, zone).time() == at]
    assert len({wall(moment, zone).date() for moment in exact}) == len(exact)
    assert len(every) - len(exact) <= 10, "the time of day is missed only in gaps"
    # A whole day may be gone (at most once here), or come twice.
    span = (wall(every[-1], zone).date() - wall(every[0], zone).date()).days
    assert abs(span - 399) <= 1
    chosen = {moment for moment in exact if wall(moment, zone).weekday() in days}
    found = {moment for moment in due_until(weekly, after, every[-1]) if wall(moment, zone).time() == at}
    assert chosen <= found
    assert len(found - chosen) <= 1, "a weekday that was left out as a whole"


def due_until(schedule: Schedule, after: datetime, last: datetime) -> Iterator[datetime]:
    """The instants of a schedule up to `last`."""
    for moment in due(schedule, after):
        if moment > last:
            return
        yield moment


@examples(150)
@given(zones, clocks, st.integers(1975, 2080), st.data())
def test_asking_at_any_instant_gives_the_same_sequence(
    zone: ZoneInfo, at: time, year: int, data: st.DataObject
) -> None:
    """What is due next depends on nothing but the instant that is asked about, also right at a change of clocks."""
    change = data.draw(st.sampled_from(changes(zone, year) or (datetime(year, 10, 25, 1, tzinfo=UTC),)))
    schedule = Daily(start=date(1970, 1, 1), at=at, zone=zone)
    sequence = [*islice(due(schedule, change - timedelta(days=3)), 7)]
    asked = change + data.draw(st.integers(-48 * 60, 48 * 60)) * MINUTE
    for after in (asked, asked - TICK, asked + TICK, change, change - TICK):
        assert schedule.next(after) == next(moment for moment in sequence if moment > after)


@pytest.mark.parametrize(
    ("zone", "at", "after", "expected"),
    [
        ("Europe/Berlin", "02:30", "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T00:30"]),
        ("Europe/Berlin", "03:00", "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T01:00"]),
        ("Europe/Berlin", "02:30", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
        ("Europe/Berlin", "02:30", "2026-10-25T01:00", ["2026-10-26T01:30"]),
        ("America/New_York", "01:30", "2026-10-31T12:00", ["2026-11-01T05:30", "2026-11-02T06:30"]),
        ("Australia/Lord_Howe", "02:15", "2026-10-03T00:00", ["2026-10-03T15:30", "2026-10-04T15:15"]),
        ("Australia/Lord_Howe", "01:45", "2026-04-04T00:00", ["2026-04-04T14:45", "2026-04-05T15:15"]),
        ("America/Sao_Paulo", "00:00", "2018-11-03T12:00", ["2018-11-04T03:00", "2018-11-05T02:00"]),
        ("Asia/Beirut", "00:00", "2026-03-28T12:00", ["2026-03-28T22:00", "2026-03-29T21:00"]),
        ("Africa/Cairo", "00:30", "2026-04-23T12:00", ["2026-04-23T22:00", "2026-04-24T21:30"]),
        # 30 December 2011 did not take place; at midnight its occurrence is the next day's.
        ("Pacific/Apia", "09:00", "2011-12-29T12:00", ["2011-12-29T19:00", "2011-12-30T10:00", "2011-12-30T19:00"]),
        ("Pacific/Apia", "00:00", "2011-12-29T00:00", ["2011-12-29T10:00", "2011-12-30T10:00", "2011-12-31T10:00"]),
    ],
)
def test_changes_that_people_have_lived_through(zone: str, at: str, after: str, expected: list[str]) -> None:
    """Real gaps, folds and lost days of history give the instants that were worked out by hand."""
    schedule = Daily(start=date(2000, 1, 1), at=time.fromisoformat(at), zone=ZoneInfo(zone))
    began = datetime.fromisoformat(after).replace(tzinfo=UTC)
    wanted = [datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in expected]
    assert [*islice(due(schedule, began), len(wanted))] == wanted


def test_nothing_is_due_before_the_start() -> None:
    """However early it is asked, the first instant is the first that fits from the start on."""
    schedule = Weekly(start=date(2026, 11, 26), days=frozenset({0, 3}), at=time(7), zone=BERLIN)
    assert schedule.next(datetime(2000, 1, 1, tzinfo=UTC)) == datetime(2026, 11, 26, 6, tzinfo=UTC)


def test_an_asking_time_without_a_zone_is_an_error() -> None:
    """A naive time means no instant, so it is refused rather than guessed."""
    for schedule in (said("every hour"), said("daily 18:00"), said("in 1 hour")):
        with pytest.raises(TypeError):
            schedule.next(datetime(2026, 1, 1))


@pytest.mark.parametrize(
    "text", ["every 10 days", "daily 18:00", "weekly Sun 18:00", "in 1 day", "monthly 31 18:00", *RAW]
)
def test_the_calendar_ends_without_an_error(text: str) -> None:
    """At the last moment that a datetime holds nothing is due any more, at the first one something is."""
    schedule = said(text)
    assert schedule.next(datetime.max.replace(tzinfo=UTC)) is None
    assert schedule.next(datetime.min.replace(tzinfo=UTC)) is not None


# --- Elapsed time


@given(instants, st.integers(1, 3653), st.sampled_from(UNITS), instants)
def test_intervals_are_elapsed_time_from_their_start(
    start: datetime, count: int, unit: TimeUnit, after: datetime
) -> None:
    """An interval is due at whole multiples of its length after its start, at most one length from now."""
    found = Interval(start=start, count=count, unit=unit).next(after)
    assert found is not None
    assert after < found
    assert (found - start) % (count * unit.span) == timedelta()
    assert found - after <= count * unit.span or found == start


def test_an_interval_far_from_its_start_costs_nothing() -> None:
    """The next instant is computed, not stepped to: ten thousand years take as many steps as one minute."""
    schedule = said("every minute", now=datetime(1, 1, 1, tzinfo=UTC))
    asked = datetime(9000, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert schedule.next(asked) == datetime(9000, 1, 1, 0, 1, tzinfo=UTC)
    assert steps(lambda: schedule.next(asked)) < 10


def test_an_interval_pays_no_heed_to_daylight_saving() -> None:
    """A day of an interval is 24 hours, so that the wall clock shows another time after a change."""
    schedule = said("every 1 day", now=datetime(2026, 10, 24, 12, tzinfo=UTC))
    moments = islice(due(schedule, datetime(2026, 10, 24, 11, tzinfo=UTC)), 2)
    assert [wall(moment, BERLIN) for moment in moments] == [datetime(2026, 10, 24, 14), datetime(2026, 10, 25, 13)]


def test_what_comes_once_comes_once() -> None:
    """After its only instant nothing is due."""
    schedule = said("in 20 minutes")
    assert [*due(schedule, NOW)] == [NOW + 20 * MINUTE]
    assert schedule.next(NOW + 20 * MINUTE) is None


def test_in_twenty_minutes_means_that_even_while_clocks_go_back() -> None:
    """A span from now is elapsed time, also in the hour that clocks show twice."""
    now = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 02:10 in Berlin for the second time
    assert said("in 20 minutes", now=now).next(now) == now + 20 * MINUTE


# --- Human forms


@pytest.mark.parametrize(
    ("text", "stored", "described", "first"),
    [
        ("every minute", "DTSTART:20261122T101500Z\nRRULE:FREQ=MINUTELY;INTERVAL=1", "every minute", "10:16"),
        ("every 1 minute", "DTSTART:20261122T101500Z\nRRULE:FREQ=MINUTELY;INTERVAL=1", "every minute", "10:16"),
        (
            "  EVERY  30\tMinutes ",
            "DTSTART:20261122T101500Z\nRRULE:FREQ=MINUTELY;INTERVAL=30",
            "every 30 minutes",
            "10:45",
        ),
        ("every hour", "DTSTART:20261122T101500Z\nRRULE:FREQ=HOURLY;INTERVAL=1", "every hour", "11:15"),
        ("every 2 hours", "DTSTART:20261122T101500Z\nRRULE:FREQ=HOURLY;INTERVAL=2", "every 2 hours", "12:15"),
        ("every 2h", "DTSTART:20261122T101500Z\nRRULE:FREQ=HOURLY;INTERVAL=2", "every 2 hours", "12:15"),
        ("every min", "DTSTART:20261122T101500Z\nRRULE:FREQ=MINUTELY;INTERVAL=1", "every minute", "10:16"),
        (
            "weekly thurs 9:05",
            "DTSTART;TZID=Europe/Berlin:20261126T090500\nRRULE:FREQ=WEEKLY;BYDAY=TH",
            "weekly on Thu at 09:05 (Europe/Berlin)",
            "26T08:05",
        ),
        ("every 1 day", "DTSTART:20261122T101500Z\nRRULE:FREQ=DAILY;INTERVAL=1", "every 24 hours", "23T10:15"),
        ("every 3 days", "DTSTART:20261122T101500Z\nRRULE:FREQ=DAILY;INTERVAL=3", "every 3 days", "25T10:15"),
        (
            "in 20 minutes",
            "DTSTART:20261122T103500Z\nRRULE:FREQ=DAILY;COUNT=1",
            "on Sun 2026-11-22 at 10:35 (UTC)",
            "10:35",
        ),
        (
            "in 1 hour",
            "DTSTART:20261122T111500Z\nRRULE:FREQ=DAILY;COUNT=1",
            "on Sun 2026-11-22 at 11:15 (UTC)",
            "11:15",
        ),
        (
            "in 2 days",
            "DTSTART:20261124T101500Z\nRRULE:FREQ=DAILY;COUNT=1",
            "on Tue 2026-11-24 at 10:15 (UTC)",
            "24T10:15",
        ),
        *(
            (
                text,
                "DTSTART;TZID=Europe/Berlin:20261122T180000\nRRULE:FREQ=DAILY",
                "daily at 18:00 (Europe/Berlin)",
                "17:00",
            )
            for text in ("daily 18:00", "daily at 18:00", "every day at 18:00", "Every Day 18:00", "DAILY AT 18:00")
        ),
        (
            "daily 9:05",
            "DTSTART;TZID=Europe/Berlin:20261123T090500\nRRULE:FREQ=DAILY",
            "daily at 09:05 (Europe/Berlin)",
            "23T08:05",
        ),
        (
            "weekdays 09:00",
            "DTSTART;TZID=Europe/Berlin:20261123T090000\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
            "on weekdays at 09:00 (Europe/Berlin)",
            "23T08:00",
        ),
        *(
            (
                text,
                "DTSTART;TZID=Europe/Berlin:20261123T070000\nRRULE:FREQ=WEEKLY;BYDAY=MO,TH",
                "weekly on Mon and Thu at 07:00 (Europe/Berlin)",
                "23T06:00",
            )
            for text in ("weekly Mon,Thu 07:00", "weekly thursday , MON, Mon at 07:00")
        ),
        (
            "monthly 1 09:00",
            "DTSTART;TZID=Europe/Berlin:20261201T090000\nRRULE:FREQ=MONTHLY;BYMONTHDAY=1",
            "monthly on day 1 at 09:00 (Europe/Berlin)",
            "12-01T08:00",
        ),
        (
            "monthly 31 at 9:00",
            "DTSTART;TZID=Europe/Berlin:20261231T090000\nRRULE:FREQ=MONTHLY;BYMONTHDAY=31",
            "monthly on day 31 at 09:00 (Europe/Berlin)",
            "12-31T08:00",
        ),
        (
            "monthly last 09:00",
            "DTSTART;TZID=Europe/Berlin:20261130T090000\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1",
            "monthly on the last day at 09:00 (Europe/Berlin)",
            "30T08:00",
        ),
        (
            "once 2026-12-24 08:00",
            "DTSTART;TZID=Europe/Berlin:20261224T080000\nRRULE:FREQ=DAILY;COUNT=1",
            "on Thu 2026-12-24 at 08:00 (Europe/Berlin)",
            "12-24T07:00",
        ),
        (
            "0 9 * * 1-5",
            "CRON;TZID=Europe/Berlin:0 9 * * 1-5",
            "at 09:00 on Monday through Friday (Europe/Berlin)",
            "23T08:00",
        ),
        (
            "cron 30 6 1 jan,jul mon",
            "CRON;TZID=Europe/Berlin:30 6 1 JAN,JUL MON",
            "at 06:30 on the first day of month and on Monday in January and July (Europe/Berlin)",
            "2027-01-01T05:30",
        ),
        (
            "RRULE:FREQ=MONTHLY;BYDAY=2TU;BYHOUR=9;BYMINUTE=0",
            "DTSTART;TZID=Europe/Berlin:20261122T111500\nRRULE:FREQ=MONTHLY;BYDAY=2TU;BYHOUR=9;BYMINUTE=0",
            "every month on the second Tue at 09:00 (Europe/Berlin)",
            "12-08T08:00",
        ),
        (
            "weekly Sun 12:00",
            "DTSTART;TZID=Europe/Berlin:20261122T120000\nRRULE:FREQ=WEEKLY;BYDAY=SU",
            "weekly on Sun at 12:00 (Europe/Berlin)",
            "11:00",
        ),
    ],
)
def test_what_people_write(text: str, stored: str, described: str, first: str) -> None:
    """Each human form has one stored text, from which it is read back, one description and one first instant."""
    schedule = said(text)
    day_and_clock = first if "T" in first else f"22T{first}"
    moment = "2026-11-22T00:00"[: -len(day_and_clock)] + day_and_clock
    assert schedule.stored() == stored
    assert describe(schedule) == described
    assert schedule.next(NOW) == datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert load(stored) == schedule
    assert not is_legacy(stored)


def test_what_is_due_now_begins_with_the_next_time() -> None:
    """A time of day that is this very minute is meant for tomorrow."""
    schedule = said("daily 11:15")
    assert schedule.stored().startswith("DTSTART;TZID=Europe/Berlin:20261123T111500")


def test_parts_of_a_second_are_left_out_of_the_beginning() -> None:
    """A start is stored in whole seconds."""
    assert said("every hour", now=NOW + timedelta(seconds=1.7)).stored().startswith("DTSTART:20261122T101501Z")


def test_a_moment_in_seconds_is_described_with_them() -> None:
    """A description says as much as the instant holds, so that it is not off by seconds."""
    assert describe(said("in 1 hour", now=NOW + timedelta(seconds=7))) == "on Sun 2026-11-22 at 11:15:07 (UTC)"


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("", 0, "a form such as every 30 minutes, daily at 18:00"),
        ("   ", 3, "a form such as"),
        ("hourly", 0, "a form such as"),
        ("please every hour", 0, "a form such as"),
        ("every", 5, "a whole number from 1"),
        ("every 0 minutes", 6, "a whole number from 1"),
        ("every 000 minutes", 6, "a whole number from 1"),
        ("every -5 minutes", 6, "a whole number from 1"),
        ("every 1.5 hours", 6, "a whole number from 1"),
        ("every ٣ hours", 6, "a whole number from 1"),
        ("every ² hours", 6, "a whole number from 1"),
        ("every minutes", 6, "a whole number from 1"),
        ("every 5", 7, "minutes, hours or days"),
        ("every 5 weeks", 8, "minutes, hours or days"),
        ("every 30 seconds", 9, "minutes, hours or days; the shortest time is one minute"),
        ("every second", 6, "the shortest time is one minute"),
        ("in 30 sec", 6, "the shortest time is one minute"),
        ("every 5 minutes please", 16, "nothing more"),
        ("every 4000 days", 6, "at most ten years"),
        ("every 999999999 days", 6, "at most ten years"),
        (f"every {'9' * 5000} minutes", 6, "at most ten years"),
        (f"in {'9' * 20} hours", 3, "at most ten years"),
        ("in", 2, "a whole number from 1"),
        ("in a minute", 3, "a whole number from 1"),
        ("every day", 9, "a time of day as HH:MM"),
        ("every day at noon", 13, "a time of day as HH:MM"),
        ("daily 24:00", 6, "from 00:00 to 23:59"),
        ("daily 18:60", 6, "from 00:00 to 23:59"),
        ("daily 18", 6, "a time of day as HH:MM"),
        ("daily 1٨:00", 6, "a time of day as HH:MM"),
        ("daily 18:00 19:00", 12, "nothing more"),
        ("weekdays", 8, "a time of day as HH:MM"),
        ("weekly 07:00", 7, "a weekday, one of Mon, Tue"),
        ("weekly Mon,Foo 07:00", 11, "a weekday, one of Mon, Tue"),
        ("weekly Mon, 07:00", 12, "a weekday, one of Mon, Tue"),
        ("weekly Mon Thu 07:00", 11, "a time of day as HH:MM"),
        ("monthly 09:00", 8, "a day of the month from 1 to 31, or last"),
        ("monthly 0 09:00", 8, "a day of the month from 1 to 31, or last"),
        ("monthly 32 09:00", 8, "a day of the month from 1 to 31, or last"),
        ("monthly first 09:00", 8, "a day of the month from 1 to 31, or last"),
        ("monthly last", 12, "a time of day as HH:MM"),
        ("once", 4, "a date as YYYY-MM-DD"),
        ("once 24.12.2026 08:00", 5, "a date as YYYY-MM-DD"),
        ("once 2026-02-30 08:00", 5, "there is no such day"),
        ("once 2026-12-24", 15, "a time of day as HH:MM"),
        ("once 2026-11-22 11:15", 5, "a time that is still to come"),
        ("once 2026-11-21 23:00", 5, "a time that is still to come"),
    ],
)
def test_an_error_says_where_and_shows_a_valid_example(text: str, position: int, expected: str) -> None:
    """It names the character, what was expected there, and an example that can be read."""
    with pytest.raises(ScheduleError) as raised:
        said(text)
    error = raised.value
    assert (error.text, error.position) == (text, position)
    assert expected in phrasing.expected(error)
    assert phrasing.expected(error) in explain(error)
    assert (f"character {position + 1} " if text[position:].strip() else "its end") in explain(error)
    assert len(explain(error)) < 300
    said(explain(error).rpartition("Example: ")[2])


@pytest.mark.parametrize(
    "text", ["every 10 days", "in 10 days", "daily 18:00", "weekly Mon 18:00", "monthly 1 18:00", "FREQ=DAILY"]
)
def test_the_end_of_the_calendar_is_an_error(text: str) -> None:
    """What would first be due after the year 9999 is refused when it is written."""
    with pytest.raises(ScheduleError) as raised:
        said(text, now=datetime(9999, 12, 31, 12, tzinfo=UTC))
    assert "9999" in explain(raised.value)


@given(st.text() | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_any_text_gives_a_schedule_or_a_schedule_error(text: str) -> None:
    """No text raises anything else, and what is read comes back from what is stored."""
    try:
        schedule = said(text)
    except ScheduleError as error:
        assert 0 <= error.position <= len(text)
    else:
        assert load(schedule.stored()) == schedule


# --- Stored forms

schedules: st.SearchStrategy[Schedule] = st.one_of(
    st.builds(
        Interval,
        start=instants.map(lambda at: at.replace(microsecond=0)),
        count=st.integers(1, 3653),
        unit=st.sampled_from(UNITS),
    ),
    st.builds(Daily, start=st.dates(date(1, 1, 4), date(9999, 12, 1)), at=clocks, zone=zones),
    st.builds(
        Monthly,
        start=st.dates(date(1, 1, 4), date(9999, 12, 1)),
        day=st.sampled_from((-1, *range(1, 32))),
        at=clocks,
        zone=zones,
    ),
    st.builds(Weekly, start=st.dates(date(1, 1, 4), date(9999, 12, 1)), days=weekday_sets, at=clocks, zone=zones),
    st.builds(
        Once,
        local=st.datetimes(datetime(1, 1, 4), datetime(9999, 12, 1)).map(lambda at: at.replace(microsecond=0)),
        zone=zones,
    ),
)


@given(schedules, instants)
def test_what_is_stored_is_read_back(schedule: Schedule, after: datetime) -> None:
    """A schedule and its stored text stand for each other: same value, same text, same instants."""
    read = load(schedule.stored())
    assert read == schedule
    assert read.stored() == schedule.stored()
    assert [*islice(due(read, after), 3)] == [*islice(due(schedule, after), 3)]
    assert not is_legacy(schedule.stored())


def test_carriage_returns_and_blanks_at_the_end_do_no_harm() -> None:
    """Stored text may have the line ends of calendars."""
    text = "DTSTART;TZID=Europe/Berlin:20261122T180000\r\nRRULE:FREQ=DAILY\n"
    assert load(text) == said("daily 18:00")


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("nonsense", 0),
        ("once 2026-12-24 08:00", 0),
        ("RRULE:FREQ=DAILY", 0),
        ("DTSTART:20261122T180000\nRRULE:FREQ=DAILY", 0),
        ("DTSTART;TZID=Europe/Berlin:20261122T180000Z\nRRULE:FREQ=DAILY", 0),
        ("DTSTART:20261322T180000Z\nRRULE:FREQ=DAILY", 8),
        ("DTSTART:00010101T000000Z\nRRULE:FREQ=DAILY", 8),
        ("DTSTART:99991231T000000Z\nRRULE:FREQ=DAILY", 8),
        ("DTSTART;TZID=Europe/Nowhere:20261122T180000\nRRULE:FREQ=DAILY", 13),
        ("DTSTART;TZID=../../etc/passwd:20261122T180000\nRRULE:FREQ=DAILY", 13),
        ("DTSTART;TZID=Europe:20261122T180000\nRRULE:FREQ=DAILY", 13),
        ("DTSTART:20261122T180000Z\nRRULE:", 31),
        ("CRON;TZID=Europe/Nowhere:0 9 * * *", 10),
        ("CRON:0 9 * * *", 0),
        ("CRON;TZID=UTC:0 25 * * *", 16),
        ("0 9 * * *", 0),
        ("every 0 minutes", 6),
        ("every ٣ hours", 6),
        ("every 2ms", 7),
        ("every 30 secs", 9),
        ("every fortnight", 6),
        ("daily at 25:00", 9),
        ("weekly th 9:05", 7),
    ],
)
def test_a_stored_text_that_cannot_be_read_is_an_error(text: str, position: int) -> None:
    """A damaged row says where it is damaged and what would be right; nothing is guessed."""
    with pytest.raises(ScheduleError) as raised:
        load(text)
    assert raised.value.position == position
    assert "Example: " in explain(raised.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("every 30 minutes", ["11-22T10:30", "11-22T11:00"]),
        ("every 7 hours", ["11-22T12:00", "11-22T19:00"]),
        ("every 2 days", ["11-23T00:00", "11-25T00:00"]),
        ("every 1 hour", ["11-22T11:00", "11-22T12:00"]),
        ("daily at 18:00", ["11-22T18:00", "11-23T18:00"]),
        ("Daily at 9:30", ["11-23T09:30", "11-24T09:30"]),
        ("weekly Mon 07:00", ["11-23T07:00", "11-30T07:00"]),
        ("weekly Sun 07:00", ["11-29T07:00", "12-06T07:00"]),
        ("every 1 min", ["11-22T10:16", "11-22T10:17"]),
        ("EVERY 2M", ["11-22T10:16", "11-22T10:18"]),
        ("every 5 mins", ["11-22T10:20", "11-22T10:25"]),
        ("every 10m", ["11-22T10:20", "11-22T10:30"]),
        ("every 2h", ["11-22T12:00", "11-22T14:00"]),
        ("every  2\thrs", ["11-22T12:00", "11-22T14:00"]),
        ("every 1 hr", ["11-22T11:00", "11-22T12:00"]),
        ("every hour", ["11-22T11:00", "11-22T12:00"]),
        ("every 2d", ["11-23T00:00", "11-25T00:00"]),
        ("every 2 day", ["11-23T00:00", "11-25T00:00"]),
        ("daily 18:00", ["11-22T18:00", "11-23T18:00"]),
        ("DAILY AT 9:05", ["11-23T09:05", "11-24T09:05"]),
        ("weekly thurs 9:05", ["11-26T09:05", "12-03T09:05"]),
        ("weekly thur 09:05", ["11-26T09:05", "12-03T09:05"]),
        ("weekly thursday at 9:05", ["11-26T09:05", "12-03T09:05"]),
        ("Weekly Tues 9:05", ["11-24T09:05", "12-01T09:05"]),
        ("weekly weds 9:05", ["11-25T09:05", "12-02T09:05"]),
        ("weekly on mondays at 7:00", ["11-23T07:00", "11-30T07:00"]),
        ("weekly mon,wed 9:05", ["11-23T09:05", "11-25T09:05"]),
        ("weekly mon, wed 9:05", ["11-23T09:05", "11-25T09:05"]),
    ],
)
def test_forms_of_the_earlier_runtime_keep_firing_in_utc(text: str, expected: list[str]) -> None:
    """They are known as such, mean UTC as they did, and are due at the same instants when stored in our form."""
    assert is_legacy(text)
    schedule = load(text)
    wanted = [datetime.fromisoformat(f"2026-{moment}").replace(tzinfo=UTC) for moment in expected]
    assert [*islice(due(schedule, NOW), 2)] == wanted
    assert [*islice(due(load(schedule.stored()), NOW), 2)] == wanted


@pytest.mark.parametrize("text", ["", "everything", "once 2026-12-24 08:00", "in 20 minutes", "0 9 * * *", "CRON:0 9"])
def test_other_texts_are_not_the_earlier_runtimes(text: str) -> None:
    """What begins when it is said, and what neither runtime wrote, is not taken for its forms."""
    assert not is_legacy(text)
