"""Many reminders that are late together come as one list, each with its time, its row and its end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.automations.subject import MOST_SINGLE
from bot.scheduling import runner
from emulator import Chat, Person
from middleware.texts import say
from middleware.turn import Outcome, Turn
from tests.automating import create, ledger, outcomes
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import idle, tell, texts
from tests.pressing import press
from tests.responders import ECHO

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("hasty", "engine")]

MANY = MOST_SINGLE + 2
OVER = "SELECT count(*) FROM polar_automation_jobs WHERE enabled = 0 AND limitsJson LIKE '%\"over\":true%'"
WAITING = "SELECT eventId FROM polar_scheduler_events WHERE queue IN ('scheduled', 'retry')"
BROKEN = "tests.faults.test_reminders:fail_on_runs"


async def fail_on_runs(turn: Turn, call_next: Callable[[Turn], Awaitable[Outcome]]) -> Outcome:
    """A middleware that is broken."""
    if turn.run is not None:
        raise RuntimeError("broken")
    return await call_next(turn)


async def missed(house: House, clock: TestClock, count: int) -> tuple[Person, Chat]:
    """Somebody whose reminders, a minute apart from 11:26 on, have come due while no bot ran."""
    async with house.bot(clock, responder=ECHO):
        ann, chat = house.chat()
        for number in range(count):
            await create(house, chat, ann, f"in {20 + number} minutes", f"tea {number}")
    clock.advance(seconds=3600)
    return ann, chat


def said(house: House, chat: Chat) -> list[str]:
    """What came instead of the confirmations."""
    return [text for text in texts(house, chat) if not text.startswith("Created ")]


async def test_more_than_ten_late_reminders_come_as_one_list(house: House) -> None:
    """Earliest first, each with its own time; each has its own row in the ledger, and its job is over."""
    clock = TestClock()
    _, chat = await missed(house, clock, MANY)
    async with house.bot(clock, responder=ECHO):
        await until(lambda: len(ledger(house)) == MANY)
        await idle(house)
    lines = [f"⏰ Wed 2026-11-18 11:{26 + number}: tea {number}" for number in range(MANY)]
    head = say("automation.late_list", count=MANY, zone="UTC")
    assert said(house, chat) == ["\n".join([head, *lines])]
    assert outcomes(house) == [("executed", None)] * MANY
    assert house.rows("SELECT count(DISTINCT id) FROM polar_run_events") == [(MANY,)]
    assert house.rows("SELECT status, count(*) FROM polar_task_board GROUP BY status") == [("done", MANY)]
    assert house.rows(OVER) == [(MANY,)]
    assert house.rows(WAITING) == []


async def test_up_to_ten_come_one_by_one(house: House) -> None:
    """Each is said by the responder, after the time that was meant."""
    clock = TestClock()
    _, chat = await missed(house, clock, MOST_SINGLE)
    async with house.bot(clock, responder=ECHO):
        await until(lambda: len(ledger(house)) == MOST_SINGLE)
        await idle(house)
    notes, words = said(house, chat)[::2], said(house, chat)[1::2]
    assert len(notes) == len(words) == MOST_SINGLE
    assert all(text.startswith("This was meant for ") for text in notes)
    assert all(text.startswith("echo: ") for text in words)


async def test_what_is_said_elsewhere_or_by_other_rules_is_not_in_the_list(house: House) -> None:
    """Neither another chat's, nor another person's, nor a job's that repeats, nor what its owner wants left out."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO):
        bob = house.world.person("Bob")
    ann, chat = await missed(house, clock, MANY)
    group = house.world.group("Friends", [ann, bob])
    clock.advance(seconds=-3600)
    async with house.bot(clock, responder=ECHO):
        for person in (ann, bob):
            await tell(house, group, person, "/automations@polar_test_bot create in 20 minutes | secret")
        await create(house, chat, ann, "every 1 hour", "often")
        left_out = await create(house, chat, ann, "in 20 minutes", "left out")
        await tell(house, chat, ann, f"/automations missed {left_out} skip")
    clock.advance(seconds=3600)
    async with house.bot(clock, responder=ECHO):
        await until(lambda: len(ledger(house)) == MANY + 4)
        await idle(house)
    [listed] = [text for text in said(house, chat) if text.startswith(f"{MANY} reminders")]
    assert "secret" not in listed and "often" not in listed and "left out" not in listed
    assert sorted(outcome for outcome, _ in outcomes(house)) == ["executed"] * (MANY + 3) + ["skipped"]


async def test_a_list_that_keeps_failing_leaves_a_row_of_each(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is set aside by itself, so that each can be repeated; none comes back at the next start."""
    monkeypatch.setattr(runner, "FIRST_DELAY_S", 0.0)
    clock = TestClock()
    _, chat = await missed(house, clock, MANY)
    async with house.bot(clock, responder=ECHO, middleware=BROKEN):
        await until(lambda: len(ledger(house)) == MANY)
        await idle(house)
    assert outcomes(house) == [("failed", "RuntimeError")] * MANY
    dead = house.rows("SELECT eventId, payload FROM polar_scheduler_events WHERE queue = 'dead_letter'")
    assert {event for event, _ in dead} == {run for (run,) in house.rows("SELECT runId FROM polar_run_events")}
    assert all("tea" not in payload for _, payload in dead)
    assert house.rows(OVER) == [(MANY,)]
    async with house.bot(clock, responder=ECHO):
        await idle(house)
    assert said(house, chat) == []
    assert len(ledger(house)) == MANY


async def test_erasure_ends_a_list_that_waits_for_its_next_try(house: House) -> None:
    """Each is entered as skipped, and nothing of it is said."""
    clock = TestClock()
    ann, chat = await missed(house, clock, MANY)
    async with house.bot(clock, responder=ECHO, middleware=BROKEN):
        await until(lambda: len(tries(house)) == 1)
        await tell(house, chat, ann, "/forget me")
        await press(house, chat, ann, say("own_data.erase"))
        await until(lambda: len(ledger(house)) == MANY)
        await idle(house)
    assert outcomes(house) == [("skipped", "erased")] * MANY
    assert house.rows("SELECT count(DISTINCT id), count(DISTINCT runId) FROM polar_run_events") == [(MANY, MANY)]
    assert house.rows(WAITING) == []


def tries(house: House) -> list[tuple[Any, ...]]:
    """The tries that failed."""
    return house.rows("SELECT runId FROM polar_scheduler_run_log WHERE status = 'failed'")
