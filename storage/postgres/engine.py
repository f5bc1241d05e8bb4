"""A server's database as the bot's process has it open: the writer, the readers, and what others tell of."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import monotonic

import psycopg

from storage.location import ServerUrl
from storage.lock_waits import when_free
from storage.postgres import opening
from storage.postgres.codes import is_busy, lost, refusing
from storage.postgres.connections import TRY_MS
from storage.postgres.execution import send
from storage.postgres.readers import PostgresAsking, PostgresReaders, ServerLookUps
from storage.postgres.rows import ServerConnection
from storage.postgres.writer import LISTEN, check_guard, run_batch
from storage.statement import Statement, Unit, UnitRows

LOOK_EVERY_S = 1.0
"""How often it counts as written by others whatever they say: who writes by hand tells nobody."""
_ALIVE = Statement("SELECT 1")


class PostgresEngine:
    """An Engine: storage/engine.py says what each of these is for.

    `guard` is asked before whatever is committed, and each second: where it finds no row, the database is lost.
    """

    def __init__(
        self, url: ServerUrl, link: ServerConnection, *, question_s: float, guard: Statement | None = None
    ) -> None:
        self.label = str(url)
        self.readers = PostgresReaders(url)
        self.asking = PostgresAsking(url, limit_s=question_s)
        self._keyed = ServerLookUps(url)
        self.look_up = self._keyed.fetch
        self._link = link
        self._guard = guard
        self._is_proved = False
        """It was seen to be alive just now."""
        self._heard = False
        self._told_at = monotonic()
        link.add_notify_handler(self._hear)
        link.execute(LISTEN)

    @classmethod
    async def open(
        cls, url: ServerUrl, *, now_ms: int, question_s: float, guard: Statement | None = None
    ) -> PostgresEngine:
        """Connect, creating the schema or migrating it as needed.

        A lock that another program holds is waited for. Raises DatabaseUnusable and DatabaseLocked.
        """

        async def prepare() -> ServerConnection:
            return (await asyncio.to_thread(opening.prepare, url, now_ms, lock_ms=TRY_MS))[0]

        engine = cls(url, await when_free(str(url), prepare), question_s=question_s, guard=guard)
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
        answers = run_batch(self._link, units, self._guard)
        self._is_proved = True
        return answers

    def empty_log(self) -> bool:
        """As Writer has it: how long a server keeps its log, and copies of that, is its administrator's to say."""
        return True

    def verify(self) -> None:
        """As Engine has it: the server answers, and the guard holds. What was just committed has shown that."""
        if self._is_proved:
            self._is_proved = False
            return
        try:
            cursor = send(self._link, self._guard or _ALIVE)
        except psycopg.Error as error:
            if not is_busy(error):
                raise lost(error) from error
        else:
            check_guard(cursor)

    def others_wrote(self) -> bool:
        """As Engine has it."""
        now = monotonic()
        if not self._heard and now - self._told_at < LOOK_EVERY_S:
            return False
        self._heard, self._told_at = False, now
        return True

    def _hear(self, _: psycopg.Notify) -> None:
        self._heard = True

    async def close(self) -> None:
        """As Engine has it."""
        await self.asking.close()
        await self._keyed.close()
        await self.readers.close()
        await asyncio.to_thread(self._link.close)
