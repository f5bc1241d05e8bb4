"""Conversations: in each everything in order, between them nothing waits; and what people send besides text."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from emulator import Chat
from emulator.media import CONTENTS
from middleware.texts import say
from middleware.turn import Turn
from tests.house import House, until
from tests.looking import awake, idle, queue, reactions, tell, texts
from tests.responders import ECHO, HANGING

SLOTS = 8


@pytest.mark.slow
async def test_conversations_that_hang_hold_up_no_other(house: House) -> None:
    """As many hang as there are slots: their time-out frees the slots, and 200 others are answered."""
    # Long enough that nothing which does not hang runs into it, however slow the machine is.
    async with house.bot(responder=HANGING, answer_slots=SLOTS, responder_timeout_seconds=10):
        await awake(house)
        hung = [house.chat(f"H{n}") for n in range(SLOTS)]
        others = [house.chat(f"P{n}") for n in range(200)]
        for person, chat in hung:
            house.world.say(chat, person, "hang")
        for person, chat in others:
            house.world.say(chat, person, f"I am {person.first_name}")
        for person, chat in hung:
            house.world.say(chat, person, "and now?")
            house.world.say(chat, person, "and then?")
        await idle(house, updates=SLOTS * 3 + 200)
    for person, chat in others:
        assert texts(house, chat) == [f"echo: I am {person.first_name}"]
    for _, chat in hung:
        assert texts(house, chat) == [say("answer.slow"), "echo: and now?", "echo: and then?"]
    assert house.rows("SELECT reason, count(*) FROM polar_audit WHERE outcome = 'failed' GROUP BY reason") == [
        ("responder timed out", SLOTS)
    ]


async def test_control_does_not_wait_for_answers(house: House) -> None:
    """While every slot hangs, reactions are recorded, presses and commands answered, in the hung chat too."""
    async with house.bot(responder=HANGING, answer_slots=1, responder_timeout_seconds=600, shutdown_seconds=0):
        await awake(house)
        ann, chat = house.chat()
        first = house.world.say(chat, ann, "hang")
        await until(lambda: house.rows("SELECT count(*) FROM polar_updates") == [(1,)])
        house.world.react(chat, ann, first, "👍")
        query = house.world.press(chat, ann, first, "fb:+")
        house.world.say(chat, ann, "/ping")
        house.world.say(chat, ann, "later")
        await house.world.wait(lambda: texts(house, chat) == ["pong"] and query in house.world.answers)
        await until(lambda: len(reactions(house)) == 1)
        pending = house.rows("SELECT kind FROM polar_updates WHERE status = 'pending'")
        assert pending == [("message",), ("message",)]
    async with house.bot(responder=ECHO):
        await house.world.wait(lambda: len(texts(house, chat)) == 3)
        await idle(house)
    assert texts(house, chat) == ["pong", "echo: hang", "echo: later"]


async def test_topics_of_a_forum_are_conversations_of_their_own(house: House) -> None:
    """One that hangs holds up neither the others nor the General topic."""
    async with house.bot(responder="tests.middleware.test_conversations:hanging_in_topics", shutdown_seconds=0):
        await awake(house)
        ann = house.world.person("Ann")
        forum = house.world.group("Forum", [ann], forum=True)
        slow, quick = house.world.topic(forum, "Slow"), house.world.topic(forum, "Quick")
        house.world.say(forum, ann, "@polar_test_bot hang", topic=slow)
        for topic in (quick, None):
            house.world.say(forum, ann, "@polar_test_bot hello", topic=topic)
        await house.world.wait(lambda: len(texts(house, forum)) == 2)
        assert house.rows("SELECT count(*) FROM polar_updates WHERE status = 'pending'") == [(1,)]


class HangingInTopics:
    """Hangs on whatever contains “hang”."""

    async def respond(self, turn: Turn) -> str:
        """An answer, or never."""
        if "hang" in turn.text:
            await asyncio.Event().wait()
        return "here"


hanging_in_topics = HangingInTopics()


async def test_many_messages_of_one_chat_are_answered_in_order(house: House) -> None:
    """More than are held in memory at a time."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        for n in range(150):
            house.world.say(chat, ann, f"{n}")
        await idle(house, updates=150)
    assert texts(house, chat) == [f"echo: {n}" for n in range(150)]


