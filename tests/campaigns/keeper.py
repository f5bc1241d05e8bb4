"""The keeper of the bot's process: starts it, ends it, and notes where it ended as nobody wanted."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.campaigns import TASKS_SHOWN
from tests.house import House, until
from tests.killing import Process, start

STARTS_IN_S, STOPS_IN_S, FAILS_IN_S, POLLS_IN_S = 120.0, 60.0, 25.0, 90.0
"""What a start, a stop that is asked for, the end of a bot whose database is lost, and a poll may take."""
RESERVED = "SELECT total(usd) FROM polar_calls WHERE outcome = 'open'"
LOG_TAIL = 6000


class Unwell(Exception):
    """The bot did not do in time what it must; the message is what and the end of its log."""


class Keeper:
    """At most one process at a time, killed with its context. `offset_s` is the clock of those to come."""

    def __init__(self, house: House, settings: Mapping[str, Any], tell: Callable[[str], None]) -> None:
        self.house = house
        self.settings = settings
        self.tell = tell
        self.offset_s = 0.0
        self.starts = 0
        self.unforeseen: list[str] = []
        self.left_usd = 0.0
        """Reserved when a process ended, which the next one charges."""
        self._process: Process | None = None

    @property
    def log(self) -> Path:
        """What all processes have written."""
        return self.house.folder / "bot.log"

    @property
    def pid(self) -> int:
        """Of the process, which there must be."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_up(self) -> bool:
        """Whether a process runs."""
        return self._process is not None and self._process.returncode is None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self.is_up:
            self._process.kill()
            await self._process.wait()

    async def start(self) -> None:
        """A process that asks for updates. Raises Unwell."""
        assert not self.is_up
        calls = len(self.house.world.calls)
        self.starts += 1
        process = self._process = await start(self.house, clock_offset_seconds=self.offset_s, **self.settings)

        def is_asking() -> bool:
            asked = any(call.method == "getUpdates" for call in self.house.world.calls[calls:])
            return asked or process.returncode is not None

        await self._within(STARTS_IN_S, is_asking, "it does not come up")
        if process.returncode is not None:
            raise self._unwell(f"it ended at its start with status {process.returncode}")

    async def kill(self) -> None:
        """SIGKILL."""
        await self._end(signal.SIGKILL, -signal.SIGKILL)

    async def stop(self) -> None:
        """SIGTERM, and status 0. Raises Unwell."""
        await self._end(signal.SIGTERM, 0)

    async def fall(self) -> bool:
        """Wait for the end of a bot whose database is lost; whether it came, with status 1."""
        assert self._process is not None
        process = self._process
        try:
            await until(lambda: process.returncode is not None, timeout_s=FAILS_IN_S)
        except TimeoutError:
            return False
        self._note_end(1)
        return True

    async def must_fall(self) -> bool:
        """The same of one that can do nothing any more; one that goes on is noted, and killed."""
        if await self.fall():
            return True
        await self._note_hanging("it goes on without a database")
        await self.kill()
        return False

    async def check_alive(self) -> None:
        """Note it, and kill it, where it asks for no updates any more."""
        calls = len(self.house.world.calls)

        def is_asking() -> bool:
            return not self.is_up or any(call.method == "getUpdates" for call in self.house.world.calls[calls:])

        try:
            await until(is_asking, timeout_s=POLLS_IN_S)
        except TimeoutError:
            await self._note_hanging("it runs, and does nothing")
            await self.kill()

    def signal(self, number: int) -> None:
        """Send a signal."""
        assert self._process is not None
        if self.is_up:
            self._process.send_signal(number)

    async def mend(self) -> None:
        """Start it again where it has ended, which nobody wanted unless that was noted before."""
        if self._process is not None and not self.is_up:
            self._note_end(None)
        if not self.is_up:
            await self.start()

    async def _end(self, number: int, status: int) -> None:
        assert self._process is not None
        process = self._process
        if not self.is_up:
            return
        process.send_signal(number)
        await self._within(STOPS_IN_S, lambda: process.returncode is not None, "it does not stop")
        self._note_end(status)

    def _note_end(self, expected: int | None) -> None:
        """Note what is left reserved, and the end itself where it is another one than expected."""
        assert self._process is not None
        process, self._process = self._process, None
        self.left_usd += self.house.rows(RESERVED)[0][0]
        if process.returncode != expected:
            self._note(f"it ended with status {process.returncode}, not {expected}")

    async def _note_hanging(self, what: str) -> None:
        """With all its tasks, as the log has them then."""
        self.signal(TASKS_SHOWN)
        await asyncio.sleep(1)
        self._note(what)

    def _note(self, what: str) -> None:
        self.unforeseen.append(f"{what}: {self._tail()}")
        self.tell(f"! {self.unforeseen[-1]}")

    async def _within(self, seconds: float, condition: Callable[[], bool], otherwise: str) -> None:
        try:
            await until(condition, timeout_s=seconds)
        except TimeoutError:
            raise self._unwell(otherwise) from None

    def _unwell(self, what: str) -> Unwell:
        return Unwell(f"{what}: {self._tail()}")

    def _tail(self) -> str:
        return self.log.read_text(errors="replace")[-LOG_TAIL:]
