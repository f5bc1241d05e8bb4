"""Threads: topics, the General topic, reply chains and bare thread ids, stored both ways, each answered in place."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Chat, Person
from middleware.turn import Turn
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import awake, idle, tell, texts
from tests.pending import LONG_MS, answers, journalled
from tests.responders import ECHO

US = "@polar_test_bot"


def threads(house: House) -> list[tuple[str, str]]:
    """Role and thread of every message, in order."""
    return house.rows("SELECT role, threadKey FROM polar_messages ORDER BY sequence")


def both(key: str) -> list[tuple[str, str]]:
    """A question and its answer in the same thread."""
    return [("user", key), ("assistant", key)]


def forum_of(house: House) -> tuple[Person, Chat, int]:
    """A person in a forum with a topic."""
    ann = house.world.person("Ann")
    forum = house.world.group("Forum", [ann], forum=True)
    return ann, forum, house.world.topic(forum, "Plans")


def sends(house: House) -> list[dict[str, Any]]:
    """What was asked of Telegram to be sent."""
    return [call.params for call in house.world.calls if call.method == "sendMessage"]


async def test_a_private_chat_is_one_thread(house: House) -> None:
    """The chat's root."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
    assert threads(house) == both(f"root:{chat.id}")


async def test_a_topic_is_a_thread_and_answered_within(house: House) -> None:
    """Its messages reply to its first one, which makes no reply thread of them."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, forum, topic = forum_of(house)
        await tell(house, forum, ann, f"{US} hello", topic=topic)
    [answer] = house.world.sent(forum)
    assert (answer["message_thread_id"], answer["is_topic_message"]) == (topic, True)
    assert threads(house) == both(f"topic:{forum.id}:{topic}")


class Replied:
    """Tells what the message replied to."""

    async def respond(self, turn: Turn) -> str:
        """Its Telegram id, or None."""
        return f"{turn.place.replied_id}"


replied = Replied()


async def test_the_implicit_reply_to_a_topics_first_message_is_none(house: House) -> None:
    """Telegram puts it into every message of a topic; what a person replied to is another thing."""
    async with house.bot(responder="tests.middleware.test_threads:replied"):
        await awake(house)
        ann, forum, topic = forum_of(house)
        assert await tell(house, forum, ann, US, topic=topic) == ["None"]
        ours = house.world.sent(forum)[0]["message_id"]
        assert await tell(house, forum, ann, US, topic=topic, reply_to=ours) == [f"{ours}"]


async def test_a_reply_within_a_topic_stays_in_the_topic(house: House) -> None:
    """The topic is the thread, whatever was replied to."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, forum, topic = forum_of(house)
        await tell(house, forum, ann, f"{US} hello", topic=topic)
        await tell(house, forum, ann, "and?", topic=topic, reply_to=house.world.sent(forum)[0]["message_id"])
    assert {message["message_thread_id"] for message in house.world.sent(forum)} == {topic}
    assert threads(house) == both(f"topic:{forum.id}:{topic}") * 2


async def test_the_general_topic_is_the_chats_root_and_sent_to_without_a_thread(house: House) -> None:
    """Telegram refuses its id."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, forum, _ = forum_of(house)
        await tell(house, forum, ann, f"{US} hello")
    assert "message_thread_id" not in sends(house)[0]
    assert threads(house) == both(f"root:{forum.id}")


@pytest.mark.parametrize("forum", [True, False])
async def test_a_reply_chain_is_a_thread_of_the_message_replied_to(house: House, forum: bool) -> None:
    """Its bare message_thread_id is no topic: sending to it would fail. In General as in any group."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann], forum=forum)
        await tell(house, group, ann, f"{US} one")
        for text in ("two", "three"):
            ours = house.world.sent(group)[-1]["message_id"]
            message = house.world.say(group, ann, text, reply_to=ours)
            await idle(house)
            told = house.world.message(group, message) or {}
            assert "message_thread_id" in told
            assert "is_topic_message" not in told
            assert threads(house)[-2:] == both(f"reply:{group.id}:{ours}")
    assert texts(house, group) == [f"echo: {US} one", "echo: two", "echo: three"]
    assert all("message_thread_id" not in params for params in sends(house))


async def test_a_bare_thread_id_is_no_topic(house: House) -> None:
    """As comments under a channel's post have it; lane and thread are the chat's."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann])
        body = {"message_id": 77, "date": 1, "chat": group.json(), "from": ann.json(), "message_thread_id": 5}
        mention = [{"type": "mention", "offset": 0, "length": len(US)}]
        house.world.push({"message": {**body, "text": US, "entities": mention}})
        await idle(house, updates=1)
    assert threads(house) == both(f"root:{group.id}")
    assert house.rows("SELECT lane FROM polar_updates") == [(f"{group.id}::answer",)]
    assert len(texts(house, group)) == 1


async def test_commands_and_presses_are_answered_in_their_topic(house: House) -> None:
    """As messages are."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, forum, topic = forum_of(house)
        await tell(house, forum, ann, "/ping", topic=topic)
    [answer] = house.world.sent(forum)
    assert (answer["text"], answer["message_thread_id"]) == ("pong", topic)
    assert threads(house) == both(f"topic:{forum.id}:{topic}")


async def test_a_topic_is_a_conversation_of_its_own_and_general_is_the_chats(house: House) -> None:
    """Lanes: one a topic; General and reply chains share the chat's."""
    async with house.bot(responder=ECHO, merge_window_ms=LONG_MS):
        await awake(house)
        ann, forum, topic = forum_of(house)
        first = house.world.say(forum, ann, "general")
        house.world.say(forum, ann, "a reply", reply_to=first)
        house.world.say(forum, ann, "plans", topic=topic)
        house.world.say(forum, ann, "/ping", topic=topic)
        house.world.say(forum, ann, "/ping")
        await until(lambda: house.rows("SELECT count(*) FROM polar_updates") == [(5,)])
    lanes = [lane for (lane,) in house.rows("SELECT lane FROM polar_updates ORDER BY sequence")]
    assert lanes == [
        f"{forum.id}::answer",
        f"{forum.id}::answer",
        f"{forum.id}:{topic}:answer",
        f"{forum.id}:{topic}:control",
        f"{forum.id}::control",
    ]


async def test_what_is_said_in_two_topics_at_once_is_two_turns(house: House) -> None:
    """Alternating messages do not end each other's turns, as the lanes are apart; General and replies do."""
    clock = TestClock()
    ann, forum, topic = forum_of(house)
    other = house.world.topic(forum, "Other")
    say = house.world.say
    await journalled(
        house,
        clock,
        lambda: say(forum, ann, f"{US} a", topic=topic),
        lambda: say(forum, ann, f"{US} b", topic=other),
        lambda: say(forum, ann, "c", topic=topic),
        lambda: say(forum, ann, f"{US} d"),
        lambda: say(forum, ann, "e", topic=other),
    )
    said = sorted(await answers(house, clock, forum))
    assert said == [f"echo: {US} a\nc", f"echo: {US} b\ne", f"echo: {US} d"]
