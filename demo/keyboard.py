"""What somebody types."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator


async def lines() -> AsyncIterator[str]:
    """Each line that is typed, until the end of input. No thread waits for one, which would outlive a Ctrl-C."""
    typed: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin, lambda: typed.put_nowait(sys.stdin.readline()))
    try:
        while line := await typed.get():
            if line.strip():
                yield line.strip()
    finally:
        loop.remove_reader(sys.stdin)
