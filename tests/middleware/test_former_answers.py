"""What a finished answer said before it was changed is kept, whatever changed it; of anything else nothing is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.sending import display
from emulator import Chat, Person
from middleware.turn import Reply, Turn
from tests.house import House
from tests.looking import awake, idle, tell, texts
from tests.pressing import press
from tests.responders import ECHO, LONG, Writing

FORMER = """
SELECT text, telegramMessageId FROM polar_message_revisions WHERE deliveryId IS NOT NULL ORDER BY sequence
"""


class Filing:
    """Answers at a length that needs a file, and in a word where it is asked for less."""

    async def respond(self, turn: Turn) -> Reply:
        """Markdown."""
        return Reply(text="Once" if "less" in turn.text else "word " * 10_000, markdown=True, rateable=True)


class Turning:
    """Answers behind what the bot says, or before it."""

    async def respond(self, turn: Turn) -> tuple[Reply, ...]:
        """The text, and an aside."""
        said, aside = Reply(text=turn.text, rateable=True), Reply(text="aside", by="polar")
        return (aside, said) if turn.text == "two" else (said, aside)


filing = Filing()
turning = Turning()
FILING = "tests.middleware.test_former_answers:filing"


def former(house: House) -> list[str]:
    """What answers have said, in order."""
    return [text for text, _ in house.rows(FORMER)]


async def ask_twice(house: House, chat: Chat, person: Person, first: str, then: str) -> int:
    """Ask something, and edit that when it is answered; its id."""
    asked = house.world.say(chat, person, first)
    await idle(house)
    house.world.edit(chat, asked, then)
    await idle(house)
    return asked


async def test_an_edited_question_leaves_the_former_answer(house: House) -> None:
    """Part by part: the one that says something else, and those that are taken back."""
    async with house.bot(responder=LONG):
        await awake(house)
        ann, chat = house.chat()
        parts = await tell(house, chat, ann, "12")
        numbers = [message["message_id"] for message in house.world.sent(chat)]
        asked = house.rows("SELECT telegramMessageId FROM polar_messages WHERE role = 'user'")[0][0]
        house.world.edit(chat, asked, "1")
        await idle(house)
    assert len(parts) == len(numbers) == 3
    assert house.rows(FORMER) == list(zip(parts, numbers, strict=True))
    assert len(texts(house, chat)) == 1


async def test_an_answer_that_stays_the_same_leaves_nothing(house: House) -> None:
    """What is said again in the same words is no other version."""
    async with house.bot(responder=FILING):
        await awake(house)
        ann, chat = house.chat()
        await tell(house, chat, ann, "less")
        [(asked,)] = house.rows("SELECT telegramMessageId FROM polar_messages WHERE role = 'user'")
        house.world.edit(chat, asked, "even less")
        await idle(house)
    assert former(house) == []


async def test_the_file_of_a_former_answer_is_kept_whole(house: House) -> None:
    """Where it is taken away for a shorter answer."""
    async with house.bot(responder=FILING):
        await awake(house)
        ann, chat = house.chat()
        await ask_twice(house, chat, ann, "all", "less")
    assert former(house) == ["word " * 10_000]
    [(attachment,)] = house.rows("SELECT attachment FROM polar_message_revisions WHERE deliveryId IS NOT NULL")
    assert json.loads(attachment)["name"] == "answer.md"


async def test_a_refused_file_is_kept_as_it_was_whole(house: House) -> None:
    """Its messages say a part of it; that the rest is left out is no answer."""
    async with house.bot(responder=FILING):
        ann, chat = house.chat()
        house.world.fault("sendDocument", "400:not enough rights to send documents to the chat")
        said = await tell(house, chat, ann, "all")
    assert house.rows(FORMER) == [("word " * 10_000, None)]
    by = "SELECT text, json_extract(origin, '$.responder') FROM polar_messages WHERE role = 'assistant' ORDER BY rowid"
    assert house.rows(by) == [*((text, FILING) for text in said[:-1]), (said[-1], None)]


async def test_what_grew_into_an_answer_is_no_former_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has finished saying it."""
    monkeypatch.setattr(display, "START_S", 0)
    Writing.reset("It begins")
    async with house.bot(responder="tests.responders:Writing"):
        await awake(house)
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann])
        house.world.say(group, ann, "@polar_test_bot tell us")
        await house.world.wait(lambda: texts(house, group) == ["It begins"])
        Writing.say("It begins and ends")
        Writing.done.set()
        await idle(house)
    assert texts(house, group) == ["It begins and ends"]
    assert former(house) == []


async def test_what_the_bot_itself_said_leaves_nothing(house: House) -> None:
    """Where an edited question renews the answer that it stood behind, in whichever message it then stands."""
    async with house.bot(responder="tests.middleware.replies.test_asides:noting"):
        await awake(house)
        ann, chat = house.chat()
        await ask_twice(house, chat, ann, "one", "two")
    assert texts(house, chat) == ["echo: two", "That was all."]
    assert former(house) == ["echo: one"]


async def test_a_message_that_has_become_an_aside_leaves_what_it_said(house: House) -> None:
    """And one that was an aside and has become a part of an answer leaves nothing."""
    async with house.bot(responder="tests.middleware.test_former_answers:turning"):
        await awake(house)
        ann, chat = house.chat()
        asked = await ask_twice(house, chat, ann, "one", "two")
        assert former(house) == ["one"]
        house.world.edit(chat, asked, "three")
        await idle(house)
    assert texts(house, chat) == ["three", "aside"]
    assert former(house) == ["one", "two"]


async def test_erasure_takes_former_answers_and_the_export_gives_them(house: House) -> None:
    """In the chat with that person alone, where it takes the answers too."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        await ask_twice(house, chat, ann, "one", "two")
        await tell(house, chat, ann, "/export")
        [document] = [message["document"] for message in house.world.sent(chat) if "document" in message]
        exported: dict[str, Any] = json.loads(house.world.files[document["file_id"]])
        assert [row["text"] for row in exported["formerAnswers"]] == former(house) == ["echo: one"]
        await tell(house, chat, ann, "/forget me")
        await press(house, chat, ann, "Erase")
    assert house.rows("SELECT count(*) FROM polar_message_revisions") == [(0,)]
