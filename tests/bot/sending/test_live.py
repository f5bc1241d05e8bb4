"""Unfinished answers: people see them grow, and one answer is what remains."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from bot.sending import display
from emulator import Chat
from middleware.access import private_place
from middleware.turn import Source, Turn
from storage.statement import Statement
from storage.tables.stop_marks import StopMarks
from tests.house import CHECKOUT, House, until
from tests.looking import idle, tell, texts
from tests.responders import ECHO, WRITING, Writing

MESSAGES = "SELECT text, messageId, answersMessageId FROM polar_messages WHERE role = 'assistant' ORDER BY sequence"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is shown after a second is shown at once here."""
    monkeypatch.setattr(display, "START_S", 0.01)
    monkeypatch.setattr(display, "EVERY_S", 0.01)
    Writing.reset()
    yield


def calls(house: House, method: str) -> list[dict[str, Any]]:
    """The parameters of all calls of a method, in order."""
    return [call.params for call in house.world.calls if call.method == method]


def drafts(house: House) -> list[str]:
    """The texts that were drafted."""
    return [str(params.get("text", "")) for params in calls(house, "sendMessageDraft")]


async def test_an_answer_in_a_private_chat_is_drafted_while_it_is_made(house: House) -> None:
    """The draft vanishes with the message, which is sent once and never edited."""
    async with house.bot(responder=WRITING):
        ann, chat = house.chat()
        house.world.say(chat, ann, "tell me")
        await house.world.wait(lambda: calls(house, "sendChatAction") != [])
        Writing.say("Once **upon**")
        await house.world.wait(lambda: drafts(house)[-1:] == ["Once upon"])
        assert calls(house, "sendMessageDraft")[-1]["entities"] == [{"type": "bold", "offset": 5, "length": 4}]
        Writing.say("Once **upon** a time")
        await house.world.wait(lambda: drafts(house)[-1:] == ["Once upon a time"])
        assert len({params["draft_id"] for params in calls(house, "sendMessageDraft")}) == 1
        assert texts(house, chat) == []
        Writing.done.set()
        await house.world.wait(lambda: texts(house, chat) == ["Once upon a time"])
        await idle(house)
    assert calls(house, "editMessageText") == []
    assert len(house.rows(MESSAGES)) == 1


