"""Topics that a bot makes in a forum."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Bot

from emulator import Person, Server, World
from tests.emulator.client import Client
from tests.house import TOKEN


async def test_a_topic_is_written_to_at_once(world: World, ann: Person, server: Server) -> None:
    """By the bot and by people; its beginning stands in the chat, and the bot hears nothing of what it did."""
    forum = world.group("Forum", members=[ann], forum=True)
    async with Bot(TOKEN, base_url=f"{server.url}/bot") as bot:
        topic = await bot.create_forum_topic(forum.id, "Plans", icon_color=0xFFD67E)
        assert (topic.name, topic.icon_color) == ("Plans", 0xFFD67E)
        sent = await bot.send_message(forum.id, "hi", message_thread_id=topic.message_thread_id)
        assert (sent.message_thread_id, sent.is_topic_message) == (topic.message_thread_id, True)
        assert await bot.get_updates() == ()
        world.say(forum, ann, "hello", topic.message_thread_id)
        [update] = await bot.get_updates()
    assert update.message is not None and update.message.message_thread_id == topic.message_thread_id
    made = world.message(forum, topic.message_thread_id)
    assert made is not None
    assert made["forum_topic_created"] == {"name": "Plans", "icon_color": 0xFFD67E}
    assert made["from"]["is_bot"]


@pytest.mark.parametrize(
    ("forum", "given", "description"),
    [
        (False, {"name": "Plans"}, "the chat is not a forum"),
        (True, {}, "TOPIC_TITLE_EMPTY"),
        (True, {"name": " "}, "TOPIC_TITLE_EMPTY"),
        (True, {"name": "Plans", "icon_color": 1}, "invalid icon color specified"),
    ],
)
async def test_a_topic_needs_a_forum_and_a_name(
    world: World, client: Client, forum: bool, given: dict[str, Any], description: str
) -> None:
    """And a colour that Telegram has."""
    group = world.group("Friends", forum=forum)
    refused = await client.refusal("createForumTopic", chat_id=group.id, **given)
    assert refused == (400, f"Bad Request: {description}")
    assert world.room(group).topics == {}
