"""Responders that break the machine under their own process, on a word; and processes that are started to be broken."""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from middleware.turn import Turn
from storage.errors import StatementFailed
from storage.tables.updates import Updates
from tests.forks import Fork, loaded
from tests.house import CHECKOUT, House
from tests.responders import Hanging

BREAKING = "tests.faults.machine:Breaking"


class Breaking(Hanging):
    """Breaks what its text names: "reading" the journal, or the "disk", at once or "later"."""

    async def respond(self, turn: Turn) -> str:
        """As Hanging, once that is broken."""
        if turn.text == "reading":
            Updates.list_pending = _fail  # type: ignore[method-assign]
        if turn.text == "disk later":
            await asyncio.sleep(1)
        if turn.text.startswith("disk"):
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        return await super().respond(turn)


async def _fail(*_: Any, **__: Any) -> Any:
    try:
        raise sqlite3.OperationalError("disk I/O error")
    except sqlite3.Error as error:
        raise StatementFailed(str(error)) from error


class Process:
    """A `polar run` and what it has printed on standard error."""

    def __init__(self, process: asyncio.subprocess.Process | Fork, printed: asyncio.StreamReader) -> None:
        self.process = process
        self._printed = printed
        self.lines: list[str] = []

    async def until(self, words: str) -> str:
        """Read on until a line holds these words."""
        async with asyncio.timeout(60):
            while line := (await self._printed.readline()).decode():
                self.lines.append(line)
                if words in line:
                    return line
        raise AssertionError(f"it ended before it said {words!r}: {self.lines}")

    async def end(self) -> int:
        """Wait for its end, which is its own doing; its status."""
        async with asyncio.timeout(60):
            self.lines += (await self._printed.read()).decode().splitlines(keepends=True)
            return await self.process.wait()


@asynccontextmanager
async def started(house: House, *wrapper: str, **settings: Any) -> AsyncIterator[Process]:
    """A bot's process that is ready, killed at the end if it still runs.

    `wrapper` is a command that runs it; what begins with an underscore is set in its environment as it is.
    """
    process = await asyncio.create_subprocess_exec(
        *wrapper,
        *house.command("run"),
        cwd=CHECKOUT,
        env=_environment(house, settings),
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert process.stderr is not None
    async with _ready(Process(process, process.stderr)) as run:
        yield run


@asynccontextmanager
async def forked(house: House, **settings: Any) -> AsyncIterator[Process]:
    """The same, where it does not matter how a process begins.

    It prints into a pipe, as no file takes anything where the disk is full. We have an end of it that can be written
    too, until it has one of its own: else what is read would be over before it begins.
    """
    ours, its = os.pipe()
    printed = asyncio.StreamReader()
    reading = asyncio.StreamReaderProtocol(printed)
    await asyncio.get_running_loop().connect_read_pipe(lambda: reading, os.fdopen(ours, "rb", buffering=0))
    run = Process(loaded().fork(_environment(house, settings), Path(f"/proc/{os.getpid()}/fd/{its}")), printed)
    async with _ready(run):
        os.close(its)
        yield run


@asynccontextmanager
async def _ready(run: Process) -> AsyncIterator[Process]:
    try:
        await run.until("ready")
        yield run
    finally:
        if run.process.returncode is None:
            run.process.kill()
            await run.end()


def _environment(house: House, settings: dict[str, Any]) -> dict[str, str]:
    as_they_are = {name[1:]: settings.pop(name) for name in list(settings) if name.startswith("_")}
    return house.environment(**settings) | as_they_are