def revisions(house: House) -> list[str]:
    """What messages said before they were edited."""
    return [text for (text,) in house.rows("SELECT text FROM polar_message_revisions ORDER BY sequence")]


async def test_an_edit_replaces_the_text_and_keeps_the_former_one(house: House) -> None:
    """Editing again keeps every version, of the question and of its answer."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        await tell(house, chat, ann, "one")
        [(message,)] = house.rows("SELECT telegramMessageId FROM polar_messages WHERE role = 'user'")
        for text in ("two", "three"):
            house.world.edit(chat, message, text)
        await idle(house, updates=3)
    assert house.rows("SELECT text FROM polar_messages WHERE role = 'user'") == [("three",)]
    assert revisions(house) == ["one", "echo: one", "two", "echo: two"]


async def test_an_edit_that_changes_nothing_changes_nothing(house: House) -> None:
    """A first reaction often arrives with one; a live location sends many."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        message = house.world.say(chat, ann, "one")
        house.world.edit(chat, message, "one")
        place = house.world.send(chat, ann, "location")
        moved = dict(house.world.message(chat, place) or {})
        moved["location"] = {**moved["location"], "latitude": 1.0, "live_period": 900}
        house.world.push({"edited_message": {**moved, "edit_date": 2}})
        await idle(house, updates=4)
    assert revisions(house) == []
    assert house.rows("SELECT editedAtMs FROM polar_messages WHERE role = 'user'") == [(None,), (None,)]
    assert {status for (status,) in house.rows("SELECT status FROM polar_updates")} == {"done"}


async def test_an_edited_caption_keeps_its_file(house: House) -> None:
    """The text changes, the reference stays."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        photo = house.world.send(chat, ann, "photo", caption="a cat")
        house.world.edit(chat, photo, "two cats")
        await idle(house, updates=2)
    [(text, attachment)] = house.rows("SELECT text, attachment FROM polar_messages WHERE role = 'user'")
    assert (text, json.loads(attachment)["fileId"]) == ("two cats", f"photo1280-file-{photo}")
    assert revisions(house) == ["a cat", "echo: a cat"]


async def test_an_edit_waits_for_the_message_that_it_edits(house: House) -> None:
    """Also one that makes a command of it: both are in the lane of answers."""
    async with house.bot(responder=HANGING, responder_timeout_seconds=0.3):
        await awake(house)
        ann, chat = house.chat()
        message = house.world.say(chat, ann, "hang")
        house.world.edit(chat, message, "/ping")
        await idle(house, updates=2)
    assert house.rows("SELECT text FROM polar_messages WHERE role = 'user'") == [("/ping",)]
    assert texts(house, chat) == [say("answer.slow")]


SAID = {
    "poll": {"question", "options"},
    "location": {"latitude", "longitude"},
    "venue": {"title", "address", "latitude", "longitude"},
    "dice": {"emoji", "value"},
    "contact": set(),
}
"""What is told of what is no file; somebody's number is told elsewhere."""


@pytest.mark.parametrize("kind", sorted(CONTENTS))
async def test_whatever_people_send_is_kept_by_reference_and_answered_plainly(house: House, kind: str) -> None:
    """A row with its kind; file id and size, never the content, or what it says; one answer that says what it is."""
    async with house.bot(responder="local"):
        await awake(house)
        ann, chat = house.chat()
        message = house.world.send(chat, ann, kind)
        await idle(house, updates=1)
    [(stored, attachment)] = house.rows("SELECT kind, attachment FROM polar_messages WHERE role = 'user'")
    [answer] = texts(house, chat)
    assert stored == kind
    assert kind.replace("_", " ") in answer
    reference = json.loads(attachment)
    if "fileId" in reference:
        assert reference["fileId"].endswith(f"-file-{message}")
        assert reference["size"] == 1024
    else:
        assert set(reference) == SAID[kind]


