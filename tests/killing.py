"""Bot processes that are started, killed and ended, and what they must leave behind."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from typing import Any

from tests.house import CHECKOUT, House, until
from tests.looking import MARK

Process = asyncio.subprocess.Process


async def start(house: House, **settings: Any) -> Process:
    """A bot process, its log in a file."""
    with (house.folder / "bot.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *house.command("run"), cwd=CHECKOUT, env=house.environment(**settings), stderr=log, stdout=log
        )


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
