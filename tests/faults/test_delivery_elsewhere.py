"""A job whose limits name another chat speaks there, if its owner may write there; else its run fails with a code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.run import Running
from tests.automating import HOUR, create, ledger, outcomes, pass_time
from tests.clocks import TestClock
from tests.house import House
from tests.looking import idle, tell, texts
from tests.responders import ECHO

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("engine")]


def send_to(house: House, chat_id: Any, **more: Any) -> None:
    """What another program sets in the rows."""
    delivery = json.dumps({"delivery": {"chatId": chat_id, **more}})
    house.write("UPDATE polar_automation_jobs SET limitsJson = ?", delivery)


async def an_hour(house: House, bot: Running, clock: TestClock, *, runs: int = 1) -> None:
    """Until the job has run."""
    await pass_time(house, bot, clock, seconds=HOUR, runs=runs)


@pytest.mark.alike
@pytest.mark.parametrize("as_text", [False, True])
async def test_a_job_speaks_in_another_chat_where_its_owner_has_written(house: House, as_text: bool) -> None:
    """In the topic that is named, and with what is known there, not where it was made."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        await create(house, chat, ann)
        forum = house.world.group("Forum", [ann], forum=True)
        topic = house.world.topic(forum, "Plans")
        await tell(house, forum, ann, "hello all")
        send_to(house, str(forum.id) if as_text else forum.id, threadId=topic)
        await an_hour(house, bot, clock)
    assert outcomes(house) == [("executed", None)]
    [said] = [message for message in house.world.sent(forum) if message["text"] == "echo: tea"]
    assert said["message_thread_id"] == topic
    assert "echo: tea" not in texts(house, chat)


async def test_a_job_of_a_group_speaks_to_its_owner_in_private(house: House) -> None:
    """Who owns a job may always be told."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        group = house.world.group("Friends", [ann])
        await tell(house, group, ann, "/automations@polar_test_bot create every 1 hour | tea")
        send_to(house, ann.id)
        await an_hour(house, bot, clock)
    assert texts(house, chat) == ["echo: tea"]


@pytest.mark.parametrize("where", ["a group", "another person"])
async def test_where_its_owner_may_not_write_the_run_fails_with_a_code(house: House, where: str) -> None:
    """Nothing is sent, the job is paused, and the run lies in `dead_letter`."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        bob, other = house.chat("Bob")
        group = house.world.group("Strangers", [bob])
        await tell(house, group, bob, "hello all")
        await tell(house, other, bob, "hello")
        await create(house, chat, ann)
        before = len(house.world.sent())
        send_to(house, group.id if where == "a group" else bob.id)
        await an_hour(house, bot, clock)
        assert len(house.world.sent()) == before
    assert outcomes(house) == [("failed", "delivery_not_allowed")]
    assert house.rows("SELECT enabled FROM polar_automation_jobs") == [(0,)]
    assert house.rows("SELECT queue FROM polar_scheduler_events") == [("dead_letter",)]


@pytest.mark.alike
@pytest.mark.parametrize("chat_id", [True, 1.5, "", "@friends", [1], "-"])
async def test_a_chat_that_cannot_be_read_is_no_chat(house: House, chat_id: object) -> None:
    """The message does not go to where nobody meant it to go."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        await create(house, chat, ann)
        send_to(house, chat_id)
        await an_hour(house, bot, clock)
    assert outcomes(house) == [("failed", "unreadable_delivery")]
    assert "echo: tea" not in texts(house, chat)


async def test_a_group_that_has_moved_is_spoken_to_where_it_is_now(house: House) -> None:
    """Its former id stands in the row, and the alias tells the new one."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        await create(house, chat, ann)
        group = house.world.group("Friends", [ann], basic=True)
        await tell(house, group, ann, "hello all")
        send_to(house, group.id)
        moved = house.world.migrate(group)
        await idle(house)
        await an_hour(house, bot, clock)
    assert ledger(house)[0][0] == "executed"
    assert texts(house, moved)[-1] == "echo: tea"
