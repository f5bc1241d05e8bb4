"""A server's database as the bot's process has it open: the writer, the readers, and what others tell of."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial
from time import monotonic

import psycopg

from storage.attendance import StandBy
from storage.errors import DatabaseLost
from storage.location import ServerUrl
from storage.lock_waits import when_free
from storage.postgres import connections, opening
from storage.postgres.codes import is_busy, lost, refusing
from storage.postgres.connections import TRY_MS
from storage.postgres.execution import send
from storage.postgres.fence import Fence
from storage.postgres.lease import ACTIVE
from storage.postgres.readers import PostgresAsking, PostgresReaders, ServerLookUps
from storage.postgres.rows import ServerConnection
from storage.postgres.writer import LISTEN, check_guard, run_batch
from storage.statement import Unit, UnitRows

LOOK_EVERY_S = 1.0
"""How often it counts as written by others whatever they say: who writes by hand tells nobody."""


class PostgresEngine:
    """An Engine: storage/engine.py says what each of these is for.

    The fence's guard is asked before whatever is committed, and each second: where it finds no row, the database is
    lost.
    """

    def __init__(self, url: ServerUrl, link: ServerConnection, held: Fence, *, question_s: float) -> None:
        self.label = str(url)
        self.readers = PostgresReaders(url)
        self.asking = PostgresAsking(url, limit_s=question_s)
        self._keyed = ServerLookUps(url)
        self.look_up = self._keyed.fetch
        self._link = link
        self._fence = held
        self._is_proved = False
        """It was seen to be alive just now."""
        self._heard = False
        self._told_at = monotonic()
        link.add_notify_handler(self._hear)
        link.execute(LISTEN)
        readers = (self.readers, self.asking, self._keyed)
        held.on_loss.extend([partial(connections.sever, link), *(each.sever for each in readers)])

    @classmethod
    async def open(
        cls, url: ServerUrl, *, now_ms: int, question_s: float, stand_by: StandBy | None = None
    ) -> PostgresEngine:
        """Connect and take the lease, then create the schema or migrate it as needed.

        Another process that has the lease is waited for as storage/postgres/fence.py has it, a lock that another
        program holds without limit. Raises DatabaseUnusable and DatabaseLocked.
        """
        began_s = monotonic()

        async def prepare() -> ServerConnection:
            later_ms = now_ms + round((monotonic() - began_s) * 1000)
            name = f"{ACTIVE}{held.worker_id}"
            return await asyncio.to_thread(opening.prepare_fenced, url, later_ms, name, lock_ms=TRY_MS)

        with refusing(url):
            await asyncio.to_thread(opening.check, url)
            held = await Fence.take(url, stand_by)
        try:
            link = await when_free(str(url), prepare, ended=lambda: held.failure)
        except BaseException:
            await held.close()
            raise
        return await cls._opened(cls(url, link, held, question_s=question_s), url)

    @staticmethod
    async def _opened(engine: PostgresEngine, url: ServerUrl) -> PostgresEngine:
        try:
            with refusing(url):
                await engine._keyed.open()
                await engine.readers.add_readers()
                await engine.asking.add_readers()
        except BaseException:
            await engine.close()
            raise
        return engine

    def run_batch(self, units: Sequence[Unit], /) -> list[UnitRows | Exception]:
        """As Writer has it."""
        try:
            answers = run_batch(self._link, units, self._fence.guard)
        except DatabaseLost as error:
            raise self._fence.failure or error from error
        self._is_proved = True
        return answers

    def empty_log(self) -> bool:
        """As Writer has it: how long a server keeps its log, and copies of that, is its administrator's to say."""
        return True

    def verify(self) -> None:
        """As Engine has it: the server answers, and the guard holds. What was just committed has shown that."""
        if self._fence.failure is not None:
            raise self._fence.failure
        if self._is_proved:
            self._is_proved = False
            return
        try:
            cursor = send(self._link, self._fence.guard)
        except psycopg.Error as error:
            if not is_busy(error):
                raise lost(error) from error
        else:
            check_guard(cursor)

    def is_held(self) -> bool:
        """As Engine has it."""
        return self._fence.is_held

    def abandon(self) -> None:
        """As Engine has it: such as a commit that waits for a replica which is away."""
        self._fence.abandon()

    def others_wrote(self) -> bool:
        """As Engine has it."""
        now = monotonic()
        if not self._heard and now - self._told_at < LOOK_EVERY_S:
            return False
        self._heard, self._told_at = False, now
        return True

    def _hear(self, _: psycopg.Notify) -> None:
        self._heard = True

    async def close(self, thread: Executor | None = None) -> None:
        """As Engine has it."""
        await self.asking.close()
        await self._keyed.close()
        await self.readers.close()
        await asyncio.get_running_loop().run_in_executor(thread, self._link.close)
        await self._fence.close()
