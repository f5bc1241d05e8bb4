"""The commands that everyone has."""

from __future__ import annotations

import re

import pytest

from emulator import Chat, Person
from middleware.texts import say
from tests.clocks import TestClock
from tests.house import House
from tests.looking import commands, idle, reactions, tell
from tests.pressing import buttons, last
from tests.responders import ECHO

HOUR, DAY = 3600, 86_400


async def test_start_greets_and_says_what_to_do_next(house: House) -> None:
    """By name, and with a command that works as it stands."""
    clock = TestClock()
    async with house.bot(clock):
        ann, chat = house.chat()
        [greeting] = await tell(house, chat, ann, "/start")
        [created] = await tell(house, chat, ann, re.findall(r"/automations .*", greeting)[0])
    assert greeting.startswith("Hello, Ann!")
    assert created.startswith("Created ")


async def test_the_menu_is_published_once_telegram_takes_it(house: House) -> None:
    """It can wait; the bot answers meanwhile."""
    house.world.fault("setMyCommands", "500")
    async with house.bot():
        ann, chat = house.chat()
        assert await tell(house, chat, ann, "/ping") == ["pong"]
        await house.world.wait(
            lambda: [c.status for c in house.world.calls if c.method == "setMyCommands"] == [500, 200]
        )


async def test_whoami_tells_ids_level_and_how_much_is_remembered_here(house: House) -> None:
    """Nothing of anybody else, and nothing of other chats."""
    async with house.bot(operator_telegram_ids={901}):
        pat = house.world.person("Pat", id=901)
        chat = house.world.private(pat)
        group = house.world.group("Friends", [pat])
        await tell(house, chat, pat, "/remember one")
        await tell(house, chat, pat, "/remember two")
        [here] = await tell(house, chat, pat, "/whoami")
        [there] = await tell(house, group, pat, "/whoami")
    assert here.splitlines() == [
        "You are Pat, id 901, operator.",
        "This chat is 901 (private).",
        "Facts that I remember of you here: 2.",
    ]
    assert there.splitlines()[1:] == [
        f"This chat is {group.id} (supergroup).",
        "Facts that I remember of you here: 0.",
    ]


async def test_status_tells_operators_more(house: House) -> None:
    """How long it is up, who answers; queue depths are not everybody's business."""
    clock = TestClock()
    async with house.bot(clock, operator_telegram_ids={901}):
        ann, chat = house.chat()
        pat = house.world.person("Pat", id=901)
        clock.advance(seconds=DAY + 2 * HOUR + 5)
        [plain] = await tell(house, chat, ann, "/status")
        [full] = await tell(house, house.world.private(pat), pat, "/status")
    assert plain == "Up for 1 d 2 h 5 s, answering with “local”."
    assert full.splitlines() == [plain, "Updates: 1 done, 1 pending", "Deliveries: 1 sent"]


async def test_an_unknown_command_is_told_so_in_private_only(house: House) -> None:
    """In a group it may be meant for another bot; no model ever sees one."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        group = house.world.group("Friends", [ann])
        assert await tell(house, chat, ann, "/dance") == ["I do not know that command. /help lists what I can do."]
        assert await tell(house, group, ann, "/dance") == []
        assert await tell(house, chat, ann, "/ping@other_bot") == []
        assert await tell(house, group, ann, "/ping@other_bot") == []
    assert [event["outcome"] for event in commands(house)] == ["answered", "ignored"]


async def remember(house: House, chat: Chat, person: Person, fact: str) -> str:
    """A memory's id, as its button has it."""
    assert await tell(house, chat, person, f"/remember {fact}") == [say("memory.noted")]
    return buttons(last(house, chat))[say("memory.button.really")].rpartition(":")[2]


