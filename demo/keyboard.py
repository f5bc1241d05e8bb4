"""Lines that somebody types."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

_CHARACTERS = 6
"""Where `termios.tcgetattr` has the special characters."""


@asynccontextmanager
async def typing() -> AsyncGenerator[AsyncIterator[str], None]:
    """Each line that is typed, until Ctrl-C or the end of input. No thread waits for one, which would outlive that."""
    pieces: asyncio.Queue[bytes] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    keyboard = sys.stdin.fileno()
    with _interrupt_typed(keyboard) as interrupt:
        loop.add_reader(keyboard, lambda: pieces.put_nowait(_read(keyboard)))
        try:
            yield _lines(pieces, interrupt)
        finally:
            loop.remove_reader(keyboard)


async def _lines(pieces: asyncio.Queue[bytes], interrupt: bytes | None) -> AsyncIterator[str]:
    typed = b""
    while piece := await pieces.get():
        *whole, typed = (typed + piece).split(b"\n")
        for line in whole:
            if text := line.decode(errors="replace").strip():
                yield text
        if interrupt is not None and interrupt in typed:
            return


def _read(keyboard: int) -> bytes:
    try:
        return os.read(keyboard, 4096)
    except OSError:  # the terminal is gone
        return b""


@contextmanager
def _interrupt_typed(keyboard: int) -> Iterator[bytes | None]:
    """Have Ctrl-C end a line in place of sending a signal; gives what it then is, None where there is no terminal.

    The signal would reach `make` as well, which dies of it even where what it runs ends well.
    """
    if not os.isatty(keyboard):
        yield None
        return
    before = termios.tcgetattr(keyboard)
    interrupt = before[_CHARACTERS][termios.VINTR]
    changed = [*before[:_CHARACTERS], [*before[_CHARACTERS]]]
    changed[_CHARACTERS][termios.VEOL] = interrupt
    changed[_CHARACTERS][termios.VINTR] = bytes([os.fpathconf(keyboard, "PC_VDISABLE")])
    termios.tcsetattr(keyboard, termios.TCSADRAIN, changed)
    try:
        yield interrupt
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
