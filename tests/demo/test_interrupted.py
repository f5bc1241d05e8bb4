"""Ctrl-C ends the demo kindly, at a real terminal, under make as well."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from bot import home

pytestmark = pytest.mark.slow

# A terminal of its own, in which it runs a command; what comes in is typed, what comes out is shown.
TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])) & 0xff)"
CTRL_C = b"\x03"


async def start(*command: str, folder: Path, terminal: bool = True) -> asyncio.subprocess.Process:
    """A command in a terminal, or without one; its temporary files are in the folder."""
    return await asyncio.create_subprocess_exec(
        *((sys.executable, "-c", TERMINAL) if terminal else ()),
        *command,
        cwd=folder,
        env={**home.environment(os.environ), "TMPDIR": str(folder), "TERM": "xterm"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def shown(process: asyncio.subprocess.Process, text: str) -> None:
    """Wait until it is on the screen."""
    assert process.stdout is not None
    screen = b""
    while text.encode() not in screen:
        piece = await process.stdout.read(4096)
        assert piece, screen.decode()
        screen += piece


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    """The exit status, and the last of what was shown, without colours."""
    printed, _ = await process.communicate()
    return process.returncode, re.sub(r"\x1b\[[\d;]*m", "", printed.decode())


def left_behind(folder: Path) -> list[str]:
    """Processes that still work in the folder, and files of the demo."""
    working = []
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if entry.resolve() == folder:
                working.append((entry.parent / "cmdline").read_text())
        except OSError:  # it has ended, or is not ours
            continue
    return working + [path.name for path in folder.glob("polar-demo-*")]


async def test_ctrl_c_in_the_chat_is_the_end_of_make_demo(tmp_path: Path) -> None:
    """Status 0 of make itself, one kind line, nothing of make's; no process and no file stays behind."""
    makefile = tmp_path / "Makefile"
    makefile.write_text(f"demo:\n\t@{' '.join(home.command('bot', 'demo'))}\n", encoding="utf-8")
    async with asyncio.timeout(120):
        process = await start("make", "demo", folder=tmp_path)
        await shown(process, "Ctrl-C ends")
        assert process.stdin is not None
        process.stdin.write(b"half a lin" + CTRL_C)
        status, last = await ended(process)
    assert status == 0
    assert "That was the demo" in last
    for trace in ("Traceback", "make: ***", "Interrupt", "Error"):
        assert trace not in last
    assert left_behind(tmp_path) == []


async def test_ctrl_c_in_the_script_ends_it_with_one_line(tmp_path: Path) -> None:
    """Status 130, as it has not shown what it wanted to; Ctrl-C again and again changes nothing."""
    async with asyncio.timeout(60):
        process = await start(*home.command("bot", "demo"), folder=tmp_path)
        await shown(process, "They chat")
        assert process.stdin is not None
        process.stdin.write(CTRL_C * 3)
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
