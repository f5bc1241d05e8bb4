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
from storage.errors import StorageError
from storage.sqlite import group_reader
from storage.sqlite.failures import failure_of_reader
from storage.sqlite.group_reader import Queries
from storage.sqlite.readers import SqliteAsking, SqliteReaders
from storage.statement import Rows
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
    def failure() -> StorageError:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        return failure_of_reader(error)

    async def broken(*_: Any) -> Any:
        raise failure()

    def broken_group(connection: sqlite3.Connection, queries: Queries) -> list[Rows | Exception]:
        return [failure() for _ in queries]

    group_reader.read_group = broken_group
    SqliteReaders.fetch = broken  # type: ignore[assignment, method-assign]
    SqliteAsking.fetch = broken  # type: ignore[assignment, method-assign]


def _show_tasks(number: int, frame: FrameType | None) -> None:
    for task in asyncio.all_tasks():
        task.print_stack(limit=4)


injected = Injected()
