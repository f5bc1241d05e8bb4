"""Cron and raw RRULEs: what is accepted, and when it is due around every change of clocks."""

import re
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim, CronSimError
from dateutil.rrule import rrulestr  # type: ignore[import-untyped]
from hypothesis import assume, given
from hypothesis import strategies as st

from bot import phrasing
from bot.phrasing import describe, explain
from bot.schedules.cron import Cron
from bot.schedules.errors import ScheduleError
from bot.schedules.kinds import Monthly, Schedule, upcoming
from bot.schedules.rules import CalendarRule
from bot.schedules.text import load, parse
from tests import examples
from tests.bot.calendars import BERLIN, MINUTE, NOW, TICK, changes, due, first_shown, instants, said, wall, zones
from tests.cost import steps

DAY = timedelta(days=1)
MONDAY = datetime(2026, 11, 23)


def at(*moments: str) -> list[datetime]:
    """Instants in UTC."""
    return [datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in moments]


def rule(text: str, start: str = "20261122T111500", zone: str = "Europe/Berlin") -> Schedule:
    """A stored rule."""
    return load(f"DTSTART;TZID={zone}:{start}\nRRULE:{text}")


@st.composite
def changing(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """A zone and an instant at which its clocks change, some instant where they never do that year."""
    zone, year = draw(zones), draw(st.integers(1975, 2080))
    return zone, draw(st.sampled_from(changes(zone, year) or (datetime(year, 3, 29, 1, tzinfo=UTC),)))


@st.composite
def fields(draw: st.DrawFn, size: int) -> tuple[str, set[int]]:
    """A cron field and what it stands for."""
    numbers = draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=3))
    step, low = draw(st.integers(2, 20)), min(numbers)
    listed = ",".join(map(str, sorted(numbers)))
    return draw(
        st.sampled_from(
            [
                (listed, numbers),
                (f"{low}-{size - 1}", set(range(low, size))),
                ("*", set(range(size))),
                (f"*/{step}", set(range(0, size, step))),
                (f"{low}/{step}", set(range(low, size, step))),
                (f"{low}-{low}/{step}", {low}),
            ]
        )
    )


# --- Cron