async def test_facts_are_remembered_searched_shown_and_forgotten(house: House) -> None:
    """Forgetting removes the row and its index entry."""
    async with house.bot():
        ann, chat = house.chat()
        bike = await remember(house, chat, ann, "my bike is green")
        await remember(house, chat, ann, "the cat is grey")
        assert await tell(house, chat, ann, "/memory search bike car") == ["• my bike is green"]
        [listing] = await tell(house, chat, ann, "/memory")
        assert sorted(line[2:] for line in listing.splitlines()) == ["my bike is green", "the cat is grey"]
        [shown] = await tell(house, chat, ann, f"/memory show {bike}")
        assert shown.startswith(f"my bike is green\n({bike[:8]}, kept ")
        assert await tell(house, chat, ann, f"/memory forget {bike}") == ["Forgotten."]
        assert await tell(house, chat, ann, "/memory search bike") == ["I remember nothing about that."]
    assert house.rows("SELECT record FROM polar_memory") == [('{"fact":"the cat is grey"}',)]
    assert house.rows("SELECT count(*) FROM polar_memory_fts WHERE polar_memory_fts MATCH 'bike'") == [(0,)]


async def test_no_memory_reaches_another_person_or_another_chat(house: House) -> None:
    """Neither by search, nor by id, nor by an answer; a private fact is never recalled in a group."""
    async with house.bot(responder="local"):
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        group = house.world.group("Friends", [ann, bob])
        secret = await remember(house, chat, ann, "my locker code is 4711")
        for person, place in ((bob, other), (ann, group), (bob, group)):
            for text in ("/memory search locker", "/memory", f"/memory show {secret}", f"/memory forget {secret}"):
                answers = await tell(house, place, person, text)
                assert "4711" not in str(answers), (place, text)
            assert "4711" not in str(await tell(house, place, person, "@polar_test_bot my locker code?"))
        assert "4711" in str(await tell(house, chat, ann, "what is my locker code?"))
        shared = await remember(house, group, ann, "Ann sits by the window")
        for text in ("/memory search window", "/memory", f"/memory show {shared}", f"/memory forget {shared}"):
            assert "Ann sits" not in str(await tell(house, group, bob, text)), text
        assert "Ann sits" in str(await tell(house, group, ann, "/memory search window"))
    assert house.rows("SELECT count(*) FROM polar_memory") == [(2,)]


QUERIES = ['"', "*", "NEAR(bike)", "bike) OR (1", "record:bike", "'; DROP TABLE polar_memory; --", "-bike", "^", "%"]


async def test_search_words_are_words_and_nothing_else(house: House) -> None:
    """What has a meaning to SQLite has none here."""
    async with house.bot():
        ann, chat = house.chat()
        await remember(house, chat, ann, "my bike is green")
        for words in QUERIES:
            [answer] = await tell(house, chat, ann, f"/memory search {words}")
            assert ("green" in answer) == ("bike" in words), words
    assert {status for (status,) in house.rows("SELECT status FROM polar_updates")} == {"done"}


@pytest.mark.parametrize(
    "text",
    ["/remember", f"/remember {'x' * 2001}", "/memory search", "/memory show abc", "/memory eat", "/memory forget"],
)
async def test_a_memory_command_in_a_wrong_form_says_how_it_is_done(house: House, text: str) -> None:
    """With an example; nothing is stored."""
    async with house.bot():
        ann, chat = house.chat()
        [answer] = await tell(house, chat, ann, text)
    assert "\nUsage: /" in answer
    assert "\nExample: /" in answer
    assert house.rows("SELECT * FROM polar_memory") == []


async def test_the_local_responder_says_plainly_what_it_is_not(house: House) -> None:
    """It remembers, recalls, and tells how to connect a model."""
    async with house.bot(responder="local"):
        ann, chat = house.chat()
        [answer] = await tell(house, chat, ann, "what is the meaning of life?")
        assert await tell(house, chat, ann, "Please remember that tea is at five") == ["Noted, I will remember that."]
        [recalled] = await tell(house, chat, ann, "when is tea?")
    assert "No language model is connected" in answer
    assert "POLAR_RESPONDER" in answer
    assert recalled == "You told me:\n• tea is at five"


async def test_feedback_without_any_says_so(house: House) -> None:
    """Commands are no reactions."""
    async with house.bot():
        ann, chat = house.chat()
        assert await tell(house, chat, ann, "/feedback recent") == ["No reactions here yet."]
        await idle(house)
    assert reactions(house) == []
