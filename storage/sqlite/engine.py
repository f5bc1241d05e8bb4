"""The file as the bot's process has it open: its lock, the writer, the readers, and whether it is still there."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path

from storage.lock_waits import when_free
from storage.sqlite import connections, lock, opening
from storage.sqlite.failures import translated
from storage.sqlite.file_identity import FileIdentity
from storage.sqlite.group_reader import GroupReader
from storage.sqlite.readers import SqliteAsking, SqliteReaders
from storage.sqlite.writer import data_version, empty_log, run_batch
from storage.statement import Unit, UnitRows

log = logging.getLogger("polar.database")


class SqliteEngine:
    """An Engine: storage/engine.py says what each of these is for."""

    def __init__(
        self, path: Path, writer: sqlite3.Connection, files: FileIdentity, held: int, *, question_s: float
    ) -> None:
        has_index = connections.has_fts5(writer)
        self.label = str(path)
        self.readers = SqliteReaders(path, has_index=has_index)
        self.asking = SqliteAsking(path, has_index=has_index, limit_s=question_s)
        self._keyed = GroupReader(path)
        self.look_up = self._keyed.fetch
        self._writer = writer
        self._files = files
        self._lock = held
        self._version = data_version(writer)

    @classmethod
    async def open(cls, path: Path, *, now_ms: int, question_s: float) -> SqliteEngine:
        """Open the file, creating and migrating it as needed.

        A lock that another program holds is waited for. Raises DatabaseUnusable (the file is then untouched) and
        DatabaseLocked.
        """

        async def check() -> int:
            version = opening.check(path, busy_ms=connections.TRY_MS)
            opening.check_stays(path)
            return version

        async def prepare() -> sqlite3.Connection:
            return opening.prepare(path, now_ms, busy_ms=connections.TRY_MS)[0]

        await when_free(str(path), check)
        held = lock.take(path)
        try:
            opening.tighten(path)
            writer = await when_free(str(path), prepare)
            files = FileIdentity(path)
        except BaseException:
            os.close(held)
            raise
        engine = cls(path, writer, files, held, question_s=question_s)
        try:
            with translated():
                await engine.readers.add_readers()
                await engine.asking.add_readers()
                engine._keyed.open()
        except BaseException:
            await engine.close()
            raise
        return engine

    def run_batch(self, units: Sequence[Unit], /) -> list[UnitRows | Exception]:
        """As Writer has it."""
        return run_batch(self._writer, units)

    def empty_log(self) -> bool:
        """As Writer has it."""
        with translated():
            return empty_log(self._writer)

    def verify(self) -> None:
        """As Engine has it: the file and its log still have their names."""
        self._files.verify()

    def is_held(self) -> bool:
        """As Engine has it: the kernel gives the lock to nobody else."""
        return True

    def abandon(self) -> None:
        """As Engine has it: nothing waits here but for a lock, and that in short tries."""

    def others_wrote(self) -> bool:
        """As Engine has it."""
        before, self._version = self._version, data_version(self._writer)
        return self._version != before

    async def close(self, thread: Executor | None = None) -> None:
        """As Engine has it."""

        async def close_writer() -> None:
            await asyncio.get_running_loop().run_in_executor(thread, self._writer.close)

        # The last to go, if it may write, folds the log in and deletes it by its name. Where another file has that
        # name, a reader goes last, which can do neither.
        order = [self.asking.close, self._keyed.close, self.readers.close]
        order.insert(0 if self._files.has_foreign_log else len(order), close_writer)
        for close in order:
            await close()
        if (aside := self._files.set_log_aside()) is not None:
            log.error("%s holds the last commits of the file that was at %s", aside, self.label)
        os.close(self._lock)
