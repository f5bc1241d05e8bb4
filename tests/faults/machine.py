"""Responders that break the machine under their own process, on a word; and processes that are started to be broken."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from middleware.turn import Turn
from storage.errors import StatementFailed
from storage.tables.updates import Updates
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

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def until(self, words: str) -> str:
        """Read on until a line holds these words."""
        assert self.process.stderr is not None
        async with asyncio.timeout(60):
            while line := (await self.process.stderr.readline()).decode():
                self.lines.append(line)
                if words in line:
                    return line
        raise AssertionError(f"it ended before it said {words!r}: {self.lines}")

    async def end(self) -> int:
        """Wait for its end, which is its own doing; its status."""
        async with asyncio.timeout(60):
            _, rest = await self.process.communicate()
        self.lines += rest.decode().splitlines(keepends=True)
        assert self.process.returncode is not None
        return self.process.returncode


@asynccontextmanager
async def started(house: House, *wrapper: str, **settings: Any) -> AsyncIterator[Process]:
    """A bot's process that is ready, killed at the end if it still runs.

    `wrapper` is a command that runs it; what begins with an underscore is set in its environment as it is.
    """
    as_they_are = {name[1:]: settings.pop(name) for name in list(settings) if name.startswith("_")}
    process = await asyncio.create_subprocess_exec(
        *wrapper,
        *house.command("run"),
        cwd=CHECKOUT,
        env=house.environment(**settings) | as_they_are,
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    run = Process(process)
    try:
        await run.until("ready")
        yield run
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
