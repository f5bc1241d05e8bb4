"""The process is killed around due times, the clock running ahead; the ledger has no double and no hole."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import pytest

from bot import tries
from tests.house import House, until
from tests.killing import end, finished, kill, start_asking
from tests.looking import tell
from tests.responders import SLOW_ECHO

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("engine")]

ENDS = 5
"""Ends that are asked for, at most, until one leaves nothing to be sent."""
KILLS = 25
JOBS = 6
LIFE_S = 0.25
OFTEN: dict[str, Any] = {"responder": SLOW_ECHO, "min_model_interval_minutes": 0}
MINUTE_MS = 60_000
TRIED = """
SELECT 1 FROM polar_scheduler_events
WHERE queue = 'retry' AND CAST(json_extract(payload, '$.attempts') AS INTEGER)
"""


async def test_killed_around_due_times_every_occurrence_is_entered_once_and_every_message_delivered(
    house: House,
) -> None:
    """Each minute of each job has one row; each executed one has its message."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    async with house.bot(**OFTEN):
        people = [house.chat(f"P{n}") for n in range(JOBS)]
        for person, chat in people:
            await tell(house, chat, person, "/automations create every 1 minute | tea")
    house.world.fault("sendMessage", "slow", times=None, seconds=0.12)
    offset = 0.0
    caught = 0
    for _ in range(KILLS):
        offset += chance.uniform(20, 150)
        caught += await live_and_die(house, chance, offset)
    assert caught >= KILLS // 5
    for _ in range(ENDS):
        process = await start_asking(house, clock_offset_seconds=offset + 90, **OFTEN)
        await finished(house)
        await until(lambda: not house.rows("SELECT 1 FROM polar_scheduler_events WHERE queue = 'retry'"), timeout_s=60)
        assert await end(process) == 0
        if not house.rows("SELECT 1 FROM polar_delivery_queue WHERE status = 'pending'"):
            break  # else a minute has just begun, and what it queued is left to the next start
    check_ledger(house)
    check_messages(house)


async def live_and_die(house: House, chance: random.Random, offset: float) -> bool:
    """One process that lives for a moment; whether it was killed within a run or a send."""
    process = await start_asking(house, clock_offset_seconds=offset, **OFTEN)
    await asyncio.sleep(chance.uniform(0, LIFE_S))  # the random instant itself
    await until(lambda: not house.rows("SELECT 1 FROM polar_delivery_queue WHERE ambiguous > 0 AND status <> 'sent'"))
    await until(lambda: not house.rows(f"{TRIED} >= {tries.MOST - 1}"))  # as of what always ends it, no more is heard
    await kill(process)
    return bool(
        house.rows(
            "SELECT 1 FROM polar_scheduler_events WHERE queue = 'retry' "
            "UNION SELECT 1 FROM polar_delivery_queue WHERE status = 'sending'"
        )
    )


def check_ledger(house: House) -> None:
    """From a job's first instant to its last every minute is there, once."""
    for (job,) in house.rows("SELECT id FROM polar_automation_jobs"):
        rows = house.rows(
            "SELECT CAST(json_extract(metadata, '$.scheduledAtMs') AS INTEGER) FROM polar_run_events WHERE id = ? "
            "ORDER BY 1",
            job,
        )
        instants = [at for (at,) in rows]
        [(due,)] = house.rows(
            "SELECT sequence FROM polar_scheduler_events WHERE eventId = ? AND queue = 'scheduled'", f"automation:{job}"
        )
        assert instants == list(range(instants[0], due, MINUTE_MS))
        assert house.rows("SELECT DISTINCT json_extract(output, '$.status') FROM polar_run_events ORDER BY 1") == [
            ("executed",),
            ("skipped",),
        ]


def check_messages(house: House) -> None:
    """As many as runs that were executed; one more only where a send was cut, and marked."""
    [(executed,)] = house.rows(
        "SELECT count(*) FROM polar_run_events WHERE json_extract(output, '$.status') = 'executed'"
    )
    reminders = Counter(m["text"].startswith("↻") for m in house.world.sent() if "echo: tea" in m["text"])
    [(doubted,)] = house.rows("SELECT count(*) FROM polar_delivery_queue WHERE ambiguous > 0")
    assert house.rows("SELECT DISTINCT status FROM polar_delivery_queue") == [("sent",)]
    assert reminders[True] == doubted
    assert executed <= reminders.total() <= executed + doubted
    assert (
        len(house.rows("SELECT 1 FROM polar_messages WHERE text = 'echo: tea' AND messageId IS NOT NULL")) == executed
    )