@examples(120)
@given(changing(), fields(60), fields(24), st.sampled_from(["*", "0-6", "1,3,5"]), st.integers(-1500, 300))
def test_cron_with_a_wildcard_or_step_fires_at_every_real_instant_that_matches(
    change: tuple[ZoneInfo, datetime], minute: tuple[str, set[int]], hour: tuple[str, set[int]], days: str, before: int
) -> None:
    """The oracle looks at every minute."""
    zone, moment = change
    # One value is a fixed time, whatever step is written behind it.
    if not set("*/") & {*"".join(re.sub(r"^(\d+)-\1/\d+$", r"\1", field) for field, _ in (minute, hour))}:
        minute = ("*/7", set(range(0, 60, 7)))
    on = {0, 2, 4} if days == "1,3,5" else set(range(7))
    after, last = moment + before * MINUTE, moment + 1500 * MINUTE
    seen = [(each, wall(each, zone)) for each in (after + n * MINUTE for n in range(1, (last - after) // MINUTE + 1))]
    matching = [
        each for each, local in seen if local.minute in minute[1] and local.hour in hour[1] and local.weekday() in on
    ]
    schedule = said(f"{minute[0]} {hour[0]} * * {days}", zone)
    assert [*islice(due(schedule, after), len(matching))] == matching
    assert (schedule.next(matching[-1] if matching else after) or last + TICK) > last


@examples(70)
@given(changing(), st.integers(-3, 3), st.sets(st.integers(0, 59), min_size=1, max_size=3), st.integers(-1500, 300))
def test_cron_at_fixed_times_fires_once_each_at_the_first_showing_or_the_end_of_the_gap(
    change: tuple[ZoneInfo, datetime], near: int, minutes: set[int], before: int
) -> None:
    """The oracle looks for the first minute at which the clocks show each time or a later one."""
    zone, moment = change
    hour = (wall(moment, zone).hour + near) % 24
    schedule = said(f"{','.join(map(str, minutes))} {hour} * * *", zone)
    days = (wall(moment, zone).date() + n * DAY for n in range(-4, 5))
    shown = sorted({first_shown(datetime.combine(day, time(hour, n)), zone) for day in days for n in minutes})
    after = moment + before * MINUTE
    wanted = [each for each in shown if each > after][:5]
    assert [*islice(due(schedule, after), len(wanted))] == wanted


@pytest.mark.parametrize(
    ("text", "zone", "after", "expected"),
    [
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T00:30"]),
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
        ("0,30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T00:00"]),
        ("0 * * * *", "Europe/Berlin", "2026-10-24T23:00", ["2026-10-25T00:00", "2026-10-25T01:00"]),
        ("*/30 2 * * *", "Europe/Berlin", "2026-10-25T00:15", ["2026-10-25T00:30", "2026-10-25T01:00"]),
        ("*/30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", ["2026-03-30T00:00", "2026-03-30T00:30"]),
        # 02:00 to 02:30 does not exist; 01:30 to 02:00 comes twice.
        ("*/20 1,2 * * *", "Australia/Lord_Howe", "2026-10-03T15:15", ["2026-10-03T15:40", "2026-10-04T14:00"]),
        (
            "*/20 1,2 * * *",
            "Australia/Lord_Howe",
            "2026-04-04T14:35",
            ["2026-04-04T14:40", "2026-04-04T15:10", "2026-04-04T15:30"],
        ),
        ("*/30 0,1 * * *", "America/Sao_Paulo", "2018-11-03T12:00", ["2018-11-04T03:00", "2018-11-04T03:30"]),
        ("0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00", ["2018-11-04T03:00", "2018-11-05T02:00"]),
        ("0 9 * * *", "Pacific/Apia", "2011-12-29T12:00", ["2011-12-29T19:00", "2011-12-30T10:00"]),
        ("0 */12 * * *", "Pacific/Apia", "2011-12-29T12:00", ["2011-12-29T22:00", "2011-12-30T10:00"]),
    ],
)
def test_cron_at_changes_that_people_have_lived_through(text: str, zone: str, after: str, expected: list[str]) -> None:
    """Fixed times fire once, wildcards at every real instant."""
    assert upcoming(said(text, ZoneInfo(zone)), at(after)[0], len(expected)) == at(*expected)


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("0 9 * *", 0, "the five fields of cron"),
        ("0 0 9 * * *", 0, "the five fields of cron"),
        ("cron", 0, "the five fields of cron"),
        ("60 9 * * *", 0, "a valid minute (0-59)"),
        ("cron 0 24 * * *", 7, "a valid hour (0-23)"),
        ("0 9 32 * *", 4, "a valid day of the month (1-31)"),
        ("0 9 * foo *", 6, "a valid month (1-12)"),
        ("0 9 * * 8", 8, "a valid day of the week (0-7)"),
        ("*/0 * * * *", 0, "a valid minute (0-59)"),
        (f"{'9' * 5000} * * * *", 0, "a valid minute (0-59)"),
        ("0 0 31 2 *", 4, "a date that exists, unlike 31 February"),
        ("0 0 30,31 feb *", 4, "a date that exists, unlike 31 February"),
        ("0 0 */31 * 1#3", 4, "a date that exists, unlike 31 February"),
    ],
)
def test_cron_that_cannot_be_read_says_where(text: str, position: int, expected: str) -> None:
    """A date that never comes is an error too."""
    with pytest.raises(ScheduleError) as raised:
        said(text)
    assert (raised.value.position, phrasing.expected(raised.value)[: len(expected)]) == (position, expected)


def test_a_rare_date_is_found() -> None:
    """29 February, and 29 February on a Monday, across a century without a leap day."""
    assert upcoming(said("0 0 29 2 *", ZoneInfo("UTC")), NOW, 2) == at("2028-02-29", "2032-02-29")
    assert said("0 0 * 2 MON#5", ZoneInfo("UTC")).next(at("2073-01-01")[0]) == at("2112-02-29")[0]


# --- RRULE

_numbers = {
    "INTERVAL": st.integers(1, 5).map(str),
    "BYMONTH": st.sets(st.integers(1, 12), min_size=1, max_size=4),
    "BYMONTHDAY": st.sets(st.integers(-31, 31).filter(bool), min_size=1, max_size=5),
    "BYHOUR": st.sets(st.integers(0, 23), min_size=1, max_size=3),
    "BYMINUTE": st.sets(st.integers(0, 59), min_size=1, max_size=3),
    "BYDAY": st.sets(st.sampled_from(("MO", "TU", "WE", "TH", "FR", "SA", "SU")), min_size=1, max_size=4),
    "WKST": st.sampled_from(("MO", "SU", "WE")),
}
_nth = st.sets(st.sampled_from(("1MO", "-1FR", "2SU", "5WE", "-2TH")), min_size=1, max_size=3)


