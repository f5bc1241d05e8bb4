"""How far it is, on one line of a terminal, of what takes over a second; elsewhere nothing."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from bot.clock import stopwatch
from storage.steps import OnStep

AFTER_S, EVERY_S = 1.0, 0.25
CLEAR = "\r\x1b[K"


def line(what: str, seconds: float, share: float | None) -> str:
    """What a terminal shows; `share` is None where nobody knows how much there is to do."""
    return f"{what}: {seconds:.0f} s" if share is None else f"{what}: {share:.0%}, {seconds:.0f} s"


@contextmanager
def telling(
    what: str, *, to: TextIO | None = None, after_s: float = AFTER_S, every_s: float = EVERY_S
) -> Iterator[OnStep]:
    """Show it as long as this is open; gives what is called with how much is done and there is, where that is known.

    By a thread of its own, so that SQLite may be at work for as long as it likes.
    """
    terminal = to or sys.stderr
    shares: list[float] = []

    def note(done: int, of: int) -> None:
        shares[:] = [done / of if of else 1.0]

    if not terminal.isatty():
        yield note
        return
    ended, began = threading.Event(), stopwatch()

    def show() -> None:
        pause_s = after_s
        while not ended.wait(pause_s):
            pause_s = every_s
            terminal.write(CLEAR + line(what, stopwatch() - began, shares[0] if shares else None))
            terminal.flush()
        terminal.write(CLEAR)
        terminal.flush()

    thread = threading.Thread(target=show, name="polar-progress", daemon=True)
    thread.start()
    try:
        yield note
    finally:
        ended.set()
        thread.join()
