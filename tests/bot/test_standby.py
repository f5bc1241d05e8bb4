"""What a process that stands by tells of itself."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from bot.standby import Standby
from bot.watchdog import ALIVE, READY, ServiceManager
from storage.attendance import Worker


async def test_people_are_told_for_whom_it_waits_and_the_service_manager_that_it_is_well(tmp_path: Path) -> None:
    """It is ready, and gives signs of life, so that it is not started anew again and again."""
    lines: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        standby = Standby(lines.append, ServiceManager(str(tmp_path / "notify"), 60))
        standby(Worker("alpha/7/ab", 1_795_000_000_000))
        standby(None)
        await asyncio.sleep(0)
        told = [manager.recv(64).decode() for _ in range(3)]
    standby.end()
    assert lines[0] == (
        "standing by: alpha/7/ab has been active since 2026-11-18 11:06:40+00:00; "
        "this process takes over when that one ends"
    )
    assert lines[1].startswith("standing by: another program of Polar's")
    assert sorted(told) == sorted([READY, READY, ALIVE])


def test_without_a_service_manager_only_people_are_told() -> None:
    """And there is nothing to end."""
    lines: list[str] = []
    standby = Standby(lines.append, ServiceManager())
    standby(None)
    standby.end()
    assert len(lines) == 1