@st.composite
def rules(draw: st.DrawFn, frequencies: tuple[str, ...]) -> str:
    """An RRULE that holds for a while at least."""
    frequency = draw(st.sampled_from(frequencies))
    chosen = draw(st.sets(st.sampled_from(sorted(_numbers)), max_size=4))
    parts = {name: draw(_numbers[name]) for name in sorted(chosen)}
    if frequency in ("MONTHLY", "YEARLY") and draw(st.booleans()):
        parts["BYDAY"] = draw(_nth)
    if frequency != "WEEKLY" and draw(st.booleans()):
        parts["BYSETPOS"] = draw(st.sampled_from(("1", "-1", "1,2", "-2")))
    if draw(st.booleans()):
        parts["COUNT"] = draw(st.integers(1, 9).map(str))
    written = {name: value if isinstance(value, str) else ",".join(map(str, value)) for name, value in parts.items()}
    return ";".join(["FREQ=" + frequency, *(f"{name}={value}" for name, value in written.items())])


def naive(text: str, start: datetime, limit: int) -> list[datetime]:
    """The first occurrences by dateutil, by wall clock; of a rule that has any."""
    # Else dateutil would look on until the year 9999.
    assume(rule(text, f"{start:%Y%m%dT%H%M%S}", "UTC").next(start.replace(tzinfo=UTC) - TICK) is not None)
    return [*islice(rrulestr(text, dtstart=start), limit)]


@examples(120)
@given(rules(("DAILY", "WEEKLY", "MONTHLY", "YEARLY")), changing(), st.integers(-1500, 1500))
def test_rules_of_days_and_longer_are_dateutils_by_wall_clock_first_showing_or_end_of_the_gap(
    text: str, change: tuple[ZoneInfo, datetime], before: int
) -> None:
    """None doubled, none missed, whatever the clocks do."""
    zone, moment = change
    start = wall(moment, zone).replace(second=0) + before * MINUTE
    locals_ = naive(text, start, 6)
    assume(all(later - start < 4000 * DAY for later in locals_))
    wanted = sorted({first_shown(local, zone) for local in locals_})
    schedule = rule(text, f"{start:%Y%m%dT%H%M%S}", zone.key)
    found = upcoming(schedule, wanted[0] - TICK, len(wanted))
    assert found == wanted
    assert all(schedule.next(later - TICK) == later for later in wanted)
    if "COUNT" in text and len(locals_) < 6:
        assert schedule.next(wanted[-1]) is None


