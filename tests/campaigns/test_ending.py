"""A program that is run for long is asked to end, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import CHECKOUT, until

pytestmark = pytest.mark.slow


def started_by(pid: int) -> list[int]:
    """The processes that a process has started and that are still there, and those that these have started."""
    try:
        told = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return []
    children = [int(child) for child in told.split()]
    return [*children, *(each for child in children for each in started_by(child))]


def runs(pid: int) -> bool:
    """True if there is such a process, one that only waits to be asked for its end aside."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(("program", "count"), [("faults", 1), ("soak", 1), ("abuse", 1), ("abuse", 2), ("fuzz", 2)])
async def test_what_it_has_started_ends_with_it(program: str, count: int, number: signal.Signals) -> None:
    """By a signal of a service manager, as by Ctrl-C: its bot, and the bot's dashboard, however far they have come."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"tests.campaigns.{program}"),
        cwd=CHECKOUT,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    await until(lambda: len(started_by(process.pid)) >= count)
    started = started_by(process.pid)
    os.kill(process.pid, number)
    assert await process.wait() != 0
    await until(lambda: not any(map(runs, started)))


WAITING = """
import asyncio, signal
from tests.campaigns import end_as_by_ctrl_c

async def main():
    signal.raise_signal(signal.SIGTERM)
    print("goes on until it waits")
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        print("is cancelled there")
        raise

end_as_by_ctrl_c()
asyncio.run(main())
"""


def test_it_is_asked_to_end_only_where_it_waits() -> None:
    """Never between two steps of what must be whole, such as the start of a process."""
    ended = subprocess.run(
        [sys.executable, "-c", WAITING], cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.stdout.splitlines() == ["goes on until it waits", "is cancelled there"]
    assert ended.returncode != 0
