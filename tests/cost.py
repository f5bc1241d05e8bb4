"""What something costs, told without a clock: in steps, or as a bound for what would take minutes."""

from __future__ import annotations

import signal
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from storage.database import Database
from storage.statement import Parameters, Rows
from tests.storage.files import plain

BOUND_S = 20.0
"""Fifty times what the slowest takes; what goes astray takes minutes and hours."""


def steps(work: Callable[[], object]) -> int:
    """How many functions are called by this, Python's and C's."""
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def instructions(work: Callable[[], object]) -> int:
    """How many instructions of Python this takes: calls, and what goes on between them."""
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return note

    before = sys.gettrace()
    sys.settrace(note)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


async def steps_of_sqlite(database: Database, question: Callable[[Database], Awaitable[object]]) -> int:
    """How many steps SQLite takes for all queries of a question."""
    taken = 0

    def note() -> int:
        nonlocal taken
        taken += 1
        return 0

    with plain(Path(database.label)) as connection, pytest.MonkeyPatch.context() as patch:
        connection.row_factory = sqlite3.Row

        async def ask(sql: str, params: Parameters = ()) -> Rows:
            connection.set_progress_handler(note, 1)
            return connection.execute(sql, params).fetchall()

        for name in ("fetch", "look_up"):
            patch.setattr(database, name, ask)
        await question(database)
    return taken


@contextmanager
def bounded() -> Iterator[None]:
    """End what takes the processor longer than BOUND_S, as a search does that went astray; TimeoutError.

    It is the process's own time that counts, so whatever else the machine does has no part in it.
    """

    def end(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"over {BOUND_S:g} s of computing")

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, BOUND_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