async def test_a_draft_is_kept_alive_while_nothing_comes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Telegram forgets one after 30 s."""
    monkeypatch.setattr(display, "REFRESH_S", 0.01)
    async with house.bot(responder=WRITING):
        ann, chat = house.chat()
        house.world.say(chat, ann, "tell me")
        Writing.say("Well")
        await house.world.wait(lambda: len(drafts(house)) >= 3)
        assert set(drafts(house)) == {"Well"}
        Writing.done.set()
        await house.world.wait(lambda: texts(house, chat) == ["Well"])


async def grow(house: House, chat: Chat) -> None:
    """An answer that is shown twice before it is whole."""
    Writing.say("Once")
    await house.world.wait(lambda: texts(house, chat) == ["Once"])
    Writing.say("Once *upon*")
    await house.world.wait(lambda: [m["text"] for m in shown(house, chat)] == ["Once upon"])
    Writing.say("Once *upon* a time")
    Writing.done.set()
    await house.world.wait(lambda: [m["text"] for m in shown(house, chat)] == ["Once upon a time"])
    await idle(house)


def shown(house: House, chat: Chat) -> list[dict[str, Any]]:
    """Our messages as they stand in a chat now."""
    return house.world.sent(chat)


async def test_an_answer_in_a_group_is_one_message_that_grows(house: House) -> None:
    """It replies to what it answers, and its row holds the whole text in the end."""
    async with house.bot(responder=WRITING):
        ann, _ = house.chat()
        group = house.world.group("Friends", [ann])
        asked = house.world.say(group, ann, f"@{house.world.bot.username} tell us")
        await grow(house, group)
    [message] = shown(house, group)
    assert message["reply_to_message"]["message_id"] == asked
    assert message["entities"] == [{"type": "italic", "offset": 5, "length": 4}]
    assert house.rows(MESSAGES) == [("Once upon a time", f"msg_a_{message['message_id']}", asked)]
    assert calls(house, "sendMessageDraft") == []


async def test_where_drafts_are_refused_the_answer_is_a_message_that_grows(house: House) -> None:
    """A client or a chat may take none; it is asked once."""
    async with house.bot(responder=WRITING):
        ann, chat = house.chat()
        house.world.fault("sendMessageDraft", "400:TEXTDRAFT_PEER_INVALID", times=None)
        house.world.say(chat, ann, "tell me")
        await grow(house, chat)
    assert len(calls(house, "sendMessageDraft")) == 1
    assert len(house.rows(MESSAGES)) == 1


async def test_a_long_answer_shows_the_part_that_is_being_written(house: House) -> None:
    """And ends as as many messages as it needs, the first in place of what was shown."""
    text = "\n\n".join(f"{n} " + "x" * 997 for n in range(6))
    async with house.bot(responder=WRITING):
        ann, _ = house.chat()
        group = house.world.group("Friends", [ann])
        house.world.say(group, ann, f"@{house.world.bot.username} tell us")
        Writing.say(text)
        await house.world.wait(lambda: texts(house, group) != [])
        assert texts(house, group)[0].endswith("5 " + "x" * 997)
        Writing.done.set()
        await house.world.wait(lambda: len(texts(house, group)) == 2)
        await idle(house)
    assert "\n\n".join(texts(house, group)) == text


async def test_an_answer_that_becomes_a_file_takes_what_was_shown_away(house: House) -> None:
    """A message that grew cannot become one."""
    async with house.bot(responder=WRITING, max_answer_parts=1):
        ann, _ = house.chat()
        group = house.world.group("Friends", [ann])
        asked = house.world.say(group, ann, f"@{house.world.bot.username} tell us")
        Writing.say("Once")
        await house.world.wait(lambda: texts(house, group) == ["Once"])
        Writing.say("Once " * 1_000)
        Writing.done.set()
        await house.world.wait(lambda: any("document" in message for message in shown(house, group)))
        await idle(house)
    [message] = shown(house, group)
    assert message["reply_to_message"]["message_id"] == asked
    assert [text for text, _, _ in house.rows(MESSAGES)] == ["", ("Once " * 1_000)]


@pytest.mark.parametrize("place", ["private", "group"])
async def test_stop_ends_the_answer_and_keeps_what_was_said(house: House, place: str) -> None:
    """The responder is told to end, and what it says afterwards no longer counts; no half mark is left at its end."""
    async with house.bot(responder=WRITING):
        ann, chat = house.chat()
        where = chat if place == "private" else house.world.group("Friends", [ann])
        house.world.say(where, ann, f"@{house.world.bot.username} tell me")
        Writing.say("Once upon\n\n- ")
        await house.world.wait(lambda: drafts(house) != [] or texts(house, where) != [])
        house.world.say(where, ann, "/stop")
        await idle(house)
        assert texts(house, where) == ["Once upon"]
    outcomes = house.rows("SELECT kind, outcome, reason FROM polar_audit ORDER BY sequence")
    assert sorted(outcomes) == [("command", "recorded", "stopped"), ("message", "answered", "stopped")]
    assert house.rows("SELECT * FROM polar_stop_marks") == []


async def test_stop_says_so_where_nothing_was_said_or_written(house: House) -> None:
    """Before the first word, and when there is nothing to stop."""
    async with house.bot(responder=WRITING):
        ann, chat = house.chat()
        house.world.say(chat, ann, "/stop")
        await house.world.wait(lambda: texts(house, chat) == ["I am not writing anything just now."])
        house.world.say(chat, ann, "tell me")
        await until(lambda: Writing.calls == 1)
        house.world.say(chat, ann, "/stop")
        await house.world.wait(lambda: texts(house, chat)[1:] == ["Stopped."])


async def test_a_stop_that_comes_too_late_leaves_no_mark(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer ended by itself while the mark was being written; the mark goes with the command's own turn."""
    add, answer = StopMarks.add, ExitStack()

    def ends_meanwhile(turn_id: str, *, now_ms: int) -> Statement:
        answer.close()
        return add(turn_id, now_ms=now_ms)

    monkeypatch.setattr(StopMarks, "add", staticmethod(ends_meanwhile))
    async with house.bot(responder=ECHO) as bot:
        ann, chat = house.chat()
        source = Source(opening=(), failing=lambda reason: (), is_last_try=True)
        place, user_id = private_place(str(ann.id)), str(ann.id)
        turn = Turn(id="u", kind="message", place=place, user_id=user_id, received_at_ms=1, source=source)
        writing = answer.enter_context(bot.app.answering.of(turn))
        assert await tell(house, chat, ann, "/stop") == ["I am not writing anything just now."]
        assert not writing.ended
    assert house.rows("SELECT * FROM polar_stop_marks") == []


