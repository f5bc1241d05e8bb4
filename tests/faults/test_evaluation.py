"""Schedules are evaluated off the event loop, within a limit of steps; what takes more is one job's failure."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.automations.decision import Situation, decide
from bot.schedules import cron, rrule
from bot.schedules.kinds import UTC_ZONE, Daily, Interval, Monthly, Once, Weekly, upcoming
from bot.schedules.rules import CalendarRule, ElapsedRule
from bot.schedules.steps import MOST, TooManySteps, limited
from bot.schedules.text import load, parse
from middleware.texts import say
from tests.automating import HOUR, create, ledger, outcomes, pass_time
from tests.clocks import TestClock
from tests.cost import steps
from tests.house import House, until
from tests.looking import idle, tell, texts
from tests.pressing import press
from tests.responders import ECHO

KINDS = (Interval, Daily, Weekly, Monthly, Once, CalendarRule, ElapsedRule, cron.Cron)
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
HOURS, MINUTES = ",".join(map(str, range(24))), ",".join(map(str, range(60)))
EVERY_MINUTE = f"FREQ=DAILY;BYHOUR={HOURS};BYMINUTE={MINUTES}"
ENDLESS = "FREQ=MINUTELY;BYMONTH=1;BYMONTHDAY=1;BYHOUR=0;BYMINUTE=0;COUNT=10000"
"""Ten thousand new years."""
BEGIN = "DTSTART:20260101T000000Z\nRRULE:"


def taken(work: Callable[[], object]) -> int:
    """The steps of an evaluation, to within a hundred; at most MOST."""
    limited(work)
    few, enough = 0, MOST
    while enough - few > 100:
        middle = (few + enough) // 2
        try:
            limited(work, most=middle)
        except TooManySteps:
            few = middle
        else:
            enough = middle
    return enough


@pytest.fixture
def on_the_loop(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The schedules that were read or evaluated by the thread of the event loop."""
    found: list[str] = []

    def watch(owner: Any, name: str) -> None:
        work = getattr(owner, name)

        def watched(*args: Any) -> Any:
            try:
                asyncio.get_running_loop()
            except RuntimeError:
                return work(*args)
            found.append(f"{owner.__name__}.{name}")
            return work(*args)

        monkeypatch.setattr(owner, name, watched)

    for kind in KINDS:
        watch(kind, "next")
    for module in (cron, rrule):
        watch(module, "read")
    watch(rrule, "load")
    return found


