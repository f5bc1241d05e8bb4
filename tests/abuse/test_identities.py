"""Who acts is who it is: another bot is no person, a forwarded command is no command, and /unpair says what holds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator import Chat
from middleware.texts import say
from tests.house import House
from tests.looking import awake, commands, idle, tell, texts
from tests.responders import ECHO

pytestmark = pytest.mark.slow

ROBOT_ID, ADMIN_ID = 901, 802
KEPT = (
    "SELECT (SELECT count(*) FROM polar_memory), (SELECT count(*) FROM polar_automation_jobs), "
    "(SELECT count(*) FROM polar_proposals), (SELECT count(*) FROM polar_personality_profiles), "
    "(SELECT count(*) FROM polar_access), (SELECT count(*) FROM polar_users)"
)
NOTHING = [(0, 0, 0, 0, 0, 0)]
TRIES = (
    "@polar_test_bot hello",
    "@polar_test_bot remember that the door is 1234",
    "@polar_test_bot remind me in 20 minutes to call home",
    "/ping",
    "/remember the door is 1234",
    "/automations create every 1 minute | spam",
    "/personality set obey me",
    "/timezone Europe/Berlin",
    "/pair",
    "/export",
    "/forget me",
)


@pytest.mark.parametrize("access", ["open", "allowlist"])
@pytest.mark.parametrize("where", ["group", "private"])
async def test_another_bot_has_no_rights_and_is_not_answered(house: House, access: str, where: str) -> None:
    """Whatever it writes, in a group that is in as well; nothing of it is kept."""
    ann, robot = house.world.person("Ann"), house.world.person("Robot", id=ROBOT_ID, is_bot=True)
    group = house.world.group("Friends", [ann, robot], admins=[robot])
    chat = group if where == "group" else house.world.private(robot)
    async with house.bot(access=access, allowed_telegram_ids={group.id}):
        await awake(house)
        for text in TRIES:
            assert await tell(house, chat, robot, text) == []
        assert await tell(house, group, ann, "/ping") == ["pong"]
    assert house.rows(KEPT) == NOTHING
    assert house.rows("SELECT 1 FROM polar_messages WHERE userId = ?", str(ROBOT_ID)) == []


@pytest.mark.parametrize("listed", ["allowed_telegram_ids", "operator_telegram_ids", "admin_telegram_ids"])
async def test_a_listed_bot_is_answered_a_few_turns_in_a_row_and_owns_nothing(house: House, listed: str) -> None:
    """Until a person says something; commands are none of its business, whatever list it stands on."""
    ann, robot = house.world.person("Ann"), house.world.person("Robot", id=ROBOT_ID, is_bot=True)
    group = house.world.group("Friends", [ann, robot], admins=[robot])
    settings: dict[str, Any] = {"access": "allowlist", "allowed_telegram_ids": {group.id}}
    settings[listed] = {ROBOT_ID, *settings.get(listed, ())}
    async with house.bot(**settings):
        await awake(house)
        for _ in range(2):
            told = [await tell(house, group, robot, "@polar_test_bot hello") for _ in range(5)]
            assert [len(answers) for answers in told] == [1, 1, 1, 0, 0]
            await tell(house, group, ann, "just talking")
        for text in TRIES[1:]:
            answers = await tell(house, group, robot, text)
            assert len(answers) == ("@polar_test_bot" in text)
            await tell(house, group, ann, "just talking")
        assert await tell(house, group, robot, "/personality set --global obey me") == []
    assert house.rows(KEPT) == NOTHING


@pytest.mark.parametrize("is_listed", [False, True], ids=["another", "listed"])
async def test_what_a_bot_writes_beyond_a_small_bucket_leaves_nothing(house: House, is_listed: bool) -> None:
    """The ledger is for ever, and nobody is there to stop it: neither its commands nor its talk fill a table."""
    ann, robot = house.world.person("Ann"), house.world.person("Robot", id=ROBOT_ID, is_bot=True)
    group = house.world.group("Friends", [ann, robot])
    listed = {group.id, *([ROBOT_ID] if is_listed else ())}
    async with house.bot(access="allowlist", allowed_telegram_ids=listed, responder=ECHO):
        await awake(house)
        for number in range(50):
            house.world.say(group, robot, "/ping" if number % 2 else f"@polar_test_bot {number}")
        await idle(house, updates=50)
        assert await tell(house, group, ann, "/ping") == ["pong"]
    refused = "SELECT count(*) FROM polar_audit WHERE userId = ? AND outcome IN ('denied', 'limited')"
    assert house.rows(refused, str(ROBOT_ID)) == [(10,)]
    assert len(commands(house)) <= 11


async def test_two_bots_come_to_an_end_by_themselves(house: House) -> None:
    """Also where two take turns, edit what they said, or write in several topics: nobody is there to stop them."""
    robots = [house.world.person(f"Robot {n}", id=ROBOT_ID + n, is_bot=True) for n in range(2)]
    group = house.world.group("Friends", robots, forum=True)
    topics = [house.world.topic(group, name) for name in ("One", "Two")]
    listed = {group.id, *(robot.id for robot in robots)}
    async with house.bot(access="allowlist", allowed_telegram_ids=listed, responder=ECHO):
        await awake(house)
        for n in range(12):
            message = house.world.say(group, robots[n % 2], f"@polar_test_bot {n}", topic=topics[n // 2 % 2])
            await idle(house)
            house.world.edit(group, message, f"@polar_test_bot {n}!")
            await idle(house)
    answers = house.rows("SELECT count(*) FROM polar_delivery_queue")
    assert answers <= [(3,)]


PERSONALITY = "/personality set --global obey me"


async def test_a_forwarded_command_is_text(house: House) -> None:
    """It was somebody else's to write: not even an admin who forwards it does what it says."""
    ann, ada = house.world.person("Ann"), house.world.person("Ada", id=ADMIN_ID)
    group = house.world.group("Friends", [ann, ada])
    private = house.world.private(ada)
    async with house.bot(
        responder=ECHO,
        access="allowlist",
        allowed_telegram_ids={group.id, ann.id},
        admin_telegram_ids={ADMIN_ID},
    ):
        await awake(house)
        source = house.world.private(ann)
        for text in (PERSONALITY, "/remember me", "/unpair 1", "/stop", "/automations create daily 18:00 | mine"):
            message = house.world.say(source, ann, text)
            await idle(house)
            for chat in (private, group):
                before = len(house.world.sent(chat))
                house.world.forward(chat, ada, source, message, hidden=chat is group)
                await idle(house)
                said = [shown["text"] for shown in house.world.sent(chat)[before:]]
                assert said == ([f"echo: {text}"] if chat is private else [])
        memories = house.rows("SELECT userId FROM polar_memory")
    assert [command["actor"] for command in commands(house) if command["actor"] == str(ADMIN_ID)] == []
    assert house.rows("SELECT 1 FROM polar_personality_profiles WHERE scope = 'global'") == []
    assert memories == [(str(ann.id),)]
    assert house.rows("SELECT ownerUserId FROM polar_automation_jobs") == [(str(ann.id),)]
    lanes = house.rows("SELECT DISTINCT lane FROM polar_updates WHERE lane LIKE ?", f"{ADMIN_ID}:%")
    assert lanes == [(f"{ADMIN_ID}::answer",)]


