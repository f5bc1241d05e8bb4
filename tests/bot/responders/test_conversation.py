"""One conversation, as a model is told it: what was replied to is marked, user and assistant take turns.

The emulated endpoint refuses whatever does not alternate, so that each answer here is one that such a template allows.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.responders.model.context import BY_AUTOMATION, BY_HEARTBEAT, EARLIER
from bot.responders.model.responder import HISTORY
from emulator import Chat, Person
from emulator.model import Answer, Exchange, ModelServer
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import idle, tell, texts
from tests.model import WATCHED, ask, newest, said, talk, talking, to_model, watch
from tests.pending import journalled
from tests.pressing import last

ROW = (
    "INSERT INTO polar_messages (sessionId, role, telegramMessageId, threadKey, userId, text, origin, createdAtMs) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, 1)"
)


def put(house: House, chat: Chat, role: str, text: str, number: int | None = None, **origin: str) -> None:
    """A message of earlier days."""
    user_id = str(chat.id) if role == "user" else None
    row = (f"telegram:chat:{chat.id}", role, number, f"root:{chat.id}", user_id, text, json.dumps(origin))
    house.write(ROW, *row)


def replied(line: dict[str, Any]) -> dict[str, Any] | None:
    """What a message is said to reply to."""
    found = [part for part in line.get("parts", ()) if part["kind"] == "replied_to"]
    return {key: value for key, value in found[0].items() if key != "kind"} if found else None


def roles(exchange: Exchange) -> list[str]:
    """Who speaks, in order."""
    return [message["role"] for message in exchange.messages]


async def reply(house: House, chat: Chat, person: Person, text: str, **place: Any) -> list[str]:
    """Reply to the bot's last message."""
    return await tell(house, chat, person, text, reply_to=last(house, chat)["message_id"], **place)


async def test_a_reply_in_a_private_chat_is_a_part_of_the_conversation(house: House) -> None:
    """It knows what was said before, what it replies to is marked, and the next message knows of it."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.say("Nice to meet you, Zoe", "Figs", "Zoe")
        await tell(house, chat, ann, "my name is Zoe, I like figs")
        assert await reply(house, chat, ann, "what do I like?") == ["Figs"]
        known = [("user", "my name is Zoe, I like figs"), ("assistant", "Nice to meet you, Zoe")]
        assert talk(model.exchanges[-1]) == known
        pointer = {"yours": True, "above": True, "text": "Nice to meet you, Zoe"}
        assert replied(newest(model.exchanges[-1])) == pointer
        assert await tell(house, chat, ann, "who am I?") == ["Zoe"]
        assert talk(model.exchanges[-1]) == [*known, ("user", "what do I like?"), ("assistant", "Figs")]
        assert replied(said(model.exchanges[-1].messages[3])[0]) == pointer
        assert replied(newest(model.exchanges[-1])) is None
        assert not model.wrong


async def test_replies_work_with_a_template_that_wants_turns(house: House) -> None:
    """To one's own message, to an answer, to a reply, without an answer between: none of it is refused."""
    async with talking(house) as model:
        ann, chat = house.chat()
        first = house.world.say(chat, ann, "hello")
        await idle(house)
        await tell(house, chat, ann, "this is mine", reply_to=first)
        await reply(house, chat, ann, "this is yours")
        await reply(house, chat, ann, "and again")
        house.world.say(chat, ann, "/ping", reply_to=first)
        await idle(house)
        await reply(house, chat, ann, "of the command")
        assert [roles(exchange)[:2] for exchange in model.exchanges] == [["system", "user"]] * 5
        assert not model.wrong
        assert replied(newest(model.exchanges[-1])) == {"yours": True, "text": "pong"}
        assert replied(newest(model.exchanges[1])) == {"above": True, "text": "hello"}


