"""What a machine, a network and other programs do to a bot, each for a moment of its own."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import signal
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path

from emulator import Server
from emulator.model import Answer, Model
from tests.campaigns import READ_FAILS, TURN_FAILS
from tests.campaigns.keeper import Keeper
from tests.house import House, until

MINUTE_S = 60
METHODS = ("sendMessage", "sendMessage", "answerCallbackQuery", "editMessageText", "getUpdates", "*")
ANSWERS = ("429", "500", "502-html", "cut", "cut_after", "hang", "hang_after", "slow", "garbage")
DOUBTED = "SELECT 1 FROM polar_delivery_queue WHERE ambiguous > 0 AND status IN ('pending', 'sending') LIMIT 1"
FILLER = "filler"
MIB = 2**20

Trouble = Callable[[], Awaitable[str]]
"""Makes it, and ends it; says what it was."""


class Troubles:
    """All kinds, by name. After one the bot may be down."""

    def __init__(
        self, keeper: Keeper, server: Server, model: Model, chance: random.Random, *, has_own_disk: bool
    ) -> None:
        self._keeper, self._server, self._model, self._chance = keeper, server, model, chance
        self._has_own_disk = has_own_disk
        self.kinds: Mapping[str, Trouble] = {
            "kills": self._kill,
            "stops": self._stop,
            "freezes": self._freeze,
            "locks": self._lock,
            "full-disk": self._fill,
            "read-errors": self._fail_reads,
            "failing-turns": self._fail_turn,
            "clock-steps": self._step_clock,
            "refusals": self._refuse,
            "bad-answers": self._answer_badly,
            "model-failures": self._fail_model,
        }

    @property
    def _house(self) -> House:
        return self._keeper.house

    async def _kill(self) -> str:
        # A send that is cut a second time is failed, as nobody can know any more: then nothing could be compared.
        with suppress(TimeoutError):
            await until(lambda: not self._house.rows(DOUBTED), timeout_s=20)
        await self._keeper.kill()
        return "kill -9"

    async def _stop(self) -> str:
        await self._keeper.stop()
        return "SIGTERM"

    async def _freeze(self) -> str:
        seconds = self._chance.uniform(0.1, 4)
        self._keeper.signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._keeper.signal(signal.SIGCONT)
        return f"SIGSTOP for {seconds:.1f} s"

    async def _lock(self) -> str:
        seconds = self._chance.choice((0.2, 1.0, 3.0, 7.0))
        await asyncio.to_thread(_hold, self._house.path, seconds)
        return f"another program had the lock for {seconds} s"

    async def _fill(self) -> str:
        if self._has_own_disk:
            filler = self._house.folder / FILLER
            _fill_disk(filler)
            ended = await self._keeper.fall()
            filler.unlink()
            how = "the disk was full"
            if not ended:  # it had room in files of its own
                await self._keeper.check_alive()
        else:
            pid = self._keeper.pid
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            ended = await self._keeper.must_fall()
            how = "no file could grow"
        return f"{how}, and the bot {'ended' if ended else 'did not end'}"

    async def _fail_reads(self) -> str:
        self._keeper.signal(READ_FAILS)
        await self._keeper.must_fall()
        return "every read failed"

    async def _fail_turn(self) -> str:
        self._keeper.signal(TURN_FAILS)
        return "a turn fails once"

    async def _step_clock(self) -> str:
        step_s = self._chance.choice((-120, -30, -5, 3, 30, 150, 300)) * MINUTE_S
        await (self._keeper.kill() if self._chance.random() < 0.5 else self._keeper.stop())
        self._keeper.offset_s += step_s
        return f"the clock steps by {step_s / MINUTE_S:+.0f} minutes while the bot is down"

    async def _refuse(self) -> str:
        seconds = self._chance.uniform(0.2, 4)
        await self._server.stop_listening()
        await asyncio.sleep(seconds)
        await self._server.listen_again()
        return f"connections refused for {seconds:.1f} s, open ones cut"

    async def _answer_badly(self) -> str:
        method, kind = self._chance.choice(METHODS), self._chance.choice(ANSWERS)
        times, seconds = self._chance.randint(1, 4), round(self._chance.uniform(0.1, 3), 1)
        self._house.world.fault(method, kind, times=times, retry_after=1, seconds=seconds)
        return f"{method} meets {kind}, {times} times ({seconds} s)"

    async def _fail_model(self) -> str:
        kinds = (Answer(status=500), Answer(status=429, retry_after="1"), Answer(text="torn off", cut_after=1))
        answer = self._chance.choice((*kinds, Answer(cut_after=-1)))
        self._model.order(*[answer] * self._chance.randint(1, 6))
        return f"the model fails: status {answer.status}, cut after {answer.cut_after}"


def _hold(path: Path, seconds: float) -> None:
    """Hold the write lock, as a backup or a curious operator does."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        connection.execute("ROLLBACK")


def _fill_disk(filler: Path) -> None:
    """Write until nothing more has room."""
    with filler.open("wb", buffering=0) as file:
        for size in (MIB, 4096, 1):
            with suppress(OSError):
                while True:
                    file.write(os.urandom(size))
