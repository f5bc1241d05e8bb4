"""The process is killed within the merge window: the same turns are formed, none twice, none missing."""

from __future__ import annotations

import asyncio
import random

import pytest

from storage.ids import update_turn_id
from tests.clocks import TestClock
from tests.house import House, until
from tests.killing import arrivals, end, finished, kill, start, start_asking
from tests.looking import awake, texts
from tests.pending import LONG_MS, RECEIVED, answers, expected_turns, turns
from tests.responders import ECHO, SLOW_ECHO

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("engine")]

KILLS = 10
WINDOW_MS = 400
DOUBTED = "SELECT 1 FROM polar_delivery_queue WHERE ambiguous > 0 AND status <> 'sent'"
LIFE_S = 0.6
"""How long a process lives at the most, once it has asked for updates."""


async def received(house: House, count: int) -> None:
    """Wait until so many updates are in the journal."""
    await until(lambda: house.rows("SELECT count(*) FROM polar_updates") == [(count,)], timeout_s=30)


async def test_killed_within_the_window_the_next_process_makes_the_same_turn(house: House) -> None:
    """Twice within it, then once after it: one answer to all that came, named after the first message."""
    ann, chat = house.chat()
    settings = {"responder": ECHO, "merge_window_ms": LONG_MS}
    for n, text in enumerate(("a", "b"), 1):
        process = await start_asking(house, **settings)
        house.world.say(chat, ann, text)
        await received(house, n)
        await kill(process)
    assert house.rows("SELECT status, attempts FROM polar_updates") == [("pending", 0)] * 2
    process = await start(house, **settings, clock_offset_seconds=2 * LONG_MS / 1000)
    await house.world.wait(lambda: texts(house, chat) != [], timeout=30)
    await finished(house)
    assert await end(process) == 0
    assert texts(house, chat) == ["echo: a\nb"]
    assert turns(house) == expected(house, LONG_MS)


async def test_killed_at_random_instants_the_turns_are_those_of_the_stored_times(house: House) -> None:
    """Every message is in one turn and every answer arrives; kills fall into windows, answers and sends."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    people = [house.chat(f"P{n}") for n in range(3)]
    settings = {"responder": SLOW_ECHO, "merge_window_ms": WINDOW_MS}
    said = in_window = 0
    for n in range(KILLS):
        process = await start_asking(house, **settings)
        for _ in range(chance.randint(3, 12)):
            person, chat = chance.choice(people)
            house.world.say(chat, person, f"m{said}")
            said += 1
            if chance.random() < 0.5:
                await received(house, said)
        await received(house, said)
        if n:  # the first one at once, certainly within a window
            await asyncio.sleep(chance.uniform(0, LIFE_S))  # the random instant itself
        await until(
            lambda: not house.rows("SELECT 1 FROM polar_delivery_queue WHERE ambiguous > 0 AND status <> 'sent'")
        )
        await kill(process)
        in_window += bool(house.rows("SELECT 1 FROM polar_updates WHERE status = 'pending' AND attempts = 0"))
    assert in_window
    process = await start_asking(house, **settings)
    await finished(house)
    assert await end(process) == 0
    assert house.rows("SELECT status, count(*) FROM polar_updates GROUP BY status") == [("done", said)]
    assert sorted(turns(house)) == sorted(expected(house, WINDOW_MS))
    messages = house.rows("SELECT text FROM polar_messages WHERE role = 'user'")
    assert sorted(messages) == sorted((f"m{n}",) for n in range(said))
    answered = [text for answer in arrivals(house) for text in answer.split("\n")]
    assert sorted(answered) == sorted(text for (text,) in messages)


def expected(house: House, window_ms: int) -> list[str]:
    """The ids of the turns that follow from the journal's times."""
    found = expected_turns(house.rows(RECEIVED), window_ms)
    return [update_turn_id(update_id, sequence) for (_, update_id, sequence, _), *_ in found]


async def test_who_comes_within_the_window_after_a_restart_joins_the_turn(house: House) -> None:
    """By the clock of the journal, over as many restarts as there are; who comes later makes another."""
    clock = TestClock()
    ann, chat = house.chat()
    for n, text in enumerate(("a", "b", "c", "d"), 1):
        async with house.bot(clock, responder=ECHO, merge_window_ms=LONG_MS):
            await awake(house)
            house.world.say(chat, ann, text)
            await received(house, n)
        clock.advance(seconds=0.4)
    assert await answers(house, clock, chat, merge_window_ms=800) == ["echo: a\nb\nc", "echo: d"]
