"""No command and no message of one person reaches what another, or another chat, had remembered or set."""

from __future__ import annotations

import re

import pytest

from bot.reference import chat_commands
from emulator import Chat, Person
from tests.house import House
from tests.looking import idle, tell

COMMANDS = {command.name: command for command in chat_commands()}
SECRET = "4711"
BATCH = 40
MINE = (
    "SELECT memoryId, userId, record FROM polar_memory WHERE userId = :ann",
    "SELECT profileId, prompt FROM polar_personality_profiles WHERE userId = :ann",
    "SELECT id, enabled, promptTemplate, schedule FROM polar_automation_jobs WHERE ownerUserId = :ann",
)
OWNING = ("memory", "personality", "automations")
"""The commands whose rows these are; that the rest leaves them alone is tried in the whole suite."""
HOSTILE = (
    "locker",
    'locker" OR "1',
    "locker*",
    "NEAR(locker code)",
    "searchableText : locker",
    "keys : u*",
    "locker) OR (keys : m",
    "' OR 1=1 --",
    "%",
    "____",
    "%%%%%%%%",
    "",
)


async def settle_in(house: House, ann: Person, place: Chat) -> None:
    """What Ann has in a chat: a memory, a personality and an automation, each with the secret."""
    session = {"private": "", "supergroup": "--session "}[place.type]
    for text in (
        f"/remember my locker has the code {SECRET} {place.id}",
        f"/personality set {session}My locker has the code {SECRET}",
        f"/automations create daily 18:00 | my locker has the code {SECRET}",
    ):
        house.world.say(place, ann, text)
    await idle(house)


def owned(house: House, ann: Person) -> list[list[tuple[object, ...]]]:
    """All that is Ann's."""
    return [house.rows(sql.replace(":ann", "?"), str(ann.id)) for sql in MINE]


def arguments(house: House, ann: Person, place: Chat, name: str) -> list[str]:
    """Whatever somebody could try with the command's forms, who knows every id of Ann's."""
    verbs = re.findall(r"(?<![<\w])[a-z]+(?![\w>])", COMMANDS[name].usage.partition(" ")[2])
    ids = [row[0] for row in house.rows("SELECT memoryId FROM polar_memory")]
    jobs = [row[0] for row in house.rows("SELECT id FROM polar_automation_jobs")]
    known = [*ids, *(key[:8] for key in ids), *jobs, str(ann.id), f"telegram:chat:{place.id}"]
    hostile = HOSTILE if name == "memory" else HOSTILE[:2]
    return list(dict.fromkeys(f"{verb} {word}".strip() for verb in ("", *verbs) for word in (*known, *hostile)))


async def try_all(house: House, name: str, person: Person, place: Chat, written: list[str]) -> list[str]:
    """Say the command with each; what the bot answered there."""
    before = len(house.world.sent(place))
    for number, argument in enumerate(written, 1):
        house.world.say(place, person, f"/{name} {argument}".strip())
        if number % BATCH == 0 or number == len(written):
            await idle(house)
    return [str(message) for message in house.world.sent(place)[before:]] + list(house.world.files.values())


@pytest.mark.parametrize(
    ("name", "indexed"),
    [
        *(pytest.param(name, True, marks=() if name in OWNING else pytest.mark.slow) for name in COMMANDS),
        ("memory", False),
    ],
    ids=str,
)
async def test_no_command_reaches_what_is_anothers(house: House, name: str, indexed: bool) -> None:
    """Not even an admin's, in any chat, knowing every id; and nothing of it is changed. With FTS5 and without.

    A group's automations are seen by who looks after it, so there it is another member who tries.
    """
    async with house.bot(admin_telegram_ids={900}) as bot:
        bot.app.database.has_memory_index = indexed
        ann, private = house.chat()
        boss = house.world.person("Boss", id=900)
        bob = house.world.person("Bob")
        group = house.world.group("Friends", [ann, bob, boss])
        for place in (private, group):
            await settle_in(house, ann, place)
        before = owned(house, ann)
        assert [len(found) for found in before] == [2, 2, 2]
        written = arguments(house, ann, private, name)
        for person, place in ((boss, house.world.private(boss)), (bob if name == "automations" else boss, group)):
            answers = await try_all(house, name, person, place, written)
            assert answers
            assert f"code {SECRET}" not in "".join(answers)
    assert owned(house, ann) == before


@pytest.mark.slow
@pytest.mark.parametrize("name", OWNING)
async def test_what_is_private_never_surfaces_in_a_group(house: House, name: str) -> None:
    """Not for its owner either, who knows its ids; nor does what is said there change it."""
    async with house.bot(admin_telegram_ids={900}):
        ann, private = house.chat()
        group = house.world.group("Friends", [ann])
        await settle_in(house, ann, private)
        await tell(house, private, ann, "/personality reset")  # a personality for all chats is no secret in one
        before = owned(house, ann)
        answers = await try_all(house, name, ann, group, arguments(house, ann, private, name))
        assert f"code {SECRET}" not in "".join(answers)
        assert all(row in after for found, after in zip(before, owned(house, ann), strict=True) for row in found)
