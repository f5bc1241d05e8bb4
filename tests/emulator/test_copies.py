"""Messages that a bot forwards or copies."""

from __future__ import annotations

import pytest
from telegram import Bot, MessageOriginUser
from telegram.error import BadRequest

from emulator import Chat, Person, Server, World
from tests.emulator.client import Client
from tests.house import TOKEN


async def test_a_forward_says_whose_it_was_first(
    world: World, ann: Person, chat: Chat, server: Server, client: Client
) -> None:
    """In the answer and on the page; forwarded again it is still theirs."""
    group = world.group("Friends", members=[ann])
    asked = world.say(group, ann, "whose?")
    mid = world.say(group, ann, "mine", reply_to=asked, quote="whose")
    async with Bot(TOKEN, base_url=f"{server.url}/bot") as bot:
        once = await bot.forward_message(chat.id, group.id, mid)
        twice = await bot.forward_message(group.id, chat.id, once.id)
    for message in (once, twice):
        assert (message.reply_to_message, message.quote) == (None, None)
        assert message.text == "mine"
        assert message.from_user is not None and message.from_user.is_bot
        assert isinstance(message.forward_origin, MessageOriginUser)
        assert message.forward_origin.sender_user.id == ann.id
    [forward] = (await client.http.get("/page/view", params={"me": ann.id, "chat": chat.id})).json()["messages"]
    assert (forward["forwarded"], forward["text"]) == ("Ann", "mine")


async def test_a_copy_is_the_bots_own(world: World, ann: Person, chat: Chat, client: Client) -> None:
    """Of a file with another caption, if one is given; buttons are not copied, but may be given."""
    mid = world.send(chat, ann, "photo", caption="mine")
    original = world.message(chat, mid)
    assert original is not None
    given = {"chat_id": chat.id, "from_chat_id": chat.id, "message_id": mid}
    keys = {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]}
    plain = await client.result("copyMessage", **given)
    other = await client.result("copyMessage", **given, caption="<b>ours</b>", parse_mode="HTML", reply_markup=keys)
    assert set(plain) == {"message_id"}
    first, second = (world.message(chat, copy["message_id"]) for copy in (plain, other))
    assert first is not None and second is not None
    assert (first["photo"], first["caption"], "forward_origin" in first) == (original["photo"], "mine", False)
    assert (second["caption"], second["caption_entities"][0]["type"], second["reply_markup"]) == ("ours", "bold", keys)
    again = await client.result("copyMessage", **{**given, "message_id": other["message_id"]})
    assert "reply_markup" not in (world.message(chat, again["message_id"]) or {})


@pytest.mark.parametrize(
    ("method", "verb", "done"), [("forwardMessage", "forward", "forwarded"), ("copyMessage", "copy", "copied")]
)
async def test_only_what_somebody_said_can_be_sent_again(
    world: World, ann: Person, chat: Chat, client: Client, method: str, verb: str, done: str
) -> None:
    """And only from a chat that is there."""
    forum = world.group("Forum", members=[ann], forum=True)
    event = world.topic(forum, "Plans")
    given = {"chat_id": chat.id, "from_chat_id": forum.id, "message_id": 1}
    assert await client.refusal(method, **given) == (400, f"Bad Request: message to {verb} not found")
    refused = await client.refusal(method, **{**given, "message_id": event})
    assert refused == (400, f"Bad Request: the message can't be {done}")
    refused = await client.refusal(method, **{**given, "from_chat_id": "@nobody"})
    assert refused == (400, "Bad Request: chat not found")
    assert world.sent() == []


async def test_several_messages_are_sent_again_and_deleted_at_once(
    world: World, ann: Person, chat: Chat, server: Server
) -> None:
    """What is not there, or is no message of anybody, is left out."""
    forum = world.group("Forum", members=[ann], forum=True)
    given = [world.topic(forum, "Plans"), world.say(forum, ann, "one"), 1, world.say(forum, ann, "two")]
    async with Bot(TOKEN, base_url=f"{server.url}/bot") as bot:
        forwards = await bot.forward_messages(chat.id, forum.id, given)
        copies = await bot.copy_messages(chat.id, forum.id, given)
        sent = world.sent(chat)
        assert [message["message_id"] for message in sent] == [each.message_id for each in (*forwards, *copies)]
        assert [message["text"] for message in sent] == ["one", "two"] * 2
        assert ["forward_origin" in message for message in sent] == [True, True, False, False]
        assert await bot.delete_messages(chat.id, [1, *(message["message_id"] for message in sent)])
        with pytest.raises(BadRequest, match="Message identifiers are not specified"):
            await bot.delete_messages(chat.id, [])
    assert world.sent(chat) == []