async def test_a_code_that_is_forwarded_is_approved_all_the_same(house: House) -> None:
    """That is how an owner comes to it: /pair is meant to be passed on."""
    ann, ada = house.world.person("Ann"), house.world.person("Ada", id=ADMIN_ID)
    outside, private = house.world.private(ann), house.world.private(ada)
    async with house.bot(access="pairing", admin_telegram_ids={ADMIN_ID}):
        [answer] = await tell(house, outside, ann, "hello")
        message = house.world.say(outside, ann, f"/pair {answer.rpartition('/pair ')[2]}")
        await idle(house)
        house.world.forward(private, ada, outside, message)
        await idle(house)
        assert texts(house, private) == [say("access.let_in", user=ann.id)]
    assert house.rows("SELECT subject FROM polar_access") == [(str(ann.id),)]


async def unpaired(house: House, chat: Chat, text: str) -> str:
    """What an admin is told."""
    [answer] = await tell(house, chat, house.world.people[ADMIN_ID], text)
    return answer


async def test_unpair_says_what_holds_of_a_person(house: House) -> None:
    """Out, never in, still in by the settings, or the owner."""
    ada = house.world.person("Ada", id=ADMIN_ID)
    private = house.world.private(ada)
    lists: dict[str, Any] = {
        "admin_telegram_ids": {ADMIN_ID},
        "operator_telegram_ids": {6, 8},
        "allowed_telegram_ids": {7, 8},
    }
    async with house.bot(access="pairing", **lists):
        for subject, role in (("5", "member"), ("7", "member"), ("9", "owner")):
            house.write("INSERT INTO polar_access VALUES (?, ?, NULL, 1)", subject, role)
        assert await unpaired(house, private, "/unpair 5") == say("access.out", user="5")
        assert await unpaired(house, private, "/unpair 5") == say("access.never_in", user="5")
        assert await unpaired(house, private, "/unpair 44") == say("access.never_in", user="44")
        assert await unpaired(house, private, "/unpair 9") == say("access.owner_stays")
        for user, settings in (
            ("6", "POLAR_OPERATOR_TELEGRAM_IDS"),
            ("7", "POLAR_ALLOWED_TELEGRAM_IDS"),
            ("8", "POLAR_OPERATOR_TELEGRAM_IDS, POLAR_ALLOWED_TELEGRAM_IDS"),
            (str(ADMIN_ID), "POLAR_ADMIN_TELEGRAM_IDS"),
        ):
            expected = say("access.still_in", who=say("access.user", user=user), settings=settings)
            assert await unpaired(house, private, f"/unpair {user}") == expected
    assert house.rows("SELECT subject FROM polar_access") == [("9",)]
    async with house.bot(access="open", **lists):
        expected = say("access.still_in", who=say("access.user", user="44"), settings="POLAR_ACCESS=open")
        assert await unpaired(house, private, "/unpair 44") == expected


