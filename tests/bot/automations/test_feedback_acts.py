"""A 👎 on an automation's message asks its owner what to do about it."""

from __future__ import annotations

import json
from typing import Any

from bot.run import Running
from emulator import Chat, Person
from tests.automating import HOUR
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import awake, idle, reactions, tell, texts
from tests.pressing import buttons, last, press, press_data


async def remind(house: House, bot: Running, clock: TestClock, chat: Chat, person: Person) -> tuple[str, int]:
    """An automation that has run: its id, and the id of its message."""
    await awake(house)
    [answer] = await tell(house, chat, person, "/automations create every 1 hour | tea")
    clock.advance(seconds=HOUR)
    bot.app.runner.wake()
    await until(lambda: "⏰ tea" in texts(house, chat))
    await idle(house)
    return answer.split()[1].rstrip(":"), last(house, chat)["message_id"]


async def react(house: House, chat: Chat, person: Person, message: int, *emoji: str) -> list[str]:
    """React, and what is said to that."""
    before = len(texts(house, chat))
    house.world.react(chat, person, message, *emoji)
    await idle(house)
    return texts(house, chat)[before:]


def ledgers(house: House) -> tuple[list[Any], list[Any]]:
    """What must stay as it is."""
    return (
        house.rows("SELECT * FROM polar_run_events ORDER BY sequence"),
        house.rows("SELECT * FROM polar_feedback_events WHERE type LIKE 'reaction%' ORDER BY rowid"),
    )


async def test_a_dislike_offers_to_pause_reschedule_or_keep(house: House) -> None:
    """Each button does it; neither ledger is touched."""
    clock = TestClock()
    async with house.bot(clock) as bot:
        ann, chat = house.chat()
        job, message = await remind(house, bot, clock, chat, ann)
        [offer] = await react(house, chat, ann, message, "👎")
        card, before = last(house, chat), ledgers(house)
        assert list(buttons(card)) == ["⏸ Pause", "🕑 Reschedule", "Keep"]
        assert await press(house, chat, ann, "Keep", card) == "It stays as it is."
        await press(house, chat, ann, "Reschedule", card)
        assert f"/automations edit {job} <schedule> | <text>" in texts(house, chat)[-1]
        assert house.rows("SELECT enabled FROM polar_automation_jobs") == [(1,)]
        assert await press(house, chat, ann, "Pause", card) == "Paused."
        assert ledgers(house) == before
    assert offer == f"You did not like “tea” ({job}). What shall I do with it?"
    assert house.rows("SELECT enabled FROM polar_automation_jobs") == [(0,)]
    assert [json.loads(row[0])["status"] for row in house.rows("SELECT output FROM polar_run_events")] == ["executed"]


async def test_the_offer_comes_once_per_message(house: House) -> None:
    """Not for another dislike of the same message, even over a restart; for the next message, again."""
    clock = TestClock()
    async with house.bot(clock) as bot:
        ann, chat = house.chat()
        _, message = await remind(house, bot, clock, chat, ann)
        assert len(await react(house, chat, ann, message, "👎")) == 1
        assert await react(house, chat, ann, message) == []
        assert await react(house, chat, ann, message, "💩") == []
    async with house.bot(clock) as bot:
        assert await react(house, chat, ann, message, "👎") == []
        clock.advance(seconds=HOUR)
        bot.app.runner.wake()
        await until(lambda: texts(house, chat).count("⏰ tea") == 2)
        await idle(house)
        assert len(await react(house, chat, ann, last(house, chat)["message_id"], "👎")) == 1
    assert len(reactions(house)) == 6


async def test_a_liking_or_a_message_that_is_no_automations_offers_nothing(house: House) -> None:
    """Only a dislike of what the clock has said."""
    clock = TestClock()
    async with house.bot(clock) as bot:
        ann, chat = house.chat()
        _, message = await remind(house, bot, clock, chat, ann)
        assert await react(house, chat, ann, message, "👍") == []
        await tell(house, chat, ann, "/ping")
        assert await react(house, chat, ann, last(house, chat)["message_id"], "👎") == []
        said = house.world.say(chat, ann, "/ping")
        await idle(house)
        assert await react(house, chat, ann, said, "👎") == []
        assert await react(house, chat, ann, 4711, "👎") == []


async def test_only_the_owner_is_asked(house: House) -> None:
    """Others' dislikes are recorded and nothing else; nor can they press what the owner was asked."""
    clock = TestClock()
    async with house.bot(clock) as bot:
        (ann, _), (bob, _) = house.chat(), house.chat("Bob")
        group = house.world.group("Friends", [ann, bob])
        _, message = await remind(house, bot, clock, group, ann)
        assert await react(house, group, bob, message, "👎") == []
        assert len(await react(house, group, ann, message, "👎")) == 1
        card = last(house, group)
        for text in buttons(card):
            assert await press(house, group, bob, text, card) == "Only who created it can do that."
    assert len(reactions(house)) == 2
    assert house.rows("SELECT enabled FROM polar_automation_jobs") == [(1,)]


async def test_the_button_is_a_dislike_too(house: House) -> None:
    """A toast and the offer; taking it back offers nothing."""
    clock = TestClock()
    async with house.bot(clock, feedback_buttons="always") as bot:
        ann, chat = house.chat()
        await remind(house, bot, clock, chat, ann)
        message = last(house, chat)
        assert await press_data(house, chat, ann, "fb:-", message) == "👎 noted, thank you"
        assert texts(house, chat)[-1].startswith("You did not like “tea”")
        count = len(texts(house, chat))
        assert await press_data(house, chat, ann, "fb:-", message) == "👎 taken back"
        assert await press_data(house, chat, ann, "fb:-", message) == "👎 noted, thank you"
        assert len(texts(house, chat)) == count


async def test_nobody_is_asked_about_what_is_paused_or_gone(house: House) -> None:
    """There is nothing left to do about it; a press on the older offer says that it is gone."""
    clock = TestClock()
    async with house.bot(clock) as bot:
        ann, chat = house.chat()
        job, message = await remind(house, bot, clock, chat, ann)
        await tell(house, chat, ann, f"/automations pause {job}")
        assert await react(house, chat, ann, message, "👎") == []
        await tell(house, chat, ann, f"/automations resume {job}")
        await react(house, chat, ann, message)
        card = last(house, chat)
        await tell(house, chat, ann, f"/automations delete {job} now")
        assert await react(house, chat, ann, message, "👎") == []
        assert await press_data(house, chat, ann, f"au:pause:{job}", card) == "That automation is gone."
