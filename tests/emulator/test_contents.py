"""Messages that are neither text nor file: places, people, throws."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Chat, Person, World
from tests.emulator.client import Client

PLACE = {"latitude": 52.5, "longitude": 13.4}


@pytest.mark.parametrize(
    ("method", "given", "content", "words"),
    [
        ("sendLocation", PLACE, {"location": PLACE}, "52.5, 13.4"),
        (
            "sendVenue",
            {**PLACE, "title": "7", "address": "Here"},
            {"venue": {"location": PLACE, "title": "7", "address": "Here"}, "location": PLACE},
            "7, Here",
        ),
        (
            "sendContact",
            {"phone_number": "+4930", "first_name": "Bob"},
            {"contact": {"phone_number": "+4930", "first_name": "Bob"}},
            "Bob +4930",
        ),
    ],
)
async def test_places_and_people_are_sent_by_form_and_by_json(
    world: World,
    ann: Person,
    chat: Chat,
    client: Client,
    method: str,
    given: dict[str, Any],
    content: dict[str, Any],
    words: str,
) -> None:
    """And shown on the page by their kind and in words."""
    sent = await client.result(method, chat_id=chat.id, **given)
    form = (await client.form(method, {"unused": ("a", b"")}, chat_id=chat.id, **given))["result"]
    for message in (sent, form):
        assert {name: message[name] for name in content} == content
    view = (await client.http.get("/page/view", params={"me": ann.id, "chat": chat.id})).json()
    shown = [(message["media"], message["text"]) for message in view["messages"]]
    assert shown == [(method.removeprefix("send").lower(), words)] * 2


@pytest.mark.parametrize(("emoji", "faces"), [("", 6), ("🏀", 5), ("🎰", 64)])
async def test_a_throw_has_a_value_that_its_emoji_has(
    ann: Person, chat: Chat, client: Client, emoji: str, faces: int
) -> None:
    """A die where none is named; the page tells it."""
    dice = (await client.result("sendDice", chat_id=chat.id, emoji=emoji))["dice"]
    assert dice["emoji"] == (emoji or "🎲")
    assert 1 <= dice["value"] <= faces
    view = (await client.http.get("/page/view", params={"me": ann.id, "chat": chat.id})).json()
    assert view["messages"][0]["text"] == f"{dice['emoji']} {dice['value']}"


@pytest.mark.parametrize(
    ("method", "given", "description"),
    [
        ("sendLocation", {}, "latitude is empty"),
        ("sendLocation", {"latitude": 1}, "longitude is empty"),
        ("sendLocation", {"latitude": 91, "longitude": 0}, "invalid location specified"),
        ("sendVenue", PLACE, 'parameter "title" is required'),
        ("sendContact", {"phone_number": "1"}, 'parameter "first_name" is required'),
        ("sendDice", {"emoji": "👍"}, "EMOTICON_INVALID"),
    ],
)
async def test_what_lacks_something_is_not_sent(
    world: World, chat: Chat, client: Client, method: str, given: dict[str, Any], description: str
) -> None:
    """It is named."""
    assert await client.refusal(method, chat_id=chat.id, **given) == (400, f"Bad Request: {description}")
    assert world.sent() == []


async def test_buttons_topics_and_replies_go_with_any_content(world: World, ann: Person, client: Client) -> None:
    """As they do with a text."""
    forum = world.group("Forum", members=[ann], forum=True)
    topic = world.topic(forum, "Plans")
    asked = world.say(forum, ann, "where?", topic)
    keys = {"inline_keyboard": [[{"text": "go", "callback_data": "go"}]]}
    reply = {"message_id": asked}
    sent = await client.result("sendLocation", chat_id=forum.id, **PLACE, reply_markup=keys, reply_parameters=reply)
    assert (sent["message_thread_id"], sent["reply_to_message"]["message_id"]) == (topic, asked)
    assert sent["reply_markup"] == keys
