"""Ctrl-C, or a signal, within the script ends the demo kindly; that after it, tests/demo/test_demo.py has."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from bot import home
from tests.demo.terminal import CTRL_C, ended, left_behind, shown, start, type_in

pytestmark = pytest.mark.slow


async def test_ctrl_c_in_the_script_ends_it_with_one_line(tmp_path: Path) -> None:
    """Status 130, as it has not shown what it wanted to; Ctrl-C again and again changes nothing."""
    async with asyncio.timeout(60):
        process = await start(*home.command("bot", "demo"), folder=tmp_path)
        await shown(process, "They chat")
        await type_in(process, CTRL_C * 3)
        status, last = await ended(process)
    assert status == 130
    assert "Stopped before the end" in last
    assert "Traceback" not in last
    assert left_behind(tmp_path) == []


async def test_a_signal_from_elsewhere_ends_the_processes_of_the_demo_too(tmp_path: Path) -> None:
    """They do not hear of it by themselves."""
    async with asyncio.timeout(60):
        process = await start(*home.command("bot", "demo"), folder=tmp_path, terminal=False)
        await shown(process, "They chat")
        process.send_signal(signal.SIGTERM)
        status, last = await ended(process)
    assert status == 130
    assert "Stopped before the end" in last
    assert "Traceback" not in last
    assert left_behind(tmp_path) == []
