"""Where a model answers, runs of a job are some minutes apart, by whatever door it came in."""

from __future__ import annotations

import json

import pytest

from emulator.model import Answer
from middleware.texts import say
from tests.automating import create, outcomes, pass_time
from tests.bot.cli.terminal import polar
from tests.clocks import TestClock
from tests.house import House
from tests.looking import tell
from tests.model import talking
from tests.pressing import press
from tests.responders import ECHO

TOO_OFTEN = say("schedule.too_often", least="5 min", example="every 5 minutes")
EACH_MINUTE = "DTSTART:20261101T000000Z\nRRULE:FREQ=MINUTELY;INTERVAL=1"
NEAR = ("every 1 minutes", "every 4 minutes", "*/3 9-17 * * *", "58,2 * * * *", "RRULE:FREQ=HOURLY;BYMINUTE=0,4")
FAR = ("every 5 minutes", "*/5 * * * *", "0 9 * * *", "RRULE:FREQ=HOURLY;BYMINUTE=0,30", "in 2 minutes")


@pytest.mark.slow
async def test_no_door_takes_a_schedule_that_comes_too_often(house: House) -> None:
    """Creation, preview, edit, and the resumption of a job that was stored before; with what to write instead."""
    async with house.bot(TestClock(), responder=ECHO):
        ann, chat = house.chat()
        job = await create(house, chat, ann, "every 1 hour")
        for schedule in NEAR:
            for form in (f"create {schedule} | x", f"preview {schedule}", f"edit {job} {schedule}"):
                [answer] = await tell(house, chat, ann, f"/automations {form}")
                assert answer.startswith(TOO_OFTEN), form
        for schedule in FAR:
            await create(house, chat, ann, schedule)
        house.write("UPDATE polar_automation_jobs SET schedule = ?, enabled = 0 WHERE id = ?", EACH_MINUTE, job)
        [answer] = await tell(house, chat, ann, f"/automations resume {job}")
        assert answer.startswith(TOO_OFTEN)
        done = polar("automations", "resume", job, database=house.path, responder=ECHO)
        assert (done.exit_code, TOO_OFTEN in done.stderr) == (1, True)
    assert house.rows("SELECT enabled, schedule FROM polar_automation_jobs WHERE id = ?", job) == [(0, EACH_MINUTE)]


@pytest.mark.slow
async def test_a_models_tool_call_proposes_nothing_that_comes_too_often(house: House) -> None:
    """The model is told so, as of any schedule that cannot be had."""
    often = ("propose_automation", json.dumps({"schedule": "every 1 minutes", "prompt": "again"}))
    async with talking(house) as model:
        ann, chat = house.chat()
        model.otherwise = Answer(tool=often)
        await tell(house, chat, ann, "nag me")
        assert json.loads(model.exchanges[1].messages[-1]["content"])["error"] == TOO_OFTEN
    assert house.rows("SELECT * FROM polar_proposals") == []


async def test_a_proposal_that_was_made_before_makes_no_job_that_comes_too_often(house: House) -> None:
    """Its yes is told so."""
    async with house.bot():
        ann, chat = house.chat()
        await tell(house, chat, ann, "remind me every 2 minutes to breathe")
        card = house.world.sent(chat)[-1]
    async with house.bot(responder=ECHO):
        assert await press(house, chat, ann, "Create", card) == TOO_OFTEN
    assert house.rows("SELECT * FROM polar_automation_jobs") == []


async def test_a_job_that_was_stored_before_runs_no_more_often(house: House) -> None:
    """It goes on, as the first instant in each five minutes; what it leaves out was none of its runs."""
    clock = TestClock()
    async with house.bot(clock):
        ann, chat = house.chat()
        job = await create(house, chat, ann, "every 1 minutes", "tea")
    async with house.bot(clock, responder=ECHO) as bot:
        await pass_time(house, bot, clock, seconds=60, runs=1)  # planned already, by the former responder
        for runs in (2, 3):
            await pass_time(house, bot, clock, seconds=240, runs=runs)
            await pass_time(house, bot, clock, seconds=60, runs=runs)
        [shown] = await tell(house, chat, ann, f"/automations show {job}")
    assert say("automation.spaced", least="5 min") in shown
    assert outcomes(house) == [("executed", None)] * 3


async def test_where_no_model_answers_a_minute_is_long_enough(house: House) -> None:
    """And where the operator says so."""
    async with house.bot():
        ann, chat = house.chat()
        await create(house, chat, ann, "every 1 minutes")
    async with house.bot(responder=ECHO, min_model_interval_minutes=0):
        await create(house, chat, ann, "every 1 minutes")