async def test_only_who_asked_and_operators_stop_an_answer(house: House) -> None:
    """Anybody else in a group is told so."""
    async with house.bot(responder=WRITING, operator_telegram_ids={99}):
        ann, _ = house.chat()
        bob, _ = house.chat("Bob")
        group = house.world.group("Friends", [ann, bob])
        house.world.say(group, ann, f"@{house.world.bot.username} tell us")
        await until(lambda: Writing.calls == 1)
        house.world.say(group, bob, f"/stop@{house.world.bot.username}")
        await house.world.wait(lambda: "Somebody else" in str(texts(house, group)[-1:]))
        Writing.say("all of it")
        Writing.done.set()
        await house.world.wait(lambda: texts(house, group)[-1:] == ["all of it"])


async def test_what_was_stopped_is_not_begun_again_after_a_crash(house: House) -> None:
    """The mark is there before the answer ends; the turn that is handled again says no more."""
    async with house.bot(responder=WRITING, shutdown_seconds=0.1):
        ann, chat = house.chat()
        house.world.say(chat, ann, "tell me")
        await until(lambda: Writing.calls == 1)
        [(update, sequence)] = house.rows("SELECT updateId, sequence FROM polar_updates WHERE kind = 'message'")
    # What a process leaves that ended between a stop and the end of the answer.
    house.write("INSERT INTO polar_stop_marks VALUES (?, 0)", f"update:{update}:{sequence}")
    Writing.done.set()
    async with house.bot(responder=WRITING):
        await house.world.wait(lambda: texts(house, chat) == ["Stopped."])
        await idle(house)
    assert Writing.calls == 1


@pytest.mark.parametrize("place", ["private", "group"])
@pytest.mark.slow
async def test_a_crash_while_an_answer_is_shown_still_ends_in_one_answer(house: House, place: str) -> None:
    """The next process finds the message that the first one had begun, and finishes it."""
    ann, chat = house.chat()
    where = chat if place == "private" else house.world.group("Friends", [ann])
    environ = {**house.environment(responder="tests.responders:Endless")}
    bot = await asyncio.create_subprocess_exec(*house.command("run"), cwd=CHECKOUT, env=environ)
    try:
        house.world.say(where, ann, f"@{house.world.bot.username} tell me")
        await house.world.wait(lambda: drafts(house) != [] or texts(house, where) != [], timeout=30)
        # Until its receipt is there, nobody could know which message to finish.
        receipts = "SELECT telegramMessageId FROM polar_messages WHERE role = 'assistant' AND telegramMessageId > 0"
        await until(lambda: place == "private" or len(house.rows(receipts)) == 1)
    finally:
        bot.kill()
        await bot.wait()
    Writing.say("The end")
    Writing.done.set()
    async with house.bot(responder=WRITING):
        await house.world.wait(lambda: [m["text"] for m in shown(house, where)] == ["The end"])
        await idle(house)
    [message] = shown(house, where)
    assert [(text, message_id) for text, message_id, _ in house.rows(MESSAGES)] == [
        ("The end", f"msg_a_{message['message_id']}")
    ]


async def test_a_chat_that_refuses_the_typing_still_gets_drafts(house: House) -> None:
    """The one says nothing about the other."""
    async with house.bot(responder=WRITING):
        ann, chat = house.chat()
        house.world.fault("sendChatAction", "400:wrong parameter action in request")
        house.world.say(chat, ann, "tell me")
        await house.world.wait(lambda: calls(house, "sendChatAction") != [])
        Writing.say("Once")
        await house.world.wait(lambda: drafts(house) == ["Once"])
        Writing.done.set()
        await house.world.wait(lambda: texts(house, chat) == ["Once"])


@pytest.mark.parametrize("kind", ["429", "500", "cut", "403:Forbidden: bot was blocked by the user"])
async def test_what_cannot_be_shown_does_not_keep_the_answer_back(house: House, kind: str) -> None:
    """Showing an unfinished answer never has to succeed."""
    async with house.bot(responder=WRITING):
        ann, chat = house.chat()
        house.world.fault("sendMessageDraft", kind)
        house.world.say(chat, ann, "tell me")
        Writing.say("Once")
        await house.world.wait(lambda: drafts(house) != [])
        Writing.done.set()
        await house.world.wait(lambda: texts(house, chat) == ["Once"])
