"""What is put into the bot's own process: errors that no file system and no Telegram can be made to give at will.

Named in POLAR_MIDDLEWARE. One signal lets every read of the database fail from then on, another the next turn;
a third has all tasks written into the log, so that it can be seen where a bot hangs.
"""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from types import FrameType
from typing import Any

from middleware.turn import CallNext, Outcome, Turn
from storage.readers import Readers
from storage.sqlite.group_reader import GroupReader
from tests.campaigns import READ_FAILS, TASKS_SHOWN, TURN_FAILS


class InjectedFault(Exception):
    """A turn fails, as the campaign wants it."""


class Injected:
    """Lets turns through, but for one after each signal."""

    def __init__(self) -> None:
        self._fails = False
        signal.signal(TURN_FAILS, self._fail_turn)
        signal.signal(READ_FAILS, _fail_reads)
        signal.signal(TASKS_SHOWN, _show_tasks)

    def _fail_turn(self, number: int, frame: FrameType | None) -> None:
        self._fails = True

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Raises InjectedFault once."""
        if self._fails:
            self._fails = False
            raise InjectedFault
        return await call_next(turn)


def _fail_reads(number: int, frame: FrameType | None) -> None:
    async def broken(*_: Any) -> Any:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise error

    GroupReader.fetch = broken  # type: ignore[assignment, method-assign]
    Readers.fetch = broken  # type: ignore[assignment, method-assign]


def _show_tasks(number: int, frame: FrameType | None) -> None:
    for task in asyncio.all_tasks():
        task.print_stack(limit=4)


injected = Injected()
