"""The order in which units that wait are committed."""

from __future__ import annotations

import asyncio

from storage.statement import Statement, UnitRows
from storage.waiting import MAX_UNITS, WaitingUnit, WaitingUnits


def unit(name: str) -> WaitingUnit:
    """One that nobody waits for."""
    future: asyncio.Future[UnitRows] = asyncio.get_running_loop().create_future()
    return (Statement(name),), future


def put(waiting: WaitingUnits, *names: str, ahead: bool = False) -> None:
    """Let them wait."""
    for name in names:
        waiting.put(unit(name), ahead=ahead)


async def taken(waiting: WaitingUnits) -> list[str]:
    """The names of what is committed next."""
    return [statements[0].sql for statements, _ in await waiting.take()]


async def test_what_is_ahead_goes_first_and_alone() -> None:
    """So that its commit is short."""
    waiting = WaitingUnits()
    put(waiting, "a", "b")
    put(waiting, "first", "second", ahead=True)
    assert await taken(waiting) == ["first", "second"]
    assert await taken(waiting) == ["a", "b"]


async def test_the_others_do_not_wait_for_more_than_one_commit() -> None:
    """However much comes ahead of them."""
    waiting = WaitingUnits()
    put(waiting, "a")
    put(waiting, "first", ahead=True)
    assert await taken(waiting) == ["first"]
    put(waiting, "second", ahead=True)
    assert await taken(waiting) == ["a"]
    assert await taken(waiting) == ["second"]
    put(waiting, "third", ahead=True)
    assert await taken(waiting) == ["third"]


async def test_a_commit_has_a_bound() -> None:
    """The rest waits for the next one, in order."""
    waiting = WaitingUnits()
    names = [str(number) for number in range(MAX_UNITS + 1)]
    put(waiting, *names)
    assert await taken(waiting) + await taken(waiting) == names


async def test_in_the_end_nothing_is_taken_any_more() -> None:
    """What waited until then is; whoever waits for more is told that none comes."""
    waiting = WaitingUnits()
    put(waiting, "a")
    waiting.end()
    assert await taken(waiting) == ["a"]
    assert await taken(waiting) == []
    idle = WaitingUnits()
    asking = asyncio.create_task(idle.take())
    await asyncio.sleep(0)
    idle.end()
    assert await asking == []
