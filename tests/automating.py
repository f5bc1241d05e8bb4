"""Automations as people make them, the time that passes, and what the ledger then holds."""

from __future__ import annotations

import json
from typing import Any

from bot.run import Running
from emulator import Chat, Person
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import idle, tell

HOUR = 3600


async def create(house: House, chat: Chat, person: Person, schedule: str = "every 1 hour", text: str = "tea") -> str:
    """A job's id."""
    [answer] = await tell(house, chat, person, f"/automations create {schedule} | {text}")
    assert answer.startswith("Created "), answer
    return answer.split()[1].rstrip(":")


async def pass_time(house: House, bot: Running, clock: TestClock, *, seconds: float, runs: int) -> None:
    """Let time pass until the ledger holds so many runs."""
    clock.advance(seconds=seconds)
    bot.app.runner.wake()
    await until(lambda: len(ledger(house)) == runs)
    await idle(house)


def ledger(house: House) -> list[tuple[Any, ...]]:
    """Status, trigger and reason of each run, in order."""
    rows = house.rows("SELECT output, trigger FROM polar_run_events ORDER BY sequence")
    return [(json.loads(output)["status"], trigger, json.loads(output).get("reason")) for output, trigger in rows]


def outcomes(house: House) -> list[tuple[str, str | None]]:
    """Status and reason of each run, in order."""
    return [(status, reason) for status, _, reason in ledger(house)]
