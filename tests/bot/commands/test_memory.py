"""What was remembered reaches the responder where it belongs, and its owner as a file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator import Chat, Person
from middleware.recall import MAX_CHARACTERS, MAX_FACTS, fitting
from middleware.responder import Responder
from middleware.turn import Turn
from storage.tables.memories import Memories
from tests.clocks import TestClock
from tests.house import House
from tests.looking import idle, tell, texts
from tests.pressing import press

RECALLING = "tests.bot.commands.test_memory:Recalling"


class Recalling:
    """Says what it was told to know."""

    def __init__(self, fallback: Responder) -> None:
        self.fallback = fallback

    async def respond(self, turn: Turn) -> str:
        """The memories, best first."""
        return " | ".join(turn.context.memories) or "nothing"


async def remember(house: House, chat: Chat, person: Person, *facts: str) -> None:
    """By command."""
    for fact in facts:
        [answer] = await tell(house, chat, person, f"/remember {fact}")
        assert answer.startswith("Noted")


@pytest.mark.parametrize("indexed", [True, False], ids=["with the index", "without FTS5"])
async def test_what_concerns_the_message_is_recalled_best_first(house: House, indexed: bool) -> None:
    """Nothing where nothing matches; what is forgotten is gone."""
    async with house.bot(responder=RECALLING) as bot:
        bot.app.database.has_memory_index = indexed
        ann, chat = house.chat()
        await remember(house, chat, ann, "my bike is green", "tea is at five", "the green tea is in the tin")
        [answer] = await tell(house, chat, ann, "green tea?")
        best, *others = answer.split(" | ")
        assert best == "the green tea is in the tin"
        assert set(others) == {"my bike is green", "tea is at five"}
        for text in ("whisky?", "👍", "%", '"'):
            assert await tell(house, chat, ann, text) == ["nothing"]
        await tell(house, chat, ann, "/memory search tin")
        await press(house, chat, ann, "Forget")
        await press(house, chat, ann, "Forget")
        assert await tell(house, chat, ann, "tin?") == ["nothing"]


async def test_recall_keeps_to_the_person_and_the_chat(house: House) -> None:
    """What was told in private is not recalled in a group, nor what a group heard in private."""
    async with house.bot(responder=RECALLING):
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        group = house.world.group("Friends", [ann, bob])
        await remember(house, chat, ann, "my locker has the code 4711")
        await remember(house, group, ann, "the locker room is on the left")
        question = "@polar_test_bot where is the locker?"
        assert await tell(house, chat, ann, question) == ["my locker has the code 4711"]
        assert await tell(house, group, ann, question) == ["the locker room is on the left"]
        assert await tell(house, group, bob, question) == ["nothing"]
        assert await tell(house, other, bob, question) == ["nothing"]


async def test_a_run_recalls_what_its_owner_had_remembered_in_its_chat(house: House) -> None:
    """By the words of its prompt."""
    async with house.bot(responder=RECALLING):
        ann, chat = house.chat()
        await remember(house, chat, ann, "tea is in the tin")
        [created] = await tell(house, chat, ann, "/automations create daily 18:00 | make tea")
        await tell(house, chat, ann, f"/automations run {created.split()[1].rstrip(':')}")
        await house.world.wait(lambda: texts(house, chat)[-1] == "tea is in the tin")


async def test_a_fact_is_kept_without_the_that_in_front(house: House) -> None:
    """As “remember that …” says it, also when it is edited; “that” alone is a fact like others."""
    async with house.bot():
        ann, chat = house.chat()
        said = house.world.say(chat, ann, "/remember That my cat is called Miso")
        await idle(house)
        await remember(house, chat, ann, "that", "thatched roofs burn")
        assert facts(house) == ["my cat is called Miso", "that", "thatched roofs burn"]
        house.world.edit(chat, said, "/remember that my cat is called Mochi")
        await idle(house)
        assert facts(house)[0] == "my cat is called Mochi"


def facts(house: House) -> list[str]:
    """All that is remembered, in order."""
    return [json.loads(row[0])["fact"] for row in house.rows("SELECT record FROM polar_memory ORDER BY rowid")]


async def test_recall_has_a_limit_and_cuts_no_fact(house: House) -> None:
    """Whole facts, as many as fit."""
    async with house.bot(responder=RECALLING) as bot:
        ann, chat = house.chat()
        memories = Memories(bot.app.database)
        facts = [f"tea {number} {'x' * 990}" for number in range(9)]
        where = {"session_id": f"telegram:chat:{chat.id}", "user_id": str(ann.id)}
        for number, fact in enumerate(facts):
            await bot.app.database.commit(*memories.add(memory_id=f"m{number}", fact=fact, now_ms=number, **where))
        answer = "".join(await tell(house, chat, ann, "tea?"))
    recalled = answer.split(" | ")
    assert len(recalled) == 4
    assert set(recalled) < set(facts)


def test_facts_that_have_no_room_are_passed_over() -> None:
    """The order stays; a later one that fits is taken."""
    assert list(fitting(["aaaa", "bbbbbbbb", "cc", "d", "e"], 7)) == ["aaaa", "cc", "d"]
    assert list(fitting(["a" * (MAX_CHARACTERS + 1)], MAX_CHARACTERS)) == []
    assert MAX_FACTS > 3  # what the embedded responder tells


async def exported(house: House, chat: Chat, person: Person, command: str) -> tuple[dict[str, Any], str]:
    """The message that brings the file, and the file's content."""
    house.world.say(chat, person, command)
    await idle(house)
    message = house.world.sent(chat)[-1]
    return message, house.world.files[message["document"]["file_id"]]


