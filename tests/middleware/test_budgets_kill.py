"""A budget holds through kills: what was reserved is charged, what was asked is answered once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from emulator import Chat, Person
from storage import care
from storage.engines import beside
from storage.tables.budgets import BudgetPolicy, Budgets
from tests.house import House, until
from tests.killing import Process, asks, end, kill, start, start_asking
from tests.paid import CALLS_FILE, COST

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("engine")]

PEOPLE = 100
KILLS = 4
WITHIN_S = 0.06
"""How long after the first reservation a process is killed, at the most."""
RESERVED = "SELECT count(*) FROM polar_calls WHERE outcome = 'open'"
OPEN_USD = "SELECT coalesce(sum(usd), 0) FROM polar_calls WHERE outcome = 'open'"
OPEN = "SELECT count(*) FROM polar_updates WHERE status = 'pending'"
DOUBTED = "SELECT 1 FROM polar_delivery_queue WHERE ambiguous > 0 AND status <> 'sent'"


def allow_ten_calls(house: House) -> None:
    """A global budget for ten answers, in a database that is made by it."""
    care.migrate(house.location, now_ms=1)
    with beside(house.location) as database:
        policy = BudgetPolicy(scope="global", target_id="", limit_usd=10 * COST)
        database.commit(*Budgets.set(policy, now_ms=1))


async def kill_within_a_call(house: House, process: Process, chance: random.Random) -> bool:
    """SIGKILL, a random moment after something was reserved; whether a call was interrupted by it."""
    await until(lambda: house.rows(RESERVED) != [(0,)], timeout_s=30)
    await asyncio.sleep(chance.uniform(0, WITHIN_S))  # the random instant itself
    # A send that is cut a second time is failed; that has a test of its own.
    await until(lambda: not house.rows(DOUBTED))
    await kill(process)
    return house.rows(RESERVED) != [(0,)]


async def test_killed_within_calls_a_budget_for_ten_makes_ten_at_the_most(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred people ask; each is answered or refused once, and in the end exactly the limit is charged."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance, world, calls = random.Random(seed), house.world, tmp_path / "calls"
    # Few answers at a time, so that a kill interrupts some of the ten and not all.
    settings = {"responder": "tests.paid:SlowPaid", "answer_slots": 3}
    monkeypatch.setenv(CALLS_FILE, str(calls))
    calls.touch()
    await asyncio.to_thread(allow_ten_calls, house)
    people = [house.chat(f"P{number}") for number in range(PEOPLE)]
    process = await start_asking(house, **settings)
    ask(house, people)
    interrupted = 0
    for _ in range(KILLS):
        interrupted += await kill_within_a_call(house, process, chance)
        charged = house.rows("SELECT accumulatedUsd FROM polar_budget_usage")[0][0]
        assert charged <= 10 * COST
        if (
            charged + house.rows("SELECT coalesce(sum(usd), 0) FROM polar_calls WHERE outcome = 'open'")[0][0]
            > 9 * COST
        ):
            break
        asked = len(world.calls)
        process = await start(house, **settings)
    if process.returncode is not None:
        asked = len(world.calls)
        process = await start(house, **settings)
    await asks(house, asked)  # before that it knows no way to end but at once
    await world.wait(lambda: world.updates_pending() == 0, timeout=60)
    await until(lambda: house.rows(OPEN) == [(0,)] and unsent(house) == 0, timeout_s=120)
    assert await end(process) == 0
    made = calls.read_text(encoding="utf-8").splitlines()
    print(f"{interrupted} kills interrupted calls; {len(made)} calls made")
    assert interrupted >= 1
    assert len(made) <= 10
    assert house.rows("SELECT accumulatedUsd FROM polar_budget_usage") == [(1.0,)]
    assert house.rows(RESERVED) == [(0,)]
    check_answers(house, people)
    # A row for each call that may have been made, and the totals are theirs: nothing is lost of it, or doubled.
    outcomes = Counter(outcome for (outcome,) in house.rows("SELECT outcome FROM polar_calls"))
    assert set(outcomes) == {"answered", "interrupted"}
    assert len(made) <= outcomes.total() == 10
    totals = "SELECT sum(calls), round(sum(usd), 9) FROM polar_daily_spend WHERE kind = 'user'"
    assert house.rows(totals) == [(10, 1.0)]


def ask(house: House, people: list[tuple[Person, Chat]]) -> None:
    """Everybody writes at once."""
    for number, (person, chat) in enumerate(people):
        house.world.say(chat, person, f"question {number}")


def unsent(house: House) -> int:
    """Deliveries that wait."""
    [(count,)] = house.rows("SELECT count(*) FROM polar_delivery_queue WHERE status IN ('pending', 'sending')")
    return int(count)


def check_answers(house: House, people: list[tuple[Person, Chat]]) -> None:
    """One reply each, an answer or a refusal, no more answers than calls, and all of them sent."""
    said = "polar_delivery_queue AS d JOIN polar_messages AS m USING (deliveryId)"
    replies = house.rows(f"SELECT d.sessionId, m.text, d.status FROM {said}")
    assert len(replies) == len({session for session, _, _ in replies}) == len(people)
    assert {status for _, _, status in replies} == {"sent"}
    kinds = Counter(text.split()[0] for _, text, _ in replies)
    assert set(kinds) <= {"echo:", "I"}
    assert kinds["echo:"] <= 10
    assert all(text == f"echo: question {number}" or "too little is left" in text for number, text in numbered(replies))


def numbered(replies: list[tuple[Any, ...]]) -> list[tuple[int, str]]:
    """Each reply's text with the number of the person who gets it; ids count up."""
    ordered = sorted(replies, key=lambda reply: int(reply[0].rpartition(":")[2]))
    return [(number, text) for number, (_, text, _) in enumerate(ordered)]