async def test_a_venue_is_no_bare_location(house: House) -> None:
    """Telegram fills `location` for programs that do not know venues."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        spot = {"latitude": 1.0, "longitude": 2.0}
        body = {"message_id": 5, "date": 1, "chat": chat.json(), "from": ann.json(), "location": spot}
        house.world.push({"message": {**body, "venue": {"location": spot, "title": "Zoo", "address": "Park 1"}}})
        await idle(house, updates=1)
    assert house.rows("SELECT kind FROM polar_messages WHERE role = 'user'") == [("venue",)]


async def test_each_picture_of_an_album_is_kept_with_its_album(house: House) -> None:
    """So that they can be found together."""
    async with house.bot(responder="none"):
        await awake(house)
        ann, chat = house.chat()
        for n in range(3):
            house.world.send(chat, ann, "photo", caption="holidays" if n == 0 else None, media_group_id="77")
        await idle(house, updates=3)
    rows = house.rows("SELECT kind, text, attachment FROM polar_messages ORDER BY sequence")
    assert [row[:2] for row in rows] == [("photo", "holidays"), ("photo", ""), ("photo", "")]
    assert {json.loads(row[2])["album"] for row in rows} == {"77"}


async def test_a_picture_in_a_group_is_recorded_and_answered_only_when_it_is_for_us(house: House) -> None:
    """By its caption, or because it replies to us."""
    async with house.bot(responder="local"):
        await awake(house)
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann])
        house.world.send(group, ann, "photo", caption="just a cat")
        house.world.send(group, ann, "photo")
        await idle(house, updates=2)
        assert texts(house, group) == []
        house.world.send(group, ann, "photo", caption="@polar_test_bot a cat")
        await idle(house, updates=3)
        house.world.send(group, ann, "sticker", reply_to=house.world.sent(group)[0]["message_id"])
        await idle(house, updates=4)
    assert [text.split("(")[1].split(")")[0] for text in texts(house, group)] == ["photo", "sticker"]
    assert house.rows("SELECT count(*) FROM polar_messages WHERE role = 'user'") == [(4,)]


async def test_service_messages_are_kept_and_not_answered(house: House) -> None:
    """A new title, a pinned message, somebody who joined: nobody asked anything."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        contents: list[dict[str, Any]] = [{"new_chat_title": "T"}, {"new_chat_members": [ann.json()]}, {"nonsense": 1}]
        for n, content in enumerate(contents):
            message = {"message_id": 10 + n, "date": 1, "chat": chat.json(), "from": ann.json(), **content}
            house.world.push({"message": message})
        await idle(house, updates=3)
    assert house.rows("SELECT kind, text FROM polar_messages") == [("service", "")] * 3
    assert queue(house) == []


async def test_in_a_group_the_bot_answers_when_mentioned_replied_to_or_commanded(house: House) -> None:
    """All else is recorded; a command for another bot is none of ours."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann])
        for text in ("hello all", "@other_bot hello", "/ping@other_bot", "mail me: x@polar_test_bot.example"):
            assert await tell(house, group, ann, text) == [], text
        assert await tell(house, group, ann, "hello @Polar_Test_Bot") == ["echo: hello @Polar_Test_Bot"]
        ours = house.world.sent(group)[-1]["message_id"]
        assert await tell(house, group, ann, "why?", reply_to=ours) == ["echo: why?"]
        assert await tell(house, group, ann, "/ping") == ["pong"]
        assert await tell(house, group, ann, "/PING@Polar_Test_bot") == ["pong"]
    assert house.rows("SELECT count(*) FROM polar_messages WHERE role = 'user'") == [(8,)]
    assert house.rows("SELECT count(*) FROM polar_feedback_events WHERE type = 'command_executed'") == [(2,)]


async def test_a_channel_is_recorded_and_never_answered(house: House) -> None:
    """Posts and their edits, under the channel's id."""
    async with house.bot(responder=ECHO):
        await awake(house)
        channel: Chat = house.world.channel("News")
        post = house.world.say(channel, None, "@polar_test_bot today")
        house.world.edit(channel, post, "tomorrow")
        await idle(house, updates=2)
    assert house.rows("SELECT userId, text FROM polar_messages") == [(f"chat:{channel.id}", "tomorrow")]
    assert queue(house) == []


async def test_the_responder_none_records_and_never_answers(house: House) -> None:
    """A listener; commands are still there."""
    async with house.bot(responder="none"):
        ann, chat = house.chat()
        assert await tell(house, chat, ann, "hello") == []
        assert await tell(house, chat, ann, "/ping") == ["pong"]
    assert house.rows("SELECT text FROM polar_messages WHERE role = 'user'") == [("hello",), ("/ping",)]
