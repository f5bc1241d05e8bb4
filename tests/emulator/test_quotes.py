"""Replies that quote some words of a message."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Chat, Person, World
from tests.emulator.client import Client


async def told(client: Client) -> Any:
    """The message that the bot is told of last."""
    return (await client.result("getUpdates"))[-1]["message"]


async def test_a_quote_says_where_its_words_stand(client: Client, world: World, ann: Person, chat: Chat) -> None:
    """In UTF-16 units; styles are cut to the words, and what is no style of a quote is left out."""
    entities = [
        {"type": "bold", "offset": 3, "length": 8},
        {"type": "code", "offset": 8, "length": 3},
        {"type": "italic", "offset": 0, "length": 2},
    ]
    sent = await client.result("sendMessage", chat_id=chat.id, text="🤖 one two, three", entities=entities)
    answer = await client.http.post(
        "/control/say",
        json={"chat": chat.id, "person": ann.id, "text": "?", "reply_to": sent["message_id"], "quote": "two, three"},
    )
    assert answer.status_code == 200
    message = await told(client)
    assert message["reply_to_message"]["message_id"] == sent["message_id"]
    assert message["quote"] == {
        "text": "two, three",
        "entities": [{"type": "bold", "offset": 0, "length": 4}],
        "position": 7,
        "is_manual": True,
    }
    seen = (await client.http.get("/page/view", params={"me": ann.id, "chat": chat.id})).json()["messages"][-1]
    assert (seen["reply"]["text"], seen["reply"]["quoted"]) == ("two, three", True)


async def test_a_caption_is_quoted_with_a_file(client: Client, world: World, ann: Person, chat: Chat) -> None:
    """As texts are; a forward of the answer has no quote."""
    first = world.send(chat, ann, "photo", caption="the old bridge")
    query: dict[str, str | int] = {"me": ann.id, "chat": chat.id, "reply_to": first, "quote": "bridge"}
    await client.http.post("/page/files", params=query, content=b"x")
    message = await told(client)
    assert (message["quote"]["text"], message["quote"]["position"]) == ("bridge", 8)
    world.forward(chat, ann, chat, message["message_id"])
    assert "quote" not in await told(client)


@pytest.mark.parametrize(("words", "reply"), [("four", True), ("", True), ("x" * 1025, True), ("one", False)])
def test_a_quote_is_of_the_message_replied_to(world: World, ann: Person, chat: Chat, words: str, reply: bool) -> None:
    """Other words are refused, none, too many, and those of no message at all; nothing is sent."""
    first = world.say(chat, ann, "one two three " + "x" * 1025)
    with pytest.raises(ValueError, match=r"quote|words"):
        world.say(chat, ann, "?", reply_to=first if reply else None, quote=words)
    assert list(world.room(chat).messages) == [first]