@pytest.mark.slow
async def test_nothing_of_a_schedule_is_worked_out_on_the_event_loop(house: House, on_the_loop: list[str]) -> None:
    """Neither for commands, buttons, proposals and lists, nor for what is due, missed or planned anew."""
    clock = TestClock()
    async with house.bot(clock) as bot:
        ann, chat = house.chat()
        jobs = [
            await create(house, chat, ann, form) for form in ("every 1 hour", f"RRULE:{EVERY_MINUTE}", "0 9 * * 1-5")
        ]
        for text in (
            "preview weekly Mon,Thu 07:00",
            "list",
            f"show {jobs[1]}",
            f"edit {jobs[0]} monthly last 09:00 | coffee",
            f"limit {jobs[1]} 3 a day",
            f"missed {jobs[1]} all",
            f"pause {jobs[0]}",
            f"resume {jobs[0]}",
            f"pause {jobs[2]}",
        ):
            await tell(house, chat, ann, f"/automations {text}")
        await tell(house, chat, ann, "remind me in 5 minutes to breathe")
        await press(house, chat, ann, say("proposal.create"))
    house.write("DELETE FROM polar_scheduler_events WHERE eventId = ?", f"automation:{jobs[0]}")
    row = ("beat", f"telegram:chat:{chat.id}", f"{BEGIN}{EVERY_MINUTE}", None, "{}", 1, 1, 1)
    house.write("INSERT INTO polar_heartbeat_policies VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *row)
    clock.advance(seconds=48 * HOUR)
    async with house.bot(clock) as bot:
        await until(lambda: len(ledger(house)) > 1000)
        clock.advance(seconds=120)
        bot.app.runner.wake()
        await until(lambda: house.rows("SELECT 1 FROM polar_run_events WHERE source = 'heartbeat'") != [])
        await until(lambda: bot.app.runner.in_hand == 0)
        await idle(house)
    assert on_the_loop == []


@pytest.mark.slow
async def test_a_rule_that_takes_too_long_is_not_taken(house: House) -> None:
    """Who writes it is told so, and nothing is stored."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        for verb in ("create", "preview"):
            [answer] = await tell(house, chat, ann, f"/automations {verb} RRULE:{ENDLESS} | tea")
            assert answer.startswith(say("schedule.too_many_steps", example="daily at 18:00"))
    assert house.rows("SELECT * FROM polar_automation_jobs") == []


@pytest.mark.slow
async def test_a_stored_rule_that_takes_too_long_is_its_jobs_failure(house: House) -> None:
    """It is entered, set aside and paused; others run, and it does not come back at the next start."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        await create(house, chat, ann, "every 2 hours", "tea")
        endless = await create(house, chat, ann, "every 1 hour", "never")
        house.write("UPDATE polar_automation_jobs SET schedule = ? WHERE id = ?", f"{BEGIN}{ENDLESS}", endless)
        await pass_time(house, bot, clock, seconds=2 * HOUR, runs=2)
        [shown] = await tell(house, chat, ann, f"/automations show {endless}")
    assert sorted(outcomes(house), key=str) == [("executed", None), ("failed", "too_many_steps")]
    assert texts(house, chat)[2:3] == ["echo: tea"]
    assert shown.startswith("⏸")
    dead = house.rows("SELECT payload FROM polar_scheduler_events WHERE queue = 'dead_letter'")
    assert [json.loads(payload)["reason"] for (payload,) in dead] == ["too_many_steps"]
    async with house.bot(clock, responder=ECHO):
        await idle(house)
    assert len(outcomes(house)) == 2


@pytest.mark.slow
@pytest.mark.parametrize("rule", [EVERY_MINUTE, "FREQ=MINUTELY", f"FREQ=HOURLY;BYMINUTE={MINUTES}"])
def test_what_was_missed_in_a_month_is_worked_out_within_the_limit(rule: str) -> None:
    """As what was missed in two days: what lies before the newest instants is leapt over."""
    schedule = load(f"DTSTART:20260101T000000Z\nRRULE:{rule}")

    def missed(days: int) -> Callable[[], object]:
        return lambda: decide(Situation(schedule=schedule, at=NOON, due=NOON, now=NOON + timedelta(days=days)))

    assert taken(missed(30)) <= 2 * taken(missed(2)) < MOST


@pytest.mark.parametrize(
    "text",
    [EVERY_MINUTE, f"{EVERY_MINUTE};COUNT=10000", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=MINUTELY;COUNT=5000"],
)
def test_what_people_mean_is_far_within_the_limit(text: str) -> None:
    """Half of it is never needed, and what follows costs a few steps more."""
    assert taken(lambda: parse(f"RRULE:{text}", zone=UTC_ZONE, now=NOON).next(NOON)) <= MOST // 2
    schedule = load(f"{BEGIN}{text}")
    schedule.next(NOON)
    assert taken(lambda: upcoming(schedule, NOON, 3)) <= 200


@pytest.mark.parametrize("positions", ["1", ",".join(map(str, range(1, 367)))])
def test_the_next_of_a_rule_with_positions_costs_the_same_all_year(positions: str) -> None:
    """Only the period that an instant lies in is looked at, not all since January."""
    schedule = load(f"{BEGIN}{EVERY_MINUTE};BYSETPOS={positions}")
    schedule.next(NOON)
    january, december = (datetime(2026, month, 28, 0, 30, tzinfo=UTC) for month in (1, 12))
    assert steps(lambda: schedule.next(december)) <= 2 * steps(lambda: schedule.next(january))


@pytest.mark.parametrize("text", ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30"])
def test_a_day_that_no_year_has_is_looked_for_within_the_limit(text: str) -> None:
    """Stored as it may be, it never comes due."""
    assert limited(lambda: load(f"{BEGIN}{text}").next(NOON)) is None
