"""A command at a terminal of its own: what is typed, what is shown, and what it leaves behind."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

from bot import home

# It runs a command in a terminal; what comes in is typed, what comes out is shown.
TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])) & 0xff)"
CTRL_C = b"\x03"


async def start(*command: str, folder: Path, terminal: bool = True, **variables: str) -> asyncio.subprocess.Process:
    """A command in a terminal, or without one; its temporary files are in the folder."""
    return await asyncio.create_subprocess_exec(
        *((sys.executable, "-c", TERMINAL) if terminal else ()),
        *command,
        cwd=folder,
        env={**home.environment(os.environ), "TMPDIR": str(folder), "TERM": "xterm", **variables},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def shown(process: asyncio.subprocess.Process, text: str) -> str:
    """Wait until it is on the screen; what was shown until then, without colours."""
    assert process.stdout is not None
    screen = b""
    while text.encode() not in screen:
        piece = await process.stdout.read(4096)
        assert piece, screen.decode()
        screen += piece
    return plain(screen)


async def type_in(process: asyncio.subprocess.Process, keys: bytes) -> None:
    """Press these keys."""
    assert process.stdin is not None
    process.stdin.write(keys)
    await process.stdin.drain()


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    """The exit status, and the last of what was shown, without colours."""
    printed, _ = await process.communicate()
    return process.returncode, plain(printed)


def plain(screen: bytes) -> str:
    """What was shown, without colours; a character of which only a part was shown yet is none."""
    return re.sub(r"\x1b\[[\d;]*m", "", screen.decode(errors="ignore"))


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