async def test_an_export_is_a_file_of_everything_that_is_remembered_here(house: House) -> None:
    """Newest first; no line of a fact looks like a heading of ours."""
    clock = TestClock()
    async with house.bot(clock):
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        group = house.world.group("Friends", [ann])
        await remember(house, group, ann, "not this one")
        await remember(house, other, bob, "nor this one")
        await remember(house, chat, ann, "tea is at five")
        clock.advance(seconds=60)
        await remember(house, chat, ann, "two lines\n# and no heading")
        message, page = await exported(house, chat, ann, "/memory export")
        as_json, data = await exported(house, chat, ann, "/memory export json")
    ids = [
        row[0]
        for row in house.rows(
            "SELECT memoryId FROM polar_memory WHERE sessionId = ? ORDER BY createdAtMs DESC",
            f"telegram:chat:{chat.id}",
        )
    ]
    assert message["caption"] == "What I remember of you here: 2 fact(s)."
    assert message["document"]["file_name"] == "memory.md"
    assert page == (
        "# Memory\n\n"
        f"## 2026-11-18 11:07 UTC, {ids[0][:8]}\n\n> two lines\n> # and no heading\n\n"
        f"## 2026-11-18 11:06 UTC, {ids[1][:8]}\n\n> tea is at five\n"
    )
    assert as_json["document"]["file_name"] == "memory.json"
    assert json.loads(data) == [
        {"id": ids[0], "createdAt": "2026-11-18T11:07:40Z", "fact": "two lines\n# and no heading"},
        {"id": ids[1], "createdAt": "2026-11-18T11:06:40Z", "fact": "tea is at five"},
    ]


async def test_an_export_stays_private(house: House) -> None:
    """In a group it is refused, also to its owner."""
    async with house.bot(admin_telegram_ids={900}):
        boss = house.world.person("Boss", id=900)
        group = house.world.group("Friends", [boss])
        await remember(house, group, boss, "tea is at five")
        [answer] = await tell(house, group, boss, "/memory export")
    assert answer.startswith("An export is for your eyes only.")
    assert house.rows("SELECT outcome, reason FROM polar_audit ORDER BY sequence DESC LIMIT 1") == [
        ("denied", "not private")
    ]


async def test_an_export_of_nothing_is_a_file_too_and_a_wrong_form_is_told(house: House) -> None:
    """With what was expected."""
    async with house.bot():
        ann, chat = house.chat()
        _, page = await exported(house, chat, ann, "/memory export md")
        assert page == "# Memory\n"
        [answer] = await tell(house, chat, ann, "/memory export pdf")
    assert answer.startswith("I expected md or json, found “pdf”.\nUsage: /memory")