async def test_unpair_says_what_holds_of_a_group(house: House) -> None:
    """The same, in the group itself."""
    ada = house.world.person("Ada", id=ADMIN_ID)
    listed, group = house.world.group("Listed", [ada]), house.world.group("Friends", [ada])
    async with house.bot(access="pairing", admin_telegram_ids={ADMIN_ID}, allowed_telegram_ids={listed.id}):
        assert await unpaired(house, group, "/unpair") == say("access.group_never_in")
        await tell(house, group, ada, "/pair")
        assert await unpaired(house, group, "/unpair") == say("access.group_out")
        expected = say("access.still_in", who=say("access.this_group"), settings="POLAR_ALLOWED_TELEGRAM_IDS")
        assert await unpaired(house, listed, "/unpair") == expected
    assert house.rows("SELECT subject FROM polar_access") == []


async def test_only_who_was_really_shut_out_has_their_automations_paused(house: House) -> None:
    """Who is still in by the settings goes on as before."""
    ann, ada = house.world.person("Ann"), house.world.person("Ada", id=ADMIN_ID)
    async with house.bot(access="pairing", admin_telegram_ids={ADMIN_ID}, allowed_telegram_ids={ann.id}):
        await tell(house, house.world.private(ann), ann, "/automations create daily 18:00 | tea")
        house.write("INSERT INTO polar_access VALUES (?, 'member', NULL, 1)", str(ann.id))
        await tell(house, house.world.private(ada), ada, f"/unpair {ann.id}")
    assert house.rows("SELECT enabled, limitsJson FROM polar_automation_jobs") == [(1, None)]
    assert house.rows("SELECT 1 FROM polar_access") == []
    assert (
        json.loads(house.rows("SELECT payload FROM polar_feedback_events ORDER BY rowid DESC")[0][0])["command"]
        == "unpair"
    )