async def test_a_message_older_than_the_history_is_brought_in_by_a_reply(house: House) -> None:
    """Whole and labelled, beside the question; what is told before stays in its order."""
    async with talking(house) as model:
        ann, chat = house.chat()
        old = house.world.say(chat, ann, "the code word is fig " + "very " * 40 + "secret")
        await idle(house)
        for number in range(HISTORY // 2 + 1):
            put(house, chat, "user", f"q{number}", 1000 + 2 * number)
            put(house, chat, "assistant", f"a{number}", 1001 + 2 * number, responder="openai")
        await tell(house, chat, ann, "which one?", reply_to=old)
        before = replied(newest(model.exchanges[-1]))
        assert before is not None
        assert before["text"].endswith("very secret")
        assert "above" not in before
        told = talk(model.exchanges[-1])
        assert told[0] == ("user", "q1")
        assert told[-1] == ("assistant", f"a{HISTORY // 2}")
        assert len(told) == HISTORY


@pytest.mark.parametrize(
    "lost",
    [
        "UPDATE polar_messages SET text = '', attachment = NULL WHERE role = 'user'",
        "DELETE FROM polar_messages WHERE role = 'user'",
    ],
)
async def test_of_a_message_that_is_not_kept_a_reply_says_just_that(house: House, lost: str) -> None:
    """Erased or pruned, and not told by Telegram either: it is not made up for, nor stands an empty line for it."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.say("fine")
        first = house.world.say(chat, ann, "my secret")
        await idle(house)
        house.write(lost)
        message = {"message_id": 99, "date": 1, "from": ann.json(), "chat": chat.json(), "text": "what was that?"}
        house.world.push({"message": {**message, "reply_to_message": {"message_id": first, "from": ann.json()}}})
        await idle(house, updates=2)
        assert replied(newest(model.exchanges[-1])) == {"unknown": True}
        assert talk(model.exchanges[-1]) == [("assistant", "fine")]
        assert said(model.exchanges[-1].messages[1]) == [{"text": "", "note": EARLIER}]


async def test_an_automation_is_told_as_what_it_was(house: House) -> None:
    """A line says that nobody wrote; then comes what was said, to which a person may reply."""
    clock = TestClock()
    async with ModelServer() as server, house.bot(clock, **to_model(server)) as bot:
        ann, chat = house.chat()
        server.model.say("Hello", "Drink some water", "Now")
        await tell(house, chat, ann, "hello")
        await tell(house, chat, ann, "/automations create in 20 minutes | remind me to drink")
        clock.advance(seconds=21 * 60)
        bot.app.runner.wake()
        await house.world.wait(lambda: "water" in texts(house, chat)[-1])
        await idle(house)
        assert await reply(house, chat, ann, "when?") == ["Now"]
        exchange = server.model.exchanges[-1]
        assert roles(exchange) == ["system", "user", "assistant", "user", "assistant", "user"]
        assert said(exchange.messages[3]) == [{"text": "", "note": BY_AUTOMATION}]
        assert talk(exchange)[-1][1].endswith("Drink some water")
        assert replied(newest(exchange)) == {"yours": True, "above": True, "text": talk(exchange)[-1][1]}
        assert not server.model.wrong


async def test_a_heartbeats_report_and_a_conversation_that_we_began(house: House) -> None:
    """What nobody asked for is said to be such; an answer whose question is gone is not the first word."""
    async with talking(house) as model:
        ann, chat = house.chat()
        await tell(house, chat, ann, "/ping")
        put(house, chat, "assistant", "yes, gladly", responder="openai")
        put(house, chat, "assistant", "two updates are dead", heartbeatId="h")
        await tell(house, chat, ann, "which ones?")
        exchange = model.exchanges[-1]
        assert [said(message)[0].get("note") for message in exchange.messages[1::2]] == [EARLIER, BY_HEARTBEAT, None]
        assert talk(exchange) == [("assistant", "yes, gladly"), ("assistant", "two updates are dead")]
        assert not model.wrong


async def test_commands_do_not_push_the_conversation_out(house: House) -> None:
    """Nor do mentions before them hide them; what was said before many of them is still told."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.say("Hi")
        await tell(house, chat, ann, "hello")
        for number in range(HISTORY):
            put(house, chat, "user", ("/ping", "@polar_test_bot /ping", "@polar_test_bot, /help")[number % 3])
            put(house, chat, "assistant", "pong")
        await tell(house, chat, ann, "still there?")
        assert talk(model.exchanges[-1]) == [("user", "hello"), ("assistant", "Hi")]


async def test_topics_of_a_private_chat_are_conversations_of_their_own(house: House) -> None:
    """Of a chat that has them since later, too; a reply brings in what was said elsewhere in the chat."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.say("It is noted", "Rome", "Yes", "Hm")
        await tell(house, chat, ann, "before there were topics")
        before = last(house, chat)["message_id"]
        topic, other = house.world.topic(chat, "Travel"), house.world.topic(chat, "Work")
        await tell(house, chat, ann, "where to?", topic=topic)
        assert talk(model.exchanges[-1]) == []
        await reply(house, chat, ann, "sure?", topic=topic)
        assert talk(model.exchanges[-1]) == [("user", "where to?"), ("assistant", "Rome")]
        assert replied(newest(model.exchanges[-1])) == {"yours": True, "above": True, "text": "Rome"}
        await tell(house, chat, ann, "what was this?", topic=other, reply_to=before)
        assert talk(model.exchanges[-1]) == []
        assert replied(newest(model.exchanges[-1])) == {"yours": True, "text": "It is noted"}
        await tell(house, chat, ann, "outside", reply_to=before)
        assert talk(model.exchanges[-1]) == [("user", "before there were topics"), ("assistant", "It is noted")]
        assert not model.wrong


async def test_an_edited_reply_is_asked_again_with_what_came_before_it(house: House) -> None:
    """And with what it replies to; what came after it is not told."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.say("Figs", "Green", "Red", "Blue")
        await tell(house, chat, ann, "what do I like?")
        message = house.world.say(chat, ann, "which colour?", reply_to=last(house, chat)["message_id"])
        await idle(house)
        await tell(house, chat, ann, "later")
        house.world.edit(chat, message, "which other colour?")
        await idle(house, updates=4)
        assert replied(newest(model.exchanges[-1])) == {"yours": True, "above": True, "text": "Figs"}
        assert newest(model.exchanges[-1])["text"] == "which other colour?"
        assert talk(model.exchanges[-1]) == [("user", "what do I like?"), ("assistant", "Figs")]


async def test_albums_and_merged_messages_are_one_turn_of_the_user(house: House) -> None:
    """Each a line, with what it replies to; in the history as well."""
    clock = TestClock()
    ann, chat = house.chat()
    first: list[int] = []
    await journalled(
        house,
        clock,
        lambda: first.append(house.world.say(chat, ann, "I have pictures")),
        10,
        lambda: house.world.send(chat, ann, "photo", "these", reply_to=first[0], media_group_id="a"),
        lambda: house.world.send(chat, ann, "photo", reply_to=first[0], media_group_id="a"),
        10,
        lambda: house.world.say(chat, ann, "they are nice"),
        lambda: house.world.say(chat, ann, "are they not?"),
    )
    clock.advance(seconds=100)
    async with ModelServer() as server, house.bot(clock, **to_model(server, merge_window_ms=800)):
        await idle(house)
    _, pictures, question = server.model.exchanges
    lines = said(pictures.messages[-1])
    assert [(line["text"], replied(line)) for line in lines] == [
        ("these", {"above": True, "text": "I have pictures"}),
        ("", {"above": True, "text": "I have pictures"}),
    ]
    assert [line["text"] for line in said(question.messages[-1])] == ["they are nice", "are they not?"]
    assert roles(question) == ["system", *["user", "assistant"] * 2, "user"]
    assert len(said(question.messages[3])) == 2
    assert not server.model.wrong


@pytest.mark.parametrize(
    ("pieces", "told"), [(2, [("user", "count"), ("assistant", "one two")]), (0, [("user", "count")])]
)
async def test_a_stopped_answer_is_told_as_far_as_it_came(
    house: House, pieces: int, told: list[tuple[str, str]]
) -> None:
    """The command that stopped it is not, nor that it was stopped before its first word."""
    watch.turns.clear()
    async with ModelServer() as server, house.bot(**to_model(server, **WATCHED)) as bot:
        ann, chat = house.chat()
        server.model.say("one two three four", hold_after=pieces)
        server.model.say("five")
        await ask(house, chat, ann, server.model, "count")
        writing = bot.app.answering.find(watch.turns[0])
        assert writing is not None
        await until(lambda: len(writing.said.split()) == pieces)
        house.world.say(chat, ann, "/stop")
        await until(lambda: house.rows("SELECT count(*) FROM polar_feedback_events") == [(1,)])
        await idle(house)
        assert await reply(house, chat, ann, "go on") == ["five"]
        assert [(role, text.rstrip()) for role, text in talk(server.model.exchanges[-1])] == told
        assert not server.model.wrong


async def test_an_apology_is_not_told_as_an_answer(house: House) -> None:
    """A question that got none is told with the next one."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(Answer(status=401))
        await tell(house, chat, ann, "which colour?")
        await tell(house, chat, ann, "or shape?")
        assert talk(model.exchanges[-1]) == [("user", "which colour?")]
        assert roles(model.exchanges[-1]) == ["system", "user"]


async def test_in_a_group_what_is_replied_to_says_whose_it_is(house: House) -> None:
    """Other threads of the group stay out of it."""
    async with talking(house) as model:
        ann, bob = house.world.person("Ann"), house.world.person("Bob")
        group = house.world.group("Friends", [ann, bob])
        his = house.world.say(group, bob, "the meeting is in room B")
        await idle(house)
        await tell(house, group, ann, "unrelated")
        await tell(house, group, ann, "@polar_test_bot when?", reply_to=his)
        pointer = {"from": "person 2", "above": True, "text": "the meeting is in room B"}
        assert replied(newest(model.exchanges[-1])) == pointer
        assert talk(model.exchanges[-1]) == [("user", "the meeting is in room B")]
