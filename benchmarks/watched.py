"""The bot, and somebody who looks at it and prints in the end what was seen: `python -m benchmarks.watched stalls`.

`stalls` of the event loop, or a `profile`. The bot's settings come from the environment, and it is looked at from when
it is ready.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from benchmarks.sampling import Sampler
from bot import logs, settings
from bot.run import running, settle_process

TICK_S = 0.001


class Stalls:
    """Notes the longest time for which the event loop did not come round, and was itself at work within one round."""

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self.busiest_ms = 0.0
        """Other programs of the machine have no part in this one."""

    async def watch(self) -> None:
        """Forever."""
        before, worked = time.perf_counter(), time.thread_time()
        while True:
            await asyncio.sleep(TICK_S)
            now, now_worked = time.perf_counter(), time.thread_time()
            self.longest_ms = max(self.longest_ms, (now - before - TICK_S) * 1000)
            self.busiest_ms = max(self.busiest_ms, (now_worked - worked) * 1000)
            before, worked = now, now_worked


@contextmanager
def _profiled() -> Iterator[None]:
    sampler = Sampler()
    with sampler:
        yield
    _print("profile", asdict(sampler.result(1)))


@contextmanager
def _stalls() -> Iterator[None]:
    stalls = Stalls()
    watching = asyncio.get_running_loop().create_task(stalls.watch())
    yield
    watching.cancel()
    _print("stalls", {"longest_ms": stalls.longest_ms, "busiest_ms": stalls.busiest_ms})


def _print(name: str, value: object) -> None:
    print(json.dumps([name, value]), flush=True)


async def main(what: str) -> None:
    """Run until asked to stop."""
    loaded = settings.load()
    logs.set_up(loaded.log_format)
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    async with running(loaded) as bot:
        settle_process()
        with _profiled() if what == "profile" else _stalls():
            waiting = asyncio.create_task(asked.wait())
            await asyncio.wait((waiting, bot.finished), return_when=asyncio.FIRST_COMPLETED)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
