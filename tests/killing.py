"""Bot processes that are started, killed and ended, and what they must leave behind."""

from __future__ import annotations

import os
import signal
from collections import Counter
from typing import Any, Protocol

from tests.forks import loaded
from tests.house import House, until
from tests.looking import MARK


class Process(Protocol):
    """One that was started."""

    @property
    def pid(self) -> int:
        """Its id."""

    @property
    def returncode(self) -> int | None:
        """Its status; None while it runs."""

    async def wait(self) -> int:
        """Its status, once it has ended."""

    def send_signal(self, number: int, /) -> None:
        """Nothing where it has ended."""

    def kill(self) -> None:
        """SIGKILL."""


async def start(house: House, **settings: Any) -> Process:
    """A bot process, its log in a file."""
    return loaded().fork(house.environment(**settings), house.folder / "bot.log")


async def start_asking(house: House, **settings: Any) -> Process:
    """A bot process that has asked for updates."""
    calls = len(house.world.calls)
    process = await start(house, **settings)
    await asks(house, calls)
    return process


async def asks(house: House, calls: int) -> None:
    """Wait until updates are asked for, behind so many calls."""
    await house.world.wait(lambda: any(call.method == "getUpdates" for call in house.world.calls[calls:]))


async def kill(process: Process) -> None:
    """SIGKILL to a process that this test started."""
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()


async def end(process: Process) -> int:
    """Ask a process to end; its status."""
    process.send_signal(signal.SIGTERM)
    return await process.wait()


async def finished(house: House) -> None:
    """Wait until the database holds nothing that waits."""
    open_rows = (
        "SELECT (SELECT count(*) FROM polar_updates WHERE status = 'pending') + "
        "(SELECT count(*) FROM polar_delivery_queue WHERE status IN ('pending', 'sending'))"
    )
    await until(lambda: house.rows(open_rows) == [(0,)], timeout_s=120)


def arrivals(house: House, *, only_marked: bool = False) -> Counter[str]:
    """How often each reply arrived, by what it echoes."""
    texts = [message["text"] for message in house.world.sent()]
    return Counter(t.split("echo: ")[-1] for t in texts if not only_marked or t.startswith(MARK))
