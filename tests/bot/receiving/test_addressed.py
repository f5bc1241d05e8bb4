"""What is meant for the bot: commands wherever they stand, mentions of either kind, replies to its real messages."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Chat, Person
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import commands, idle, tell, texts
from tests.responders import ECHO

FACTS = "SELECT record ->> '$.fact' FROM polar_memory"


async def push(house: House, chat: Chat, person: Person, **content: Any) -> list[str]:
    """A message of any content, and what was sent to the chat because of it."""
    before = len(texts(house, chat))
    body = {"message_id": 4000 + house.world.next_update_id, "date": 1, "chat": chat.json(), "from": person.json()}
    house.world.push({"message": {**body, **content}})
    await idle(house)
    return texts(house, chat)[before:]


@pytest.mark.parametrize("kind", ["photo", "document", "voice", "video"])
async def test_a_command_in_a_caption_is_the_command(house: House, kind: str) -> None:
    """Its file is recorded by reference, as it is without a command."""
    async with house.bot(responder="local"):
        ann, chat = house.chat()
        house.world.send(chat, ann, kind, caption="/remember my bike is green")
        await idle(house)
        assert [text.partition(".")[0] for text in texts(house, chat)] == ["Noted"]
    assert house.rows(FACTS) == [("my bike is green",)]
    stored = house.rows("SELECT kind, text, attachment IS NOT NULL FROM polar_messages WHERE role = 'user'")
    assert stored == [(kind, "/remember my bike is green", 1)]
    assert [command["command"] for command in commands(house)] == ["remember"]


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_the_command_of_an_album_is_run_once_and_its_pictures_are_recorded(house: House, place: int) -> None:
    """Whichever of them has the caption; nobody is asked about the others."""
    clock = TestClock()
    ann, chat = house.chat()
    async with house.bot(clock, responder=ECHO):
        for number in range(3):
            caption = "/remember our trip" if number == place else None
            house.world.send(chat, ann, "photo", caption=caption, media_group_id="A")
        await until(lambda: house.rows("SELECT count(*) FROM polar_updates") == [(3,)])
    clock.advance(seconds=5)  # so that the album's window is over when the next process finds it
    async with house.bot(clock, responder=ECHO):
        await idle(house, updates=3)
        assert [text.partition(".")[0] for text in texts(house, chat)] == ["Noted"]
    assert house.rows(FACTS) == [("our trip",)]
    assert house.rows("SELECT count(*) FROM polar_messages WHERE kind = 'photo' AND attachment IS NOT NULL") == [(3,)]
    assert len(commands(house)) == 1


async def test_a_caption_for_another_bot_or_of_somebody_else_is_no_command(house: House) -> None:
    """Nor is one that was forwarded, which is text, or an edit, which runs nothing."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        group = house.world.group("Friends", [ann])
        house.world.send(group, ann, "photo", caption="/ping@other_bot")
        picture = house.world.send(group, ann, "photo", caption="look")
        await idle(house)
        house.world.edit(group, picture, "/ping")
        await idle(house)
        assert texts(house, group) == []
        source = house.world.send(group, ann, "photo", caption="/ping")
        await idle(house)
        assert texts(house, group) == ["pong"]
        house.world.forward(chat, ann, group, source)
        await idle(house)
        assert texts(house, chat) == ["echo: /ping"]


@pytest.mark.parametrize(
    "text",
    [
        "@polar_test_bot /ping",
        "@Polar_Test_Bot, /ping",
        "@ann_a @polar_test_bot /ping",
        "@polar_test_bot @ann_a /PING",
        "@ann_a /ping@polar_test_bot",
    ],
)
async def test_a_command_behind_mentions_is_the_command(house: House, text: str) -> None:
    """In a group if one of them is of the bot; in a caption as well."""
    async with house.bot(responder=ECHO):
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann])
        assert await tell(house, group, ann, text) == ["pong"]
        house.world.send(group, ann, "photo", caption=text)
        await idle(house)
        assert texts(house, group) == ["pong", "pong"]
    assert {lane for (lane,) in house.rows("SELECT lane FROM polar_updates")} == {f"{group.id}::control"}


async def test_a_mention_in_a_caption_addresses_the_bot(house: House) -> None:
    """As one in a text does; a file without one is nobody's business in a group."""
    async with house.bot(responder=ECHO):
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann])
        for caption in ("what is this, @polar_test_bot", "@ann_a look", None):
            house.world.send(group, ann, "photo", caption=caption)
            await idle(house)
        assert texts(house, group) == ["echo: what is this, @polar_test_bot"]


async def test_a_command_behind_a_mention_of_others_is_theirs(house: House) -> None:
    """In a group; in private nobody else is there, and in reply to the bot it is for the bot."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        group = house.world.group("Friends", [ann])
        assert await tell(house, group, ann, "@other_bot /ping") == []
        assert await tell(house, chat, ann, "@other_bot /ping") == ["pong"]
        assert await tell(house, group, ann, "/ping") == ["pong"]
        ours = house.world.sent(group)[-1]["message_id"]
        assert await tell(house, group, ann, "@ann_a /ping", reply_to=ours) == ["pong"]


@pytest.mark.parametrize("responder", ["local", "none", ECHO])
async def test_a_mention_without_a_name_counts_by_its_id(house: House, responder: str) -> None:
    """A text_mention: of the bot's id it is for the bot, in front it changes nothing of what is meant."""
    async with house.bot(responder=responder):
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann])
        for user_id, expected in ((house.world.bot.id, ["pong"]), (7, [])):
            named = {"type": "text_mention", "offset": 0, "length": 7, "user": {"id": user_id, "first_name": "P"}}
            command = {"type": "bot_command", "offset": 8, "length": 5}
            assert await push(house, group, ann, text="Polar😀 /ping", entities=[named, command]) == expected
        fact = {"type": "text_mention", "offset": 0, "length": 5, "user": {"id": house.world.bot.id}}
        await push(house, group, ann, text="Polar remember that tea is at five", entities=[fact])
    assert house.rows(FACTS) == [("tea is at five",)]


async def test_a_topic_that_the_bots_own_account_made_addresses_nobody(house: House) -> None:
    """All in there replies to its beginning; mentions, replies to real messages and commands are for the bot."""
    async with house.bot(responder=ECHO):
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann], forum=True)
        me = house.world.bot.json()
        begun = {"message_id": 9, "from": me, "chat": group.json(), "date": 1, "message_thread_id": 9}
        root = {**begun, "is_topic_message": True, "forum_topic_created": {"name": "T", "icon_color": 1}}
        inside: dict[str, Any] = {"message_thread_id": 9, "is_topic_message": True, "reply_to_message": root}
        assert await push(house, group, ann, text="hello all", **inside) == []
        assert await push(house, group, ann, text="hello all", **{**inside, "is_topic_message": False}) == []
        ours = {"message_id": 10, "from": me, "chat": group.json(), "date": 1, "text": "hi"}
        assert len(await push(house, group, ann, text="hello you", **{**inside, "reply_to_message": ours})) == 1
    threads = house.rows("SELECT threadKey FROM polar_messages WHERE role = 'user' ORDER BY sequence")
    assert threads == [(f"topic:{group.id}:9",), (f"root:{group.id}",), (f"topic:{group.id}:9",)]
