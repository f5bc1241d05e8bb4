"""An answer that is whole waits for no call that shows an unfinished one, and stays what it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot import telegram
from bot.sending import display
from emulator import Chat, Person
from tests.house import House, until
from tests.looking import idle, queue, texts
from tests.responders import WRITING, Writing

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("engine"),
    pytest.mark.filterwarnings("ignore:.*retry_after:DeprecationWarning"),
]

FOREVER_S = 3600.0


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is shown is shown at once, and a call that hangs never ends by itself."""
    monkeypatch.setattr(display, "START_S", 0.01)
    monkeypatch.setattr(display, "EVERY_S", 0.01)
    monkeypatch.setattr(display, "CALL_S", FOREVER_S)
    monkeypatch.setattr(telegram, "READ_S", FOREVER_S)
    Writing.reset()
    yield


def calls(house: House, method: str) -> list[dict[str, Any]]:
    """The parameters of all calls of a method, in order."""
    return [call.params for call in house.world.calls if call.method == method]


def finish(said: str) -> None:
    """Let the answer be this, and whole."""
    Writing.say(said)
    Writing.done.set()


def asked(house: House) -> tuple[Person, Chat, int]:
    """A person, a group, and the message in it that is to be answered."""
    ann, _ = house.chat()
    group = house.world.group("Friends", [ann])
    return ann, group, house.world.say(group, ann, f"@{house.world.bot.username} tell us")


@pytest.mark.alike
@pytest.mark.parametrize("method", ["sendMessageDraft", "sendChatAction"])
async def test_a_draft_that_hangs_does_not_delay_the_answer(house: House, method: str) -> None:
    """The call is given up; nothing of it stays."""
    async with house.bot(responder=WRITING):
        ann, chat = house.chat()
        house.world.fault(method, "hang")
        house.world.say(chat, ann, "tell me")
        if method == "sendMessageDraft":
            Writing.say("Once")
        await house.world.wait(lambda: calls(house, method) != [])
        finish("Once upon a time")
        await house.world.wait(lambda: texts(house, chat) == ["Once upon a time"])
        await idle(house)


@pytest.mark.parametrize("kind", ["hang", "hang_after"])
async def test_a_placeholder_that_hangs_does_not_delay_the_answer(house: House, kind: str) -> None:
    """Nobody knows whether it arrived, so the answer is a message of its own."""
    async with house.bot(responder=WRITING):
        _, group, said = asked(house)
        house.world.fault("sendMessage", kind)
        Writing.say("Once")
        await house.world.wait(lambda: calls(house, "sendMessage") != [])
        finish("Once upon a time")
        await house.world.wait(lambda: texts(house, group)[-1:] == ["Once upon a time"])
        await idle(house)
    assert house.world.sent(group)[-1]["reply_to_message"]["message_id"] == said
    assert [row[:2] for row in queue(house)] == [("failed", 1), ("sent", 0)]


async def test_an_edit_that_hangs_can_change_nothing_behind_the_answer(house: House) -> None:
    """The answer is a new message, and the one that the edit may still change is deleted."""
    async with house.bot(responder=WRITING):
        _, group, said = asked(house)
        Writing.say("Once")
        await house.world.wait(lambda: texts(house, group) == ["Once"])
        [shown] = house.world.sent(group)
        house.world.fault("editMessageText", "hang")
        Writing.say("Once upon")
        await house.world.wait(lambda: calls(house, "editMessageText") != [])
        finish("Once upon a time")
        await house.world.wait(lambda: texts(house, group) == ["Once upon a time"])
        await idle(house)
    [message] = house.world.sent(group)
    assert message["message_id"] != shown["message_id"]
    assert message["reply_to_message"]["message_id"] == said
    assert len(calls(house, "editMessageText")) == 1
    stored = "SELECT text, telegramMessageId, answersMessageId FROM polar_messages WHERE role = 'assistant'"
    assert house.rows(f"{stored} ORDER BY sequence") == [
        ("", shown["message_id"], None),
        ("Once upon a time", message["message_id"], said),
    ]


@pytest.mark.alike
@pytest.mark.parametrize(("kind", "is_same"), [("cut", False), ("502-html", False), ("429", True), ("400:no", True)])
async def test_only_an_edit_without_an_answer_is_doubted(house: House, kind: str, is_same: bool) -> None:
    """What Telegram has answered has had its effect, or none; what was cut may come at any time."""
    async with house.bot(responder=WRITING):
        _, group, _ = asked(house)
        Writing.say("Once")
        await house.world.wait(lambda: texts(house, group) == ["Once"])
        [shown] = house.world.sent(group)
        house.world.fault("editMessageText", kind)
        Writing.say("Once upon")
        await house.world.wait(lambda: calls(house, "editMessageText") != [])
        finish("Once upon a time")
        await house.world.wait(lambda: texts(house, group) == ["Once upon a time"])
        await idle(house)
    [message] = house.world.sent(group)
    assert (message["message_id"] == shown["message_id"]) == is_same


async def test_a_placeholder_that_still_waits_is_not_sent_any_more(house: House) -> None:
    """The answer, which is there, would only have to wait for it."""
    async with house.bot(responder=WRITING):
        ann, _ = house.chat()
        group = house.world.group("Friends", [ann])
        house.world.fault("sendMessage", "hang")
        house.world.say(group, ann, f"/ping@{house.world.bot.username}")
        await house.world.wait(lambda: calls(house, "sendMessage") != [])
        house.world.say(group, ann, f"@{house.world.bot.username} tell us")
        Writing.say("Once")
        await until(lambda: len(queue(house)) == 2)
        finish("Once upon a time")
        await until(lambda: len(queue(house)) == 3)
        house.world.clear_faults()
        await idle(house)
    assert texts(house, group) == ["pong", "Once upon a time"]
    assert calls(house, "editMessageText") == []
    assert [text for (text,) in house.rows("SELECT text FROM polar_messages WHERE role = 'assistant'")] == [
        "pong",
        "Once upon a time",
    ]
