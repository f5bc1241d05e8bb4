"""What a bot finds pending at its start, and what it makes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bot.receiving.merging import Piece, first_group
from emulator import Chat
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import awake, idle, texts
from tests.responders import ECHO

LONG_MS = 60_000
"""So long that it does not end while a test runs, nor by what it lets its clock advance."""

RECEIVED = "SELECT lane, updateId, sequence, receivedAtMs FROM polar_updates ORDER BY sequence"
Received = tuple[str, int, int, int]


async def journalled(house: House, clock: TestClock, *acts: Callable[[], object] | float) -> None:
    """Let a bot receive what people do, at these instants (numbers are seconds in between), and handle nothing of it.

    It is stopped before the window is over, so that whoever starts next finds it all pending.
    """
    async with house.bot(clock, responder=ECHO, merge_window_ms=LONG_MS):
        await awake(house)
        for act in acts:
            if isinstance(act, int | float):
                clock.advance(seconds=act)
                continue
            before = house.rows("SELECT count(*) FROM polar_updates")[0][0]
            act()
            await until(lambda: house.rows("SELECT count(*) FROM polar_updates")[0][0] > before)  # noqa: B023
    assert house.rows("SELECT count(*) FROM polar_updates WHERE status <> 'pending' AND kind = 'message'") == [(0,)]


async def answers(house: House, clock: TestClock, chat: Chat, **settings: Any) -> list[str]:
    """What the next bot makes of what is pending, once every window is over."""
    clock.advance(seconds=100)
    async with house.bot(clock, **{"responder": ECHO, "merge_window_ms": 800, **settings}):
        await idle(house)
    return texts(house, chat)


def expected_turns(rows: Sequence[Received], window_ms: int) -> list[list[Received]]:
    """The rows of each turn that follows from the journal's times, where one person writes in each lane."""
    found = []
    for lane in dict.fromkeys(lane for lane, *_ in rows):
        rest = [row for row in rows if row[0] == lane]
        while rest:
            length = first_group([Piece("", (None, None), None, at) for *_, at in rest], window_ms).length
            found.append(rest[:length])
            rest = rest[length:]
    return found


def turns(house: House) -> list[str]:
    """The turns that were answered or recorded, by id."""
    return [turn for (turn,) in house.rows("SELECT turnId FROM polar_audit ORDER BY sequence")]
