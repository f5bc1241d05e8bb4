"""Who speaks as a chat: a group's anonymous administrators, channels in their own posts, channels in a group."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Chat
from middleware.texts import say
from tests.house import House
from tests.looking import awake, idle, texts

ANONYMOUS = say("command.personal")


async def speak(house: House, chat: Chat, sender: Chat, text: str) -> list[str]:
    """What was sent to the chat because of it."""
    before = len(texts(house, chat))
    house.world.say_as_chat(chat, sender, text)
    await idle(house)
    return texts(house, chat)[before:]


async def post(house: House, channel: Chat, text: str) -> list[str]:
    """The same of a channel's own post."""
    before = len(texts(house, channel))
    house.world.say(channel, None, text)
    await idle(house)
    return texts(house, channel)[before:]


@pytest.mark.parametrize("access", ["open", "allowlist"])
async def test_an_anonymous_administrator_may_what_needs_no_person(house: House, access: str) -> None:
    """Of what does, one line says so; a channel's post in the group, and a member who speaks as one, have no rights."""
    group = house.world.group("Friends")
    news = house.world.channel("News")
    async with house.bot(access=access, allowed_telegram_ids={group.id}):
        await awake(house)
        assert await speak(house, group, group, "/ping") == ["pong"]
        assert await speak(house, group, group, "@polar_test_bot /ping") == ["pong"]
        [help_] = await speak(house, group, group, "/help")
        assert "/pair" not in help_
        for text in ("/pair", "/unpair", "/remember me", "/memory", "/forget me", "/export", "/personality"):
            assert await speak(house, group, group, text) == [ANONYMOUS], text
        assert await speak(house, group, news, "/ping") == [say("command.not_allowed", levels=say("levels.member"))]
        assert await speak(house, group, group, "hello all") == []


async def test_in_a_group_that_is_not_in_an_anonymous_pair_is_told_why_nothing_happens(house: House) -> None:
    """Nothing else is said there, and to nobody else."""
    group, news = house.world.group("Friends"), house.world.channel("News")
    async with house.bot(access="pairing"):
        await awake(house)
        assert await speak(house, group, group, "/pair") == [ANONYMOUS]
        for sender, text in ((group, "/ping"), (group, "@polar_test_bot hello"), (news, "/pair")):
            assert await speak(house, group, sender, text) == []
    assert house.rows("SELECT 1 FROM polar_messages WHERE role = 'user'") == []
    assert house.rows("SELECT 1 FROM polar_access") == []


@pytest.mark.parametrize("access", ["open", "allowlist", "pairing"])
async def test_in_a_channel_that_is_in_commands_are_answered_and_nothing_is_refused_aloud(
    house: House, access: str
) -> None:
    """All who read it would see that: rights, wrong usage, unknown commands, mentions."""
    news = house.world.channel("News")
    settings: dict[str, Any] = {"allowed_telegram_ids": {news.id}} if access == "allowlist" else {}
    async with house.bot(access=access, **settings):
        await awake(house)
        is_in = access != "pairing"
        assert await post(house, news, "/ping") == (["pong"] if is_in else [])
        assert len(await post(house, news, "/about@polar_test_bot")) == is_in
        for text in (
            *("/pair", "/ping now", "/nonsense", "/help nonsense", "/remember tea", "/memory", "/forget me"),
            *("/automations create daily 18:00 | tea", "/budget set global 1", "/ping@other_bot", "hello"),
            *("@polar_test_bot hello", "@polar_test_bot remember that tea is at five"),
        ):
            assert await post(house, news, text) == [], text
    assert house.rows("SELECT 1 FROM polar_memory") == house.rows("SELECT 1 FROM polar_automation_jobs") == []
