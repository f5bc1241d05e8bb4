"""A bot in a process of its own that lives through days: `python -m tests.campaigns.long_life`, settings as ever.

Each line on standard input is an order, each line that it prints tells of itself. "seconds": its clock goes on.
"is_counted": it collects its garbage and counts its objects: seldom, as no bot does that by itself.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Set
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

from bot import logs, settings
from bot.run import Running, running, settle_process

MOST_UNITS = 2_000
"""Of pruning in a day that lasts seconds; a real one has a unit a minute."""


@dataclass(slots=True)
class ShiftedClock:
    """The machine's, ahead of it."""

    ahead_s: float = 0

    def __call__(self) -> int:
        return round((time.time() + self.ahead_s) * 1000)


class Rests:
    """The tasks that were there at one look, and still are at the next, with a rest between.

    What has just been begun, and what is just ending, is there by chance: the busier the machine, the more of it.
    """

    def __init__(self) -> None:
        self._seen: WeakSet[asyncio.Task[Any]] = WeakSet()

    def outlived(self, tasks: Set[asyncio.Task[Any]]) -> int:
        """How many of these tasks were there the time before."""
        count = sum(task in self._seen for task in tasks)
        self._seen = WeakSet(tasks)
        return count


async def live() -> None:
    """As `polar run`, until standard input ends. Raises what the bot must end for."""
    clock = ShiftedClock()
    async with running(settings.load(), clock=clock) as bot:
        settle_process()
        _tell({"ready": True})
        ordering = asyncio.create_task(_obey(bot, clock))
        finished = asyncio.ensure_future(bot.finished)
        done, _ = await asyncio.wait({ordering, finished}, return_when=asyncio.FIRST_COMPLETED)
        finished.cancel()
        ordering.cancel()
        if ordering not in done:
            await bot.finished
        ordering.result()


async def _obey(bot: Running, clock: ShiftedClock) -> None:
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    rests = Rests()
    while line := await orders.readline():
        order = json.loads(line)
        told = {"tasks": rests.outlived(asyncio.all_tasks()), "objects": 0}
        if order["seconds"]:
            clock.ahead_s += order["seconds"]
            bot.app.runner.wake()
            await _prune(bot)
        if order["is_counted"]:
            told["objects"] = _count_objects()
        _tell(told)


async def _prune(bot: Running) -> None:
    """The units that the minutes of a day would do."""
    for _ in range(MOST_UNITS):
        if not await bot.app.pruner.unit():
            return


def _count_objects() -> int:
    """What is held, without what only waits to be collected."""
    gc.collect()
    return len(gc.get_objects())


def _tell(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    logs.set_up("console")
    asyncio.run(live())
