"""Edits: what is stored follows them, and a recent question that was changed gets a new answer in place of the old."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Chat, Person
from middleware.session import RENEWED_FOR_MS
from middleware.texts import say
from middleware.turn import Turn
from tests.clocks import TestClock
from tests.house import House
from tests.looking import awake, idle, tell, texts
from tests.pending import answers, journalled
from tests.responders import ECHO


async def edit(house: House, chat: Chat, message: int, text: str) -> None:
    """Change a message, and wait until that is handled."""
    house.world.edit(chat, message, text)
    await idle(house)


async def ask(house: House, chat: Chat, person: Person, text: str, **place: Any) -> int:
    """Say something and wait until it is handled; its Telegram id."""
    message = house.world.say(chat, person, text, **place)
    await idle(house)
    return message


def stored(house: House) -> list[str]:
    """What people's messages say now, in order."""
    return [text for (text,) in house.rows("SELECT text FROM polar_messages WHERE role = 'user' ORDER BY sequence")]


async def test_a_recent_edit_gets_a_new_answer_in_place_of_the_old_one(house: House) -> None:
    """The same message of ours says something else; edited again, it changes again."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        message = await ask(house, chat, ann, "one")
        [ours] = house.world.sent(chat)
        for text in ("two", "three"):
            await edit(house, chat, message, text)
            [now] = house.world.sent(chat)
            assert (now["message_id"], now["text"]) == (ours["message_id"], f"echo: {text}")
    assert stored(house) == ["three"]
    assert house.rows("SELECT kind, outcome FROM polar_audit ORDER BY rowid") == [
        ("message", "answered"),
        ("edited_message", "answered"),
        ("edited_message", "answered"),
    ]


@pytest.mark.parametrize(("late_ms", "expected"), [(0, "echo: two"), (1, "echo: one")])
async def test_an_edit_is_answered_for_two_minutes_after_the_message(house: House, late_ms: int, expected: str) -> None:
    """By the times of receipt; later ones are stored, and answered by nobody."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        message = await ask(house, chat, ann, "one")
        clock.now_ms += RENEWED_FOR_MS + late_ms
        await edit(house, chat, message, "two")
    assert texts(house, chat) == [expected]
    assert stored(house) == ["two"]


async def test_an_edit_that_changes_nothing_is_not_answered(house: House) -> None:
    """A first reaction often arrives with one; a file may have another id each time that Telegram tells of it."""
    async with house.bot(responder="tests.middleware.test_edits:counting"):
        await awake(house)
        ann, chat = house.chat()
        message = await ask(house, chat, ann, "one")
        photo = house.world.send(chat, ann, "photo", caption="a cat")
        await idle(house)
        await edit(house, chat, message, "one")
        again = dict(house.world.message(chat, photo) or {})
        again["photo"] = [{**size, "file_id": "another"} for size in again["photo"]]
        house.world.push({"edited_message": {**again, "edit_date": 2}})
        await idle(house)
    assert texts(house, chat) == ["one (0 replaced)", "a cat (0 replaced)"]
    assert house.rows("SELECT count(*) FROM polar_message_revisions") == [(0,)]


class Counting:
    """Tells how many messages of ours the answer takes the place of."""

    async def respond(self, turn: Turn) -> str:
        """The text and the count."""
        return f"{turn.text} ({len(turn.replaces)} replaced)"


counting = Counting()


async def test_another_picture_under_the_same_caption_is_answered(house: House) -> None:
    """The attachment differs, so that the question does."""
    async with house.bot(responder="tests.middleware.test_edits:counting"):
        await awake(house)
        ann, chat = house.chat()
        photo = house.world.send(chat, ann, "photo", caption="what is it?")
        await idle(house)
        other = dict(house.world.message(chat, photo) or {})
        other["photo"] = [{**size, "file_unique_id": "another"} for size in other["photo"]]
        house.world.push({"edited_message": {**other, "edit_date": 2}})
        await idle(house)
    assert texts(house, chat) == ["what is it? (1 replaced)"]


