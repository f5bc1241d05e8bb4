"""What cannot be read: a part of an update is left out; the whole is set aside, and whoever waits is told."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from emulator import Chat, Person
from middleware.texts import say
from tests.house import House
from tests.looking import awake, idle, texts
from tests.responders import ECHO

APOLOGY = say("turn.apology")
STATUSES = "SELECT status, count(*) FROM polar_updates GROUP BY status"
NUMBER: Any = 7
LIST: Any = [[]]
OBJECT: Any = {"a": {}}


def message(chat: Chat, person: Person, **content: Any) -> dict[str, Any]:
    """A message of this content; None takes a field away."""
    body = {"message_id": 900, "date": 1, "chat": chat.json(), "from": person.json(), "text": "hello", **content}
    return {name: value for name, value in body.items() if value is not None}


POLL = {"id": "1", "question": "?", "options": [{"text": "Yes", "voter_count": 0}], "total_voter_count": 0}


READ_IN_PART = [
    ({"reply_to_message": {"message_id": 3, "date": 1, "poll": POLL}}, "hello"),
    ({"reply_to_message": NUMBER}, "hello"),
    ({"reply_to_message": {"message_id": "x", "from": LIST}}, "hello"),
    ({"external_reply": {"origin": NUMBER}, "quote": LIST}, "hello"),
    ({"entities": OBJECT}, "hello"),
    ({"entities": [NUMBER, {"type": "mention", "offset": "x", "length": None}, {"type": LIST}]}, "hello"),
    ({"entities": [{"type": "text_mention", "offset": 0, "length": 2, "user": NUMBER}]}, "hello"),
    ({"entities": [{"type": "bot_command", "offset": -4, "length": 2**62}]}, "hello"),
    ({"text": None, "sticker": {"file_id": "s", "file_unique_id": "u"}, "caption": "look"}, "look"),
    ({"text": None, "photo": [NUMBER, {"file_id": "p"}], "caption": "look", "caption_entities": NUMBER}, "look"),
    ({"text": None, "photo": [{"file_id": "p", "width": LIST}], "caption": NUMBER}, ""),
    ({"text": None, "document": {"file_id": NUMBER, "file_name": LIST}, "caption": "look"}, "look"),
    ({"via_bot": NUMBER, "link_preview_options": LIST, "date": "now", "forward_origin": NUMBER}, "hello"),
    ({"message_thread_id": "x", "is_topic_message": "yes", "media_group_id": 5}, "hello"),
    ({"is_paid_post": {}, "something_new": {"deep": [[[]]]}}, "hello"),
]


async def test_a_message_is_handled_without_the_part_that_cannot_be_read(house: House) -> None:
    """Whatever else stands in it."""
    async with house.bot(responder=ECHO):
        for content, answer in READ_IN_PART:
            ann, chat = house.chat()
            house.world.push({"message": message(chat, ann, **content)})
            await idle(house)
            assert texts(house, chat) == [f"echo: {answer}".strip()], content
    assert house.rows(STATUSES) == [("done", len(READ_IN_PART))]


@pytest.mark.parametrize(
    "broken",
    [
        {"new_chat_member": {"status": "left", "user": NUMBER}, "old_chat_member": LIST},
        {"new_chat_member": {"status": "member", "until_date": "x"}, "from": NUMBER},
        {"new_chat_member": {"status": "administrator", "can_be_edited": "x"}, "invite_link": NUMBER, "date": "x"},
    ],
)
async def test_a_change_of_membership_is_handled_without_what_cannot_be_read(
    house: House, broken: dict[str, Any]
) -> None:
    """Nobody is told of what nobody waits for, read or not."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        house.world.push({"my_chat_member": {"chat": chat.json(), "date": 1, "from": ann.json(), **broken}})
        house.world.push({"my_chat_member": {"chat": chat.json(), "date": 1, "new_chat_member": NUMBER}})
        await idle(house, updates=2)
        assert texts(house, chat) == []
    assert house.rows(STATUSES) == [("dead", 1), ("done", 1)]


def nested() -> dict[str, Any]:
    """Something deeper than anybody reads."""
    deep: dict[str, Any] = {}
    for _ in range(1200):
        deep = {"a": deep}
    return deep


TIMES = 8
KIND = {"type": "private"}
UNREADABLE: list[dict[str, Any]] = [{"message_id": None}, {"chat": {}}, {"reply_to_message": nested()}]


@pytest.mark.parametrize("broken", UNREADABLE, ids=["no number", "no type of chat", "nested"])
async def test_what_cannot_be_read_at_all_is_set_aside_and_the_person_is_told(
    house: House, broken: dict[str, Any]
) -> None:
    """Once, however many come in a minute; those behind are answered, and others know nothing of it."""
    async with house.bot(responder=ECHO):
        (ann, chat), (_, other) = house.chat(), house.chat("Bob")
        group = house.world.group("Friends", [ann])
        forged = f'"message":{{"chat":{{"id":{other.id},'
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(50_000)  # so that the embedded Telegram can write what Python refuses to read
        try:
            for _ in range(TIMES):
                body = message(chat, ann, text=forged)
                house.world.push({"message": body | broken | {"chat": {"id": chat.id, **broken.get("chat", KIND)}}})
        finally:
            sys.setrecursionlimit(limit)
        house.world.push({"message": message(group, ann, message_id=None)})
        house.world.say(chat, ann, "still there?")
        await idle(house)
        assert sorted(texts(house, chat)) == sorted([APOLOGY, "echo: still there?"])
        assert texts(house, other) == texts(house, group) == []
    assert house.rows(STATUSES) == [("dead", TIMES + 1), ("done", 1)]
    assert all(reason for (reason,) in house.rows("SELECT reason FROM polar_updates WHERE status = 'dead'"))


async def test_what_nobody_waits_for_is_set_aside_in_silence(house: House) -> None:
    """Edits, reactions, another bot's messages, channels."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        news = house.world.channel("News")
        robot = house.world.person("Robot", is_bot=True)
        for kind, body in (
            ("edited_message", message(chat, ann, message_id=None)),
            ("message_reaction", message(chat, ann, message_id=None)),
            ("message", message(house.world.private(robot), robot, message_id=None)),
            ("channel_post", message(news, ann, message_id=None)),
        ):
            house.world.push({kind: body})
        await idle(house, updates=4)
        assert house.world.sent() == []
    assert house.rows(STATUSES) == [("dead", 4)]
