"""What becomes of an occurrence: quiet hours, misses, caps."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.automations.decision import (
    GRACE_MS,
    MAX_CATCH_UP,
    MAX_MISSES,
    Missed,
    QuietHours,
    QuietMode,
    Rules,
    Situation,
    decide,
    start_of_day,
)
from bot.schedules.text import parse

BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOURLY = parse("every 1 hour", zone=BERLIN, now=AT - timedelta(hours=1))


def situation(
    *,
    late: timedelta = timedelta(0),
    quiet: QuietHours | None = None,
    missed: Missed = "once",
    cap: int | None = None,
    sent_today: int = 0,
    due: datetime = AT,
) -> Situation:
    """An hourly job at noon, looked at so much later."""
    rules = Rules(quiet=quiet, cap=cap)
    return Situation(schedule=HOURLY, at=AT, due=due, now=AT + late, rules=rules, missed=missed, sent_today=sent_today)


def hours(start: str, end: str, mode: QuietMode = "defer") -> QuietHours:
    """Quiet hours in UTC."""
    return QuietHours(start=time.fromisoformat(start), end=time.fromisoformat(end), zone=ZoneInfo("UTC"), mode=mode)


def test_a_run_on_time_runs_and_nothing_else_happens() -> None:
    """Half a minute late is on time: nothing was missed, nothing is made up for."""
    decision = decide(situation(late=timedelta(seconds=30)))
    assert (decision.run_at, decision.verdict, decision.misses, decision.catch_up) == (AT, None, (), ())


@pytest.mark.parametrize(
    ("missed", "verdict", "caught_up", "misses"),
    [("once", None, 0, 3), ("all", None, 3, 0), ("skip", "missed", 0, 3)],
)
def test_what_was_missed_is_made_up_for_as_the_job_says(
    missed: Missed, verdict: str | None, caught_up: int, misses: int
) -> None:
    """After three and a half hours: four instants, the newest half an hour old."""
    decision = decide(situation(late=timedelta(hours=3.5), missed=missed))
    assert decision.run_at == AT + timedelta(hours=3)
    assert decision.verdict == verdict
    assert len(decision.catch_up) == caught_up
    assert [reason for _, reason in decision.misses] == ["missed"] * misses


def test_once_is_within_a_grace_window() -> None:
    """A daily job six hours late still runs, a second later it does not."""
    daily = parse("daily 12:00", zone=ZoneInfo("UTC"), now=AT - timedelta(hours=1))
    for late_ms, verdict in ((GRACE_MS, None), (GRACE_MS + 1000, "missed")):
        now = AT + timedelta(milliseconds=late_ms)
        assert decide(Situation(schedule=daily, at=AT, due=AT, now=now)).verdict == verdict


@given(minutes=st.integers(0, 400), missed=st.sampled_from(["once", "all", "skip"]))
def test_every_instant_that_passed_is_accounted_for_once(minutes: int, missed: Missed) -> None:
    """Run, made up for, or missed: none twice, none forgotten."""
    every_minute = parse("every 1 minute", zone=BERLIN, now=AT - timedelta(minutes=1))
    now = AT + timedelta(minutes=minutes, seconds=1)
    decision = decide(Situation(schedule=every_minute, at=AT, due=AT, now=now, missed=missed))
    told = [decision.run_at, *decision.catch_up, *(moment for moment, _ in decision.misses)]
    assert sorted(told) == [AT + timedelta(minutes=n) for n in range(minutes + 1)]
    assert len(decision.catch_up) < MAX_CATCH_UP


@pytest.mark.parametrize("text", ["every 1 minute", "* * * * *", "RRULE:FREQ=MINUTELY"])
@pytest.mark.parametrize("days", [1, 7, 4000])
def test_a_long_time_of_minutes_is_bounded_and_ends_now(text: str, days: int) -> None:
    """The newest have their rows, and it is told since when older ones have none; a decade costs as much as a week."""
    schedule = parse(text, zone=BERLIN, now=AT - timedelta(minutes=1))
    end = AT + timedelta(days=days)
    decision = decide(Situation(schedule=schedule, at=AT, due=AT, now=end))
    told = sorted([decision.run_at, *(moment for moment, _ in decision.misses)])
    assert told == [end - timedelta(minutes=n) for n in reversed(range(len(told)))]
    assert MAX_MISSES // 2 < len(told) <= MAX_MISSES
    assert decision.unlisted_since == AT


def test_quiet_hours_defer_to_their_end() -> None:
    """A run that falls into them waits until they are over, unless its owner chose otherwise."""
    decision = decide(situation(quiet=hours("11:00", "14:30")))
    assert decision.defer_until == AT.replace(hour=14, minute=30)


def test_what_was_deferred_runs_when_they_end_and_those_in_between_are_told_as_quiet() -> None:
    """Deferred from noon to 23:30 of the same day, an hourly job runs once."""
    quiet = hours("11:00", "23:30")
    late = timedelta(hours=11.5)
    decision = decide(situation(late=late, quiet=quiet, due=AT + late))
    assert decision.defer_until is None
    assert decision.verdict is None
    assert {reason for _, reason in decision.misses} == {"quiet_hours"}


def test_a_daily_run_that_was_deferred_is_not_late() -> None:
    """Deferred for longer than the grace window of misses, it runs all the same."""
    daily = parse("daily 12:00", zone=ZoneInfo("UTC"), now=AT - timedelta(hours=1))
    end = AT + timedelta(hours=11.5)
    decision = decide(Situation(schedule=daily, at=AT, due=end, now=end, rules=Rules(quiet=hours("11:00", "23:30"))))
    assert (decision.run_at, decision.verdict, decision.misses) == (AT, None, ())


def test_drop_and_silent() -> None:
    """In quiet hours the owner may have a run left out, with its reason, or made without a notification."""
    assert decide(situation(quiet=hours("11:00", "13:00", "drop"))).verdict == "quiet_hours"
    silent = decide(situation(quiet=hours("11:00", "13:00", "silent")))
    assert (silent.verdict, silent.silent) == (None, True)


@pytest.mark.parametrize(("sent", "verdict"), [(2, None), (3, "daily_cap"), (4, "daily_cap")])
def test_a_cap_counts_messages_that_were_sent_today(sent: int, verdict: str | None) -> None:
    """As many as the cap says may go in a day; the next run is left out, with its reason."""
    assert decide(situation(cap=3, sent_today=sent)).verdict == verdict


@given(
    zone=st.sampled_from(sorted(available_timezones())).map(ZoneInfo),
    minute=st.integers(0, 366 * 24 * 60),
    start=st.times(),
    end=st.times(),
)
def test_the_end_of_quiet_hours_lies_behind_now_and_outside_of_them(
    zone: ZoneInfo, minute: int, start: time, end: time
) -> None:
    """In every zone, over both changes of the year, and never further than two days off."""
    start, end = start.replace(microsecond=0), end.replace(microsecond=0)
    quiet = QuietHours(start=start, end=end, zone=zone)
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    if quiet.contains(now):
        until = quiet.end_after(now)
        assert now < until <= now + timedelta(days=2)


def test_stored_forms_of_both_runtimes_are_read() -> None:
    """The earlier runtime wrote whole hours; what is damaged in either form is no quiet hours at all."""
    ours = QuietHours.read({"start": "22:00", "end": "07:00", "mode": "drop"}, zone=BERLIN)
    assert ours == QuietHours(start=time(22), end=time(7), zone=BERLIN, mode="drop")
    earlier = QuietHours.read({"startHour": 22, "endHour": 7, "timezone": "UTC"}, zone=BERLIN)
    assert earlier == QuietHours(start=time(22), end=time(7), zone=ZoneInfo("UTC"))
    for broken in ({}, {"start": "x", "end": "07:00"}, {"startHour": 99, "endHour": 1}, {"start": 1, "end": 2}):
        assert QuietHours.read(broken, zone=BERLIN) is None
    assert QuietHours.read(None, zone=BERLIN) is None


def test_a_day_begins_where_its_person_lives() -> None:
    """A daily cap starts anew at midnight of the owner’s zone, not at that of UTC."""
    assert start_of_day(AT, BERLIN) == datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
