"""A bot in a process of its own that lives through days: `python -m tests.campaigns.long_life`, settings as ever.

Each line on standard input is a number of seconds by which its clock goes on; each line that it prints tells of itself.
With 0 seconds it collects its garbage and counts its objects: seldom, as no bot does that by itself.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from dataclasses import dataclass

from bot import logs, settings
from bot.run import Running, running, settle_memory

MOST_UNITS = 2_000
"""Of pruning in a day that lasts seconds; a real one has a unit a minute."""


@dataclass(slots=True)
class ShiftedClock:
    """The machine's, ahead of it."""

    ahead_s: float = 0

    def __call__(self) -> int:
        return round((time.time() + self.ahead_s) * 1000)


async def live() -> None:
    """As `polar run`, until standard input ends. Raises what the bot must end for."""
    clock = ShiftedClock()
    async with running(settings.load(), clock=clock) as bot:
        settle_memory()
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
    while line := await orders.readline():
        clock.ahead_s += float(line)
        bot.app.runner.wake()
        await _prune(bot)
        _tell({"tasks": len(asyncio.all_tasks()), "objects": _count_objects() if float(line) == 0 else 0})


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