async def test_an_edit_of_one_message_of_a_merged_turn_renews_the_whole_turn(house: House) -> None:
    """The others are asked again as they were said, in order; the answer is the one after the last."""
    clock = TestClock()
    ann, chat = house.chat()
    said: list[int] = []
    for_each = [lambda text=text: said.append(house.world.say(chat, ann, text)) for text in ("a", "b", "c")]
    await journalled(house, clock, *for_each, 2, lambda: house.world.say(chat, ann, "another turn"))
    assert await answers(house, clock, chat) == ["echo: a\nb\nc", "echo: another turn"]
    async with house.bot(clock, responder=ECHO):
        for message, text, now in ((said[0], "A", "A\nb\nc"), (said[2], "C", "A\nb\nC"), (said[1], "B", "A\nB\nC")):
            await edit(house, chat, message, text)
            assert texts(house, chat) == [f"echo: {now}", "echo: another turn"]
    assert stored(house) == ["A", "B", "C", "another turn"]


async def test_an_edit_within_the_window_is_answered_after_its_message(house: House) -> None:
    """Order is kept: first the message as it was, then the edit, in the same place."""
    clock = TestClock()
    ann, chat = house.chat()
    said: list[int] = []
    await journalled(
        house,
        clock,
        lambda: said.append(house.world.say(chat, ann, "one")),
        lambda: house.world.edit(chat, said[0], "two"),
        lambda: house.world.say(chat, ann, "three"),
    )
    assert await answers(house, clock, chat) == ["echo: two", "echo: three"]
    assert house.rows("SELECT text FROM polar_message_revisions") == [("one",), ("echo: one",)]


async def test_an_edited_command_runs_nothing_and_is_not_answered(house: House) -> None:
    """Neither a message that becomes a command, nor a command that becomes a message or another command."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        message, command = await ask(house, chat, ann, "hello"), await ask(house, chat, ann, "/ping")
        await edit(house, chat, message, "/ping")
        await edit(house, chat, command, "/whoami")
        await edit(house, chat, command, "hello")
    assert texts(house, chat) == ["echo: hello", "pong"]
    assert stored(house) == ["/ping", "hello"]
    assert house.rows("SELECT count(*) FROM polar_feedback_events WHERE type = 'command_executed'") == [(1,)]


async def test_in_a_group_an_edit_is_answered_when_it_is_for_us(house: House) -> None:
    """Also one that only now mentions us; one that does not any more changes nothing of the answer."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann])
        message = await ask(house, group, ann, "hello")
        await edit(house, group, message, "hello all")
        assert texts(house, group) == []
        await edit(house, group, message, "@polar_test_bot hello")
        assert texts(house, group) == ["echo: @polar_test_bot hello"]
        await edit(house, group, message, "never mind")
    assert texts(house, group) == ["echo: @polar_test_bot hello"]
    assert stored(house) == ["never mind"]


async def test_over_the_rate_limit_an_edit_is_stored_and_not_answered(house: House) -> None:
    """An edit that is answered counts as a message does; one that is not answered counts for nothing."""
    async with house.bot(responder=ECHO, rate_limit_per_minute=3):
        await awake(house)
        ann, chat = house.chat()
        message = await ask(house, chat, ann, "one")
        for text in ("one", "two", "three", "four", "five"):
            await edit(house, chat, message, text)
    assert texts(house, chat) == ["echo: three", say("turn.too_many")]
    assert stored(house) == ["five"]


async def test_an_edit_of_what_was_never_stored_changes_nothing(house: House) -> None:
    """The bot was not there, or the message was turned away."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        body = {"message_id": 5, "date": 1, "chat": chat.json(), "from": ann.json(), "text": "late", "edit_date": 2}
        house.world.push({"edited_message": body})
        await idle(house, updates=1)
    assert texts(house, chat) == []
    assert stored(house) == []


async def test_a_message_of_ours_is_not_edited_by_an_update(house: House) -> None:
    """Telegram sends none; whoever does cannot rewrite what we said."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        await tell(house, chat, ann, "one")
        [ours] = house.world.sent(chat)
        house.world.push({"edited_message": {**ours, "from": ann.json(), "text": "forged", "edit_date": 2}})
        await idle(house)
    assert house.rows("SELECT text FROM polar_messages WHERE role = 'assistant'") == [("echo: one",)]


async def test_the_responder_none_answers_no_edit(house: House) -> None:
    """It records, and never answers."""
    async with house.bot(responder="none"):
        await awake(house)
        ann, chat = house.chat()
        await edit(house, chat, await ask(house, chat, ann, "one"), "two")
    assert texts(house, chat) == []
    assert stored(house) == ["two"]