@examples(150)
@given(
    st.sampled_from((1, 2, 7, 45, 60, 90)),
    st.sets(st.integers(0, 23), min_size=1, max_size=20),
    changing(),
    st.integers(-1500, 0),
)
def test_minutely_rules_are_elapsed_time_through_wall_clocks(
    interval: int, hours: set[int], change: tuple[ZoneInfo, datetime], before: int
) -> None:
    """The oracle looks at every interval."""
    zone, moment = change
    begun = moment + before * MINUTE
    begun = first_shown(wall(begun, zone), zone)
    last = moment + 1500 * MINUTE
    seen = (begun + n * interval * MINUTE for n in range((last - begun) // (interval * MINUTE) + 1))
    wanted = [each for each in seen if wall(each, zone).hour in hours]
    text = f"FREQ=MINUTELY;INTERVAL={interval};BYHOUR={','.join(map(str, hours))}"
    schedule = rule(text, f"{wall(begun, zone):%Y%m%dT%H%M%S}", zone.key)
    assert [*islice(due(schedule, begun - TICK), len(wanted))] == wanted
    assert (schedule.next(wanted[-1] if wanted else begun - TICK) or last + TICK) > last


@examples(100)
@given(rules(("HOURLY",)).filter(lambda text: "BYSETPOS" not in text), st.datetimes(datetime(1990, 1, 1), MONDAY))
def test_hourly_rules_are_dateutils_where_clocks_never_change(text: str, start: datetime) -> None:
    """Elapsed time and wall clock are then the same."""
    start = start.replace(second=0, microsecond=0)
    try:
        wanted = naive(text, start, 5)
    except ValueError:  # dateutil's word for a rule without occurrences
        assume(False)
    schedule = rule(text, f"{start:%Y%m%dT%H%M%S}", "UTC")
    assert upcoming(schedule, start.replace(tzinfo=UTC) - TICK, 5) == [each.replace(tzinfo=UTC) for each in wanted]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=DAILY;INTERVAL=2", ["2026-11-24T10:15", "2026-11-26T10:15"]),
        ("FREQ=DAILY;COUNT=3", ["2026-11-23T10:15", "2026-11-24T10:15", "2026-11-25T10:15"]),
        ("FREQ=DAILY;UNTIL=20261124T101500Z", ["2026-11-23T10:15", "2026-11-24T10:15"]),
        ("FREQ=DAILY;UNTIL=20261124T101459Z", ["2026-11-23T10:15"]),
        ("FREQ=DAILY;UNTIL=20261124T111500", ["2026-11-23T10:15", "2026-11-24T10:15"]),
        ("FREQ=DAILY;UNTIL=20261124", ["2026-11-23T10:15", "2026-11-24T10:15"]),
        ("FREQ=HOURLY;UNTIL=20261122T121500Z", ["2026-11-22T11:15", "2026-11-22T12:15"]),
        ("FREQ=MINUTELY;INTERVAL=10;COUNT=3", ["2026-11-22T10:25", "2026-11-22T10:35", "2026-11-22T10:45"]),
        ("FREQ=DAILY;BYHOUR=9,12;BYMINUTE=0,30;COUNT=3", ["2026-11-22T11:00", "2026-11-22T11:30", "2026-11-23T08:00"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", ["2026-11-30T10:15", "2026-12-31T10:15"]),
        ("FREQ=MONTHLY;BYDAY=SU,1MO;COUNT=3", ["2026-11-29T10:15", "2026-12-06T10:15", "2026-12-07T10:15"]),
        # Sets begin with the week, not with the day on which the rule does.
        ("FREQ=WEEKLY;BYDAY=MO,SU;BYSETPOS=2;COUNT=2", ["2026-11-29T10:15", "2026-12-06T10:15"]),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO;COUNT=2", ["2027-01-04T10:15", "2028-01-03T10:15"]),
        ("FREQ=YEARLY;BYYEARDAY=-1;COUNT=1", ["2026-12-31T10:15"]),
        ("FREQ=YEARLY;INTERVAL=10;BYMONTH=2;BYMONTHDAY=29;COUNT=2", ["2036-02-29T10:15", "2056-02-29T10:15"]),
        ("freq=hourly;byminute=0,30;count=2", ["2026-11-22T10:30", "2026-11-22T11:00"]),
    ],
)
def test_rules_without_a_beginning_begin_now_in_the_users_zone(text: str, expected: list[str]) -> None:
    """Now is no occurrence: a rule that counts its beginning as one (RFC 5545) begins with the next."""
    schedule = said(text)
    first = "20261122T1115" if "COUNT" not in text.upper() else "20"
    assert schedule.stored().startswith(f"DTSTART;TZID=Europe/Berlin:{first}")
    assert upcoming(schedule, NOW, len(expected)) == at(*expected)
    if "COUNT" in schedule.stored() or "UNTIL" in schedule.stored():
        assert schedule.next(at(expected[-1])[0]) is None
    assert load(schedule.stored()) == schedule


def test_seconds_of_now_are_left_out_where_the_rule_names_an_hour_or_a_minute() -> None:
    """Nine o'clock is meant, not some seconds past nine."""
    now = NOW + timedelta(seconds=7)
    assert said("FREQ=DAILY;BYHOUR=9", now=now).next(now) == at("2026-11-23T08:15")[0]
    assert said("FREQ=DAILY", now=now).next(now) == now + DAY


@pytest.mark.parametrize(
    "text",
    [
        "DTSTART;TZID=Europe/Berlin:20261201T090000\nRRULE:FREQ=MONTHLY;BYMONTHDAY=1",
        "DTSTART;TZID=Europe/Berlin:20261201T090000 RRULE:FREQ=MONTHLY;BYMONTHDAY=1",
        r"DTSTART;TZID=Europe/Berlin:20261201T090000\nRRULE:FREQ=MONTHLY;BYMONTHDAY=1",
        "RRULE:BYMONTHDAY=1;FREQ=MONTHLY;\r\ndtstart;VALUE=DATE-TIME;TZID=Europe/Berlin:20261201T090000\r\n",
        "DTSTART:20261201T090000\nFREQ=MONTHLY;BYMONTHDAY=1",
        "monthly 1 09:00",
    ],
)
def test_one_rule_written_in_many_ways_is_stored_in_one(text: str) -> None:
    """A beginning without a zone is one in the user's."""
    assert said(text) == Monthly(start=date(2026, 12, 1), day=1, at=time(9), zone=BERLIN)


def test_a_rule_keeps_the_zone_that_it_names() -> None:
    """Whatever the user's own is, and UTC is one too."""
    assert said("DTSTART;TZID=Asia/Tokyo:20261201T090000\nFREQ=DAILY").next(NOW) == at("2026-12-01T00:00")[0]
    assert said("DTSTART:20261201T090000Z\nFREQ=WEEKLY;INTERVAL=2").next(NOW) == at("2026-12-01T09:00")[0]
    assert said("DTSTART:20261201\nFREQ=WEEKLY;INTERVAL=2").next(NOW) == at("2026-11-30T23:00")[0]


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("RRULE:", 6, "one of YEARLY"),
        ("RRULE:INTERVAL=2", 6, "one of YEARLY"),
        ("FREQ=SECONDLY", 0, "the shortest time is one minute"),
        ("FREQ=DAILY;BYSECOND=0,30", 11, "the shortest time is one minute"),
        ("FREQ=DAILY;INTERVAL=0", 11, "a whole number from 1 to 3653"),
        ("FREQ=DAILY;INTERVAL=3654", 11, "a whole number from 1 to 3653"),
        (f"FREQ=MINUTELY;INTERVAL={'9' * 5000}", 14, "a whole number from 1"),
        ("FREQ=YEARLY;INTERVAL=-1", 12, "a whole number from 1"),
        ("FREQ=DAILY;COUNT=10001", 11, "a whole number from 1 to 10000"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101T000000Z", 11, "either COUNT or UNTIL"),
        ("FREQ=DAILY;UNTIL=tomorrow", 11, "a date and time such as"),
        ("FREQ=DAILY;UNTIL=20271301T000000Z", 11, "a date and time such as"),
        ("FREQ=DAILY;BYHOUR=24", 11, "numbers from 0 to 23"),
        ("FREQ=DAILY;BYMINUTE=", 11, "numbers from 0 to 59"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", 13, "numbers from -31 to 31, without 0"),
        ("FREQ=WEEKLY;BYDAY=MO,XX", 12, "weekdays, some of MO"),
        ("FREQ=WEEKLY;BYDAY=1MO", 12, "weekdays, some of MO"),
        ("FREQ=MONTHLY;BYDAY=6MO", 13, "with numbers up to 5 before them"),
        ("FREQ=DAILY;WKST=XX", 11, "one of MO"),
        ("FREQ=HOURLY;BYDAY=MO;BYSETPOS=1", 21, "no BYSETPOS"),
        ("FREQ=DAILY;BYEASTER=0", 11, "each once, some of FREQ"),
        ("FREQ=DAILY;FREQ=DAILY", 11, "each once, some of FREQ"),
        ("FREQ=DAILY please", 11, "one DTSTART and one RRULE"),
        ("FREQ=DAILY\nRRULE:FREQ=DAILY", 11, "one DTSTART and one RRULE"),
        ("FREQ=DAILY\nEXDATE:20261201T090000", 11, "no EXDATE"),
        ("RDATE:20261201T090000\nFREQ=DAILY", 0, "no RDATE"),
        ("DTSTART:20261201T090000", 23, "RRULE:FREQ=…"),
        ("DTSTART;TZID=Europe/Nowhere:20261201T090000\nFREQ=DAILY", 13, "the name of a time zone"),
        ("DTSTART;TZID=Europe/Berlin:20261201T090000Z\nFREQ=DAILY", 0, "DTSTART with a zone or Z"),
        ("DTSTART:20261301T090000\nFREQ=DAILY", 8, "a date and time such as"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 0, "a rule that comes due at some time"),
        ("FREQ=MINUTELY;INTERVAL=2;BYMINUTE=0", 0, "a rule that comes due at some time"),
        ("FREQ=DAILY;UNTIL=20000101T000000Z", 0, "a rule that comes due at some time"),
    ],
)
def test_a_rule_that_cannot_be_used_says_where(text: str, position: int, expected: str) -> None:
    """Nothing is guessed, nothing left out in silence."""
    with pytest.raises(ScheduleError) as raised:
        parse(text, zone=ZoneInfo("UTC"), now=NOW)
    assert raised.value.position == position
    assert expected in phrasing.expected(raised.value)
    assert "\n" not in explain(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=MINUTELY",
        "FREQ=MINUTELY;BYHOUR=9;BYMINUTE=0;BYDAY=MO",
        "FREQ=MINUTELY;INTERVAL=7;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=HOURLY;INTERVAL=5;BYMINUTE=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=WEEKLY;INTERVAL=500",
        "FREQ=MINUTELY;COUNT=10000",
    ],
)
def test_a_rule_from_long_ago_costs_nothing(text: str) -> None:
    """Nothing is stepped through from the beginning on, but for what COUNT limits."""
    schedule = rule(text, "19800101T000000")
    schedule.next(NOW)
    # The dates of a year or two are listed; stepping through all the minutes since would take millions.
    assert steps(lambda: schedule.next(NOW + timedelta(days=1000))) < 10_000


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MINUTELY;INTERVAL=2;BYMINUTE=0",
        "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1",
    ],
)
def test_a_rule_that_nothing_fits_ends_the_search(text: str) -> None:
    """Stored as it may be, it never comes due, and says so soon: not after every minute until the year 9999."""
    schedule = rule(text)
    assert schedule.next(NOW) is None
    assert steps(lambda: schedule.next(NOW)) < 500_000


