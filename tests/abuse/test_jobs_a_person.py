"""One person's automations are limited over all chats together; those that are over count towards nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from emulator import Chat, Person
from storage.database import Database
from storage.tables.jobs import Job, Jobs
from tests.automating import create, pass_time
from tests.clocks import TestClock
from tests.house import House
from tests.looking import idle, tell
from tests.pressing import press
from tests.storage.files import plain

MORE = "/automations create daily 12:00 | one more"
FULL = "You have 3 automations, those in other chats included"


def groups(house: House, ann: Person, count: int) -> list[Chat]:
    """Groups of a person and the bot."""
    return [house.world.group(f"group {number}", [ann]) for number in range(count)]


def counted(house: House) -> int:
    """The jobs that are not over."""
    [[count]] = house.rows(
        "SELECT count(*) FROM polar_automation_jobs WHERE enabled = 1 OR json_extract(limitsJson, '$.over') IS NOT 1"
    )
    return int(count)


async def test_the_limit_is_one_over_all_chats_of_a_person(house: House) -> None:
    """It used to be one a chat; another person has room of their own."""
    async with house.bot(max_jobs_per_person=3):
        ann, chat = house.chat()
        bob, other = house.chat("Bob")
        places = [chat, *groups(house, ann, 2)]
        for place in places:
            await create(house, place, ann, "daily 12:00")
        for place in places:
            [refused] = await tell(house, place, ann, MORE)
            assert refused.startswith(FULL)
        await create(house, other, bob, "daily 12:00")
    assert counted(house) == 4


async def test_a_proposal_makes_no_job_beyond_the_limit(house: House) -> None:
    """The yes is told so, and the proposal stays open until there is room."""
    async with house.bot(max_jobs_per_person=1):
        ann, chat = house.chat()
        [group] = groups(house, ann, 1)
        job = await create(house, group, ann, "daily 12:00")
        await tell(house, chat, ann, "remind me every day at 9 to stretch")
        card = house.world.sent(chat)[-1]
        assert (await press(house, chat, ann, "Create", card)).startswith("You have 1 automations")
        assert counted(house) == 1
        await tell(house, group, ann, f"/automations delete {job} now")
        assert await press(house, chat, ann, "Create", card) == "Created."
    assert counted(house) == 1


async def test_what_was_over_counts_again_once_it_goes_on(house: House) -> None:
    """Otherwise jobs that ended could be given a new schedule, one after another, beyond any limit."""
    clock = TestClock()
    async with house.bot(clock, max_jobs_per_person=2) as bot:
        ann, chat = house.chat()
        over = await create(house, chat, ann, "in 20 minutes")
        await pass_time(house, bot, clock, seconds=1200, runs=1)
        paused = await create(house, chat, ann, "daily 12:00")
        await create(house, chat, ann, "daily 13:00")
        [refused] = await tell(house, chat, ann, f"/automations edit {over} daily 14:00")
        assert refused.startswith("You have 2 automations")
        for verb in ("pause", "resume"):  # a paused one counts all the time
            [answer] = await tell(house, chat, ann, f"/automations {verb} {paused}")
            assert answer.startswith(f"{verb}d".capitalize())
    assert counted(house) == 2


@pytest.mark.slow
async def test_turns_side_by_side_make_no_more_jobs_than_one_after_another(house: House) -> None:
    """Each of ten chats is a conversation of its own, in which all look for room before any has taken it."""
    async with house.bot(max_jobs_per_person=3):
        ann, _ = house.chat()
        places = groups(house, ann, 10)
        for place in places:
            house.world.say(place, ann, MORE)
        await idle(house, updates=10)
        await house.world.wait(lambda: all(house.world.sent(place) for place in places))
    assert counted(house) == 3
    said = [house.world.sent(place)[-1]["text"] for place in places]
    assert sum(text.startswith(FULL) for text in said) == 7


async def test_counting_visits_no_job_that_is_over(tmp_path: Path) -> None:
    """Nor does it fail on what another program wrote."""
    path = tmp_path / "polar-system.db"
    database = await Database.open(path, now_ms=0)
    try:
        job = Job(id="", owner_user_id="7", session_id="telegram:chat:7", schedule="x", prompt="x", enabled=False)
        over = [replace(job, id=f"over{number}", limits={"over": True}) for number in range(200)]
        await database.commit(*(Jobs.add(each, now_ms=0) for each in (*over, replace(job, id="paused"))))
        assert await Jobs(database).count_of("7") == 1
        with plain(path) as connection:
            connection.execute("UPDATE polar_automation_jobs SET limitsJson = '{' WHERE id = 'over0'")
            connection.commit()
            connection.execute("ANALYZE polar_automation_jobs")
            [stat] = connection.execute("SELECT stat FROM sqlite_stat1 WHERE idx = 'polar_automation_counted'")
        assert await Jobs(database).count_of("7") == 2
        assert stat[0].split()[0] == "2", "rows in the index by which they are counted"
    finally:
        await database.close()
