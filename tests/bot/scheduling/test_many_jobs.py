"""A thousand automations due at the same minute, within Telegram's limits, and a person who writes meanwhile."""

from __future__ import annotations

import pytest

from emulator import Server, World
from storage.database import Database
from storage.statement import Statement
from storage.tables.jobs import Job, Jobs
from storage.tables.occurrences import Occurrence, Occurrences
from tests.clocks import TestClock
from tests.house import TOKEN, House, until

pytestmark = pytest.mark.slow

JOBS = 1_000
BURST = 120
"""Messages that may be on their way already when somebody asks; far fewer than wait."""
LIMITS = {"send_rate_per_second": 30, "chat_send_rate_per_second": 1, "group_send_rate_per_minute": 20}


async def plan(house: House, clock: TestClock) -> None:
    """A job in each of a thousand private chats, all due now."""
    database = await Database.open(house.path, now_ms=clock())
    statements: list[Statement] = []
    for n in range(JOBS):
        person = house.world.person(f"P{n}")
        chat = house.world.private(person)
        job = Job(
            id=f"job{n}",
            owner_user_id=str(person.id),
            session_id=f"telegram:chat:{chat.id}",
            schedule="DTSTART:20261118T000000Z\nRRULE:FREQ=MINUTELY;INTERVAL=1440",
            prompt="tea",
            enabled=True,
        )
        at = Occurrence(source="automation", subject_id=job.id, at_ms=clock(), due_ms=clock())
        statements += [Jobs.add(job, now_ms=clock()), Occurrences.plan(at, now_ms=clock())]
    await database.commit(*statements)
    await database.close()


async def test_a_thousand_at_once_are_all_delivered_and_who_asks_is_answered_first(house: House) -> None:
    """No call is refused with 429, none comes twice, and the answer does not wait for the queue."""
    world = World(token=TOKEN, username="polar_test_bot", enforce_limits=True)
    clock = TestClock()
    async with Server(world) as server:
        crowd = House(world=world, server=server, folder=house.folder)
        await plan(crowd, clock)
        ann, chat = crowd.chat()
        async with crowd.bot(clock, **LIMITS):
            await world.wait(lambda: len(world.sent()) >= BURST, timeout=60)
            asked_at = len(world.sent())
            world.say(chat, ann, "/ping")
            await world.wait(lambda: bool(world.sent(chat)), timeout=60)
            assert len(world.sent()) - asked_at < BURST
            await world.wait(lambda: len(world.sent()) == JOBS + 1, timeout=120)
            await until(
                lambda: crowd.rows("SELECT count(*) FROM polar_delivery_queue WHERE status = 'sent'") == [(JOBS + 1,)]
            )
    assert not [call for call in world.calls if call.status == 429]
    assert crowd.rows("SELECT count(*), count(DISTINCT id) FROM polar_run_events") == [(JOBS, JOBS)]
    assert len({message["chat"]["id"] for message in world.sent()}) == JOBS + 1