# --- Whatever is written

_BITS = (
    "FREQ= DAILY MINUTELY HOURLY YEARLY ; BYDAY= MO -1FR , BYHOUR= 9 0 31 * */ - # L RRULE: DTSTART ;TZID= Z ß : CRON"
)
_MORE = "COUNT= UNTIL= INTERVAL= BYSETPOS= BYMONTHDAY= BYWEEKNO= Europe/Berlin 20261122T180000 once cron monthly 9:00"
_bits = st.sampled_from((*_BITS.split(), *_MORE.split(), " ", " ", "\n"))


@examples(400)
@given(st.text() | st.lists(_bits, max_size=14).map("".join), instants)
def test_garbage_is_a_schedule_error_and_nothing_else(text: str, now: datetime) -> None:
    """In what people write and in what is stored; what can be read comes back from what is stored."""
    for stored in (False, True):
        try:
            schedule = load(text) if stored else said(text, now=now)
        except ScheduleError as error:
            assert 0 <= error.position <= len(text)
            assert len(explain(error).splitlines()) == 1
        else:
            assert load(schedule.stored()) == schedule
            found = upcoming(schedule, now, 3)
            assert all(earlier < later for earlier, later in pairwise([now, *found]))
            assert describe(schedule)


@examples(300)
@given(
    st.lists(
        st.sampled_from(("*", "5", "1-3", "*/7", "L", "LW", "MON", "FEB", "1#2", "5L", "0,30")), min_size=5, max_size=5
    )
)
def test_whatever_cronsim_takes_is_read_described_and_due(expression: list[str]) -> None:
    """Its extensions as well: the last day, the last weekday, the nth weekday."""
    text = " ".join(expression)
    try:
        simulated = next(CronSim(text, NOW.astimezone(BERLIN).replace(tzinfo=None)), None)
    except CronSimError:
        simulated = None
    if simulated is None:
        with pytest.raises(ScheduleError):
            parse(f"cron {text}", zone=BERLIN, now=NOW)
        return
    schedule = parse(f"cron {text}", zone=BERLIN, now=NOW)
    assert schedule == Cron(expression=text, zone=BERLIN)
    assert describe(schedule).endswith("(Europe/Berlin)")
    found = schedule.next(NOW)
    assert found is not None
    assert wall(found, BERLIN) == simulated or (simulated - wall(found, BERLIN)) % DAY < timedelta(hours=2)


def test_a_general_rule_is_one_only_where_no_human_form_stands_for_it() -> None:
    """So that what people see is said in their words."""
    assert isinstance(rule("FREQ=WEEKLY;INTERVAL=2"), CalendarRule)
    assert describe(rule("FREQ=DAILY")) == "daily at 11:15 (Europe/Berlin)"


def test_upcoming_ends_with_the_schedule() -> None:
    """Fewer than asked for, none twice."""
    assert upcoming(said("FREQ=DAILY;COUNT=2"), NOW - TICK, 9) == [NOW + DAY, NOW + 2 * DAY]
    assert upcoming(said("every minute"), NOW, 0) == []
