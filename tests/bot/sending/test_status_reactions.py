"""Status reactions: people see how far we are with a message, when that takes a while."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.receiving.arrival import Arrival
from bot.receiving.reading import UpdateUnreadable
from bot.receiving.turns import turn_of
from bot.sending import status
from emulator import Chat
from middleware.turn import Turn
from storage.tables.updates import Received
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import idle, texts
from tests.responders import ECHO, WRITING, Writing


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What takes a second takes no time here."""
    monkeypatch.setattr(status, "QUIET_S", 0.01)
    Writing.reset()
    yield


def on(house: House, chat: Chat, message_id: int) -> list[str]:
    """The reactions that the bot has set on a message, in order; '' is none."""
    calls = [c for c in house.world.calls if c.method == "setMessageReaction" and c.params["chat_id"] == chat.id]
    return [
        (call.params.get("reaction") or [{"emoji": ""}])[0]["emoji"]
        for call in calls
        if int(call.params["message_id"]) == message_id
    ]


def rows(house: House) -> list[tuple[Any, ...]]:
    """What is noted of what is shown."""
    return house.rows("SELECT telegramMessageId, emoji, clearAtMs FROM polar_status_reactions")


async def test_a_message_that_takes_a_while_shows_that_it_is_worked_on_and_then_that_it_is_done(house: House) -> None:
    """✍ while the answer is made, 👌 when it is there, which goes after a minute."""
    clock = TestClock()
    async with house.bot(clock, responder=WRITING, status_reactions=True):
        ann, chat = house.chat()
        message = house.world.say(chat, ann, "think")
        await house.world.wait(lambda: on(house, chat, message)[-1:] == ["✍"])
        Writing.say("thought")
        Writing.done.set()
        await house.world.wait(lambda: on(house, chat, message)[-1:] == ["👌"])
        assert rows(house) == [(message, "👌", clock() + 60_000)]
        clock.advance(seconds=60)
        await house.world.wait(lambda: on(house, chat, message)[-1:] == [""])
        await until(lambda: rows(house) == [])
    assert texts(house, chat) == ["thought"]


async def test_a_message_that_waits_behind_another_is_seen(house: House) -> None:
    """👀 as long as its turn has not begun."""
    async with house.bot(responder=WRITING, status_reactions=True):
        ann, chat = house.chat()
        house.world.say(chat, ann, "first")
        second = house.world.say(chat, ann, "second")
        await house.world.wait(lambda: on(house, chat, second) == ["👀"])
        Writing.say("both")
        Writing.done.set()
        await house.world.wait(lambda: on(house, chat, second)[-1:] == ["👌"])


@pytest.mark.parametrize(("said", "shown"), [("ask", "🤔"), ("fail", "🤷")])
async def test_what_waits_for_the_person_and_what_failed_stays(
    house: House, said: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They tell something that is still true later, so they are not taken away."""
    monkeypatch.setattr("bot.receiving.processor.FIRST_DELAY_S", 0.0)
    async with house.bot(responder=WRITING, status_reactions=True):
        ann, chat = house.chat()
        message = house.world.say(chat, ann, "think")
        await house.world.wait(lambda: on(house, chat, message)[-1:] == ["✍"])
        Writing.say(said)
        Writing.done.set()
        await house.world.wait(lambda: on(house, chat, message)[-1:] == [shown])
        await until(lambda: rows(house) == [])


async def test_a_quick_turn_shows_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that takes less than a second is worth a reaction."""
    monkeypatch.setattr(status, "QUIET_S", 3600)
    async with house.bot(responder=ECHO, status_reactions=True):
        ann, chat = house.chat()
        house.world.say(chat, ann, "quick")
        await house.world.wait(lambda: texts(house, chat) == ["echo: quick"])
        await idle(house)
    assert [call for call in house.world.calls if call.method == "setMessageReaction"] == []


async def test_what_ends_without_a_turn_shows_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that cannot be read is set aside, one that comes twice is not taken: neither stays seen for good."""

    def refuse(arrival: Arrival, *args: Any) -> Turn | None:
        if b"unreadable" in arrival.letters[0].entry.body:
            raise UpdateUnreadable
        return turn_of(arrival, *args)

    monkeypatch.setattr("bot.receiving.dispatch.turn_of", refuse)
    async with house.bot(responder=WRITING, status_reactions=True) as bot:
        ann, chat = house.chat()
        Writing.done.set()
        asked = house.world.say(chat, ann, "hello")
        await idle(house)
        [(update_id,)] = house.rows("SELECT updateId FROM polar_updates")
        again = Received(
            update_id=update_id,
            kind="message",
            lane=f"{chat.id}::answer",
            session_id=f"telegram:chat:{chat.id}",
            telegram_message_id=asked,
            body=b"{}",
        )
        Writing.reset()
        unread = house.world.say(chat, ann, "unreadable")
        await idle(house)
        await bot.app.journal.keep([again])
        later = house.world.say(chat, ann, "tell me")
        await house.world.wait(lambda: on(house, chat, later) != [])
        for message_id in (asked, unread):
            await until(lambda: on(house, chat, message_id)[-1:] in ([], [""], ["👌"]))  # noqa: B023
        Writing.done.set()
        await idle(house)


async def test_none_are_set_where_they_are_switched_off(house: House) -> None:
    """POLAR_STATUS_REACTIONS=false."""
    async with house.bot(responder=WRITING, status_reactions=False) as bot:
        ann, chat = house.chat()
        house.world.say(chat, ann, "think")
        await until(lambda: Writing.calls == 1)
        Writing.say("thought")
        Writing.done.set()
        await house.world.wait(lambda: texts(house, chat) == ["thought"])
        assert bot.app.status is None
    assert [call for call in house.world.calls if call.method == "setMessageReaction"] == []


async def test_an_emoji_that_a_chat_refuses_is_not_tried_again_there(house: House) -> None:
    """Groups may allow fewer reactions."""
    async with house.bot(responder=WRITING, status_reactions=True):
        ann, chat = house.chat()
        first = house.world.say(chat, ann, "one")
        await house.world.wait(lambda: on(house, chat, first)[-1:] == ["✍"])
        house.world.fault("setMessageReaction", "400:REACTION_INVALID")
        Writing.say("thought")
        Writing.done.set()
        await house.world.wait(lambda: on(house, chat, first)[-1:] == ["👌"])
        Writing.done.clear()
        second = house.world.say(chat, ann, "two")
        await house.world.wait(lambda: on(house, chat, second)[-1:] == ["✍"])
        Writing.done.set()
        await until(lambda: (second, "👌") in [row[:2] for row in rows(house)])
        await idle(house)
    assert "👌" not in on(house, chat, second)


async def test_what_an_ended_process_left_is_taken_away(house: House) -> None:
    """A clear that was due survives, and so does what was being worked on: its turn goes on and says so."""
    clock = TestClock()
    async with house.bot(clock, responder=WRITING, status_reactions=True, shutdown_seconds=0.1):
        ann, chat = house.chat()
        message = house.world.say(chat, ann, "think")
        await house.world.wait(lambda: on(house, chat, message)[-1:] == ["✍"])
    Writing.say("thought")
    Writing.done.set()
    async with house.bot(clock, responder=WRITING, status_reactions=True):
        await house.world.wait(lambda: on(house, chat, message)[-1:] == ["👌"])
    clock.advance(seconds=61)
    async with house.bot(clock, responder=WRITING, status_reactions=True):
        await house.world.wait(lambda: on(house, chat, message)[-1:] == [""])
        await until(lambda: rows(house) == [])
