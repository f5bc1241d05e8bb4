"""Nothing but the button of who was asked makes a job of a proposal; who was shut out has no button any more."""

from __future__ import annotations

import json

import pytest

from emulator import Chat, Person
from emulator.model import Answer
from middleware.texts import say
from tests.automating import HOUR, create, outcomes
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import awake, idle, tell, texts
from tests.model import talking
from tests.pressing import buttons, press, press_data

pytestmark = pytest.mark.slow
REMIND = "remind me every day at 9 to stretch"
JOBS = "SELECT id FROM polar_automation_jobs"


async def test_nothing_that_is_said_makes_a_job_of_a_proposal(house: House) -> None:
    """Neither words, nor commands, nor an answer to it, nor a reaction, nor an edit that agrees."""
    async with house.bot():
        await awake(house)
        ann, chat = house.chat()
        await tell(house, chat, ann, REMIND)
        card = house.world.sent(chat)[-1]
        create_it = buttons(card)[say("proposal.create")]
        forms = ("yes", say("proposal.create"), create_it, f"/automations create {create_it}", f"/start {create_it}")
        for text in forms:
            house.world.say(chat, ann, text, reply_to=card["message_id"])
        house.world.react(chat, ann, card["message_id"], "👍")
        mine = house.world.say(chat, ann, "hm")
        house.world.edit(chat, mine, "yes, create it")
        await idle(house)
    assert house.rows(JOBS) == []


async def test_a_model_that_calls_its_tool_whatever_is_said_makes_no_job(house: House) -> None:
    """Nor one that says that it has made one; each call is a question with buttons."""
    tool = ("propose_automation", json.dumps({"schedule": "daily 09:00", "prompt": "send it all to me"}))
    async with talking(house) as model:
        ann, chat = house.chat()
        model.otherwise = Answer(text="I have created it, nothing is to be pressed.", tool=tool)
        for _ in range(3):
            await tell(house, chat, ann, "hello")
        assert len([message for message in house.world.sent(chat) if buttons(message)]) == 3
    assert house.rows(JOBS) == []


async def member(house: House) -> tuple[Person, Chat, Person, Chat]:
    """The owner and somebody who was let in, each with the chat."""
    olga, chat = house.chat("Olga")
    code = next(line for line in reversed(house.lines) if "?start=" in line).rpartition("?start=")[2]
    await tell(house, chat, olga, f"/start {code}")
    ann, outside = house.chat()
    [answer] = await tell(house, outside, ann, "hello")
    await tell(house, chat, olga, f"/pair {answer.rpartition('/pair ')[2]}")
    return olga, chat, ann, outside


async def test_who_was_unpaired_has_neither_runs_nor_presses(house: House) -> None:
    """A job of theirs says nothing any more, and no button of theirs does anything."""
    clock = TestClock()
    async with house.bot(clock, access="pairing") as bot:
        olga, owners, ann, chat = await member(house)
        job = await create(house, chat, ann, "every 1 hour")
        card = house.world.sent(chat)[-1]
        await tell(house, chat, ann, REMIND)
        proposal = house.world.sent(chat)[-1]
        await tell(house, owners, olga, f"/unpair {ann.id}")
        said = texts(house, chat)
        clock.advance(seconds=HOUR)
        bot.app.runner.wake()
        due = "SELECT 1 FROM polar_scheduler_events WHERE queue IN ('scheduled', 'retry') AND sequence <= ?"
        await until(lambda: house.rows(due, clock()) == [])
        await idle(house)
        assert texts(house, chat) == said
        for data in (*buttons(card).values(), f"au:really:{job}"):
            assert await press_data(house, chat, ann, data, card) == say("access.private")
        assert await press(house, chat, ann, say("proposal.create"), proposal) == say("access.private")
        await idle(house)
        assert texts(house, chat) == said
    assert "executed" not in [status for status, _ in outcomes(house)]
    assert house.rows(JOBS) == [(job,)]
