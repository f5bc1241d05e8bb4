"""/stop, when the answer is whole and its messages are still being sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from emulator import Chat, Person
from middleware.texts import say, say_count
from middleware.turn import Turn
from tests.house import House, until
from tests.looking import awake, idle, queue, texts

pytestmark = pytest.mark.slow


class EightParts:
    """Answers everything at length."""

    async def respond(self, turn: Turn) -> str:
        """Four paragraphs a message."""
        return "\n\n".join(f"{n} " + "x" * 997 for n in range(32))


eight_parts = EightParts()
STORED = (
    "SELECT text <> '', answersMessageId IS NOT NULL FROM polar_messages WHERE role = 'assistant' ORDER BY sequence"
)
WAITING = "SELECT count(*) FROM polar_delivery_queue WHERE status = 'pending'"


@asynccontextmanager
async def sending(house: House, *members: Person, topics: int = 0) -> AsyncIterator[tuple[Chat, list[int | None]]]:
    """A bot whose answer to the first of these waits behind its first message, which hangs until this is left."""
    async with house.bot(responder="tests.bot.commands.test_stop:eight_parts"):
        await awake(house)
        chat = house.world.group("Friends", members, forum=topics > 0)
        places: list[int | None] = [house.world.topic(chat, f"Topic {n}") for n in range(topics)] or [None]
        house.world.fault("sendMessage", "hang")
        house.world.say(chat, members[0], f"@{house.world.bot.username} tell us", topic=places[0])
        await until(lambda: house.rows(WAITING) == [(7,)])
        yield chat, places
        house.world.clear_faults()
        await idle(house)


async def stop(house: House, chat: Chat, person: Person, topic: int | None = None) -> None:
    """Say so, and wait until that is handled, which the answer's messages do not hold up."""
    house.world.say(chat, person, f"/stop@{house.world.bot.username}", topic=topic)
    handled = "SELECT count(*) FROM polar_feedback_events WHERE type = 'command_executed'"
    await until(lambda: house.rows(handled) == [(1,)])


async def test_stop_ends_what_is_still_being_sent(house: House) -> None:
    """The message in flight arrives; how many others do not is told; they are kept as what an answer has said once."""
    ann = house.world.person("Ann")
    async with sending(house, ann) as (chat, _):
        await stop(house, chat, ann)
    first, told = texts(house, chat)
    assert first.startswith("0 ")
    assert told == say_count("answer.unsent", 7)
    assert [row[0::2] for row in queue(house)] == [("sent", None), *[("sent", "stopped")] * 7, ("sent", None)]
    assert house.rows(STORED) == [(1, 1), *[(0, 0)] * 7, (1, 0)]
    assert house.rows("SELECT count(*) FROM polar_delivery_queue WHERE payload LIKE '%xxx%'") == [(0,)]
    former = house.rows("SELECT text, telegramMessageId FROM polar_message_revisions ORDER BY sequence")
    assert [(text.split()[0], number) for text, number in former] == [(str(n), None) for n in range(4, 32, 4)]


async def test_another_person_cannot_stop_it(house: House) -> None:
    """All of it arrives, as it would have."""
    ann, bob = house.world.person("Ann"), house.world.person("Bob")
    async with sending(house, ann, bob) as (chat, _):
        await stop(house, chat, bob)
    assert len(texts(house, chat)) == 9
    assert texts(house, chat)[-1] == say("answer.foreign")


async def test_stop_in_another_topic_does_not_concern_it(house: House) -> None:
    """That is another conversation."""
    ann = house.world.person("Ann")
    async with sending(house, ann, topics=2) as (chat, topics):
        await stop(house, chat, ann, topics[1])
    assert len(texts(house, chat)) == 9
    assert texts(house, chat)[-1] == say("answer.none")


async def test_only_answers_to_what_was_said_before_are_stopped(house: House) -> None:
    """Neither what a command says, nor the answer to something newer."""
    ann = house.world.person("Ann")
    async with sending(house, ann) as (chat, _):
        house.world.say(chat, ann, f"/ping@{house.world.bot.username}")
        await until(lambda: house.rows(WAITING) == [(8,)])
        [(message,)] = house.rows("SELECT min(telegramMessageId) FROM polar_messages WHERE role = 'user'")
        house.write("UPDATE polar_messages SET telegramMessageId = 1 << 40 WHERE telegramMessageId = ?", message)
        house.write("UPDATE polar_messages SET answersMessageId = 1 << 40 WHERE answersMessageId = ?", message)
        house.world.say(chat, ann, f"/stop@{house.world.bot.username}")
        await until(lambda: house.rows(WAITING) == [(9,)])
    assert len(texts(house, chat)) == 10
    assert texts(house, chat)[-2:] == ["pong", say("answer.none")]
