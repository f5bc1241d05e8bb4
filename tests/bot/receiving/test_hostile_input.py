"""What people send on purpose: it is stored, answered or refused, and it stops nothing."""

from __future__ import annotations

import asyncio

import pytest

from tests.house import House
from tests.looking import awake, commands, idle, reactions, tell, texts
from tests.responders import ECHO

MEGABYTE = 1_000_000
LARGEST_ID = 2**52 - 1


@pytest.mark.parametrize(
    "text", ["x" * MEGABYTE, "ab " * (MEGABYTE // 3), "😀" * (MEGABYTE // 4), "\n" * MEGABYTE + "."]
)
async def test_a_megabyte_is_stored_whole_and_answered(house: House, text: str) -> None:
    """The chat behind it does not wait for long."""
    async with house.bot(responder="local"):
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        house.world.say(chat, ann, text)
        assert await tell(house, other, bob, "/ping") == ["pong"]
        await idle(house, updates=2)
    stored = house.rows(
        "SELECT length(text) FROM polar_messages WHERE sessionId = ? AND role = 'user'", f"telegram:chat:{chat.id}"
    )
    assert stored == [(len(text),)]
    assert len(texts(house, chat)) == 1


async def test_a_megabyte_of_an_answer_arrives_in_parts_that_telegram_takes(house: House) -> None:
    """In order, and nothing of it is missing, where so many messages are allowed."""
    async with house.bot(responder=ECHO, max_answer_parts=100):
        ann, chat = house.chat()
        text = " ".join(f"word{n}" for n in range(20_000))
        house.world.say(chat, ann, text)
        async with asyncio.timeout(30):
            await idle(house, updates=1)
    parts = texts(house, chat)
    assert len(parts) > 40
    assert " ".join(parts) == f"echo: {text}"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("half \ud83d a pair", "half \ufffd a pair"),
        ("\udc00", "\ufffd"),
        ("nul\x00nul", "nulnul"),
        ("\u202eright to left\u202c", "\u202eright to left\u202c"),
        ("zero\u200bwidth\u2060", "zero\u200bwidth\u2060"),
        ("\u200b", "\u200b"),
        ("e" + "\u0301" * 500, "e" + "\u0301" * 500),
        ("\x1b[31mred\x07\r", "\x1b[31mred\x07\r"),
    ],
)
async def test_odd_characters_are_kept_as_far_as_anybody_can_hold_them(house: House, written: str, kept: str) -> None:
    """A message, a memory and a reaction with them all come to their end."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        message = house.world.say(chat, ann, written)
        await idle(house, updates=1)
        assert len(texts(house, chat)) == 1
        house.world.react(chat, ann, message, written)
        await tell(house, chat, ann, f"/remember x{written}y")
        [found] = await tell(house, chat, ann, "/memory")
        await tell(house, chat, ann, f"/memory search {written}")
        await tell(house, chat, ann, f"/{written}")
        await idle(house, updates=6)
    assert house.rows("SELECT text FROM polar_messages WHERE telegramMessageId = ?", message) == [(kept,)]
    assert reactions(house)[0].emoji == kept
    assert house.rows("SELECT record ->> '$.fact' FROM polar_memory") == [(f"x{kept}y",)]
    assert found.startswith("• ")
    assert {status for (status,) in house.rows("SELECT status FROM polar_updates")} == {"done"}


@pytest.mark.parametrize("number", [LARGEST_ID, 1, 2**31, 2**32])
async def test_ids_of_any_size_that_telegram_may_give_are_kept_exactly(house: House, number: int) -> None:
    """52 significant bits, and groups have negative ones."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann = house.world.person("Ann", id=number)
        group = house.world.group("Friends", [ann], id=-number - 1_000)
        chat = house.world.private(ann)
        assert await tell(house, chat, ann, "hello") == ["echo: hello"]
        message = house.world.say(group, ann, "/ping")
        house.world.react(group, ann, message, "👍")
        await idle(house, updates=3)
    assert texts(house, group) == ["pong"]
    assert {row[0] for row in house.rows("SELECT userId FROM polar_messages WHERE role = 'user'")} == {str(number)}
    assert reactions(house)[0].session_id == f"telegram:chat:{-number - 1_000}"
    assert reactions(house)[0].payload["actor"] == str(number)


@pytest.mark.parametrize("name", ["\x00", "\x1b[2J\x07", "\u202eevil", "\ud800", "a\nb\n/pair X", ""])
async def test_names_may_hold_anything(house: House, name: str) -> None:
    """They are greeted, and hold nothing up."""
    async with house.bot():
        ann, chat = house.chat(name)
        [greeting] = await tell(house, chat, ann, "/start")
        [who] = await tell(house, chat, ann, "/whoami")
    assert greeting.startswith("Hello")
    assert f"id {ann.id}" in who


async def test_a_command_with_an_endless_name_or_argument_leaves_a_short_trace(house: House) -> None:
    """The ledger grows by what happened, not by what was written."""
    async with house.bot():
        ann, chat = house.chat()
        await tell(house, chat, ann, f"/{'a' * 64} {'b' * 100_000}")
    [event] = commands(house)
    assert (event["command"], event["argumentLength"]) == ("unknown", 100_000)
    [(size,)] = house.rows("SELECT max(length(payload)) FROM polar_feedback_events")
    assert size < 300


async def test_entities_that_do_not_fit_the_text_are_harmless(house: House) -> None:
    """Offsets beyond the end, negative ones, commands in the middle of nowhere."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        group = house.world.group("Friends", [ann])
        odd = [(-5, 3), (0, 0), (0, 10_000), (3, -1), (10**9, 10**9)]
        for n, (offset, length) in enumerate(odd):
            for m, kind in enumerate(("mention", "bot_command", "text_mention")):
                entity = {"type": kind, "offset": offset, "length": length}
                for place in (chat, group):
                    message = {"message_id": 50 + n * 3 + m, "date": 1, "chat": place.json(), "from": ann.json()}
                    house.world.push({"message": {**message, "text": "@😀 hi", "entities": [entity]}})
        await idle(house, updates=len(odd) * 6)
        assert await tell(house, chat, ann, "/ping") == ["pong"]
    assert house.rows("SELECT DISTINCT status FROM polar_updates") == [("done",)]


async def test_a_flood_of_reactions_is_recorded_whole(house: House) -> None:
    """In order, each once; the totals are those of what is left."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
        answer = house.world.sent(chat)[0]["message_id"]
        for n in range(500):
            house.world.react(chat, ann, answer, "👍" if n % 2 else "👎")
        await idle(house, updates=501)
        [summary] = await tell(house, chat, ann, "/feedback")
    assert len(reactions(house)) == 999
    assert summary.startswith("1 positive, 0 negative, 0 neutral")
