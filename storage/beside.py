"""The database beside a bot that may run on it: the command line reads it, and writes what the bot acts on."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Coroutine, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from storage import memory_index, migrations
from storage.errors import DatabaseBusy, DatabaseUnusable
from storage.readers import Readers
from storage.sqlite import opening
from storage.sqlite.writer import empty_log, rehearse, run_batch
from storage.statement import Statement, UnitRows

Answer = TypeVar("Answer")


class Beside(Readers):
    """The reads of the bot's own stores, asked without a loop; the statements of the same stores, committed at once."""

    def __init__(self, path: Path, writer: sqlite3.Connection, runner: asyncio.Runner) -> None:
        super().__init__(path, has_index=memory_index.available(writer))
        self._writer = writer
        self._runner = runner

    def ask(self, question: Coroutine[Any, Any, Answer]) -> Answer:
        """The result of a store's read."""
        return self._runner.run(question)

    def commit(self, *statements: Statement) -> UnitRows:
        """All statements, or none of them; raises ExpectationFailed or sqlite3.Error when they are void."""
        [answer] = run_batch(self._writer, [statements])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def rehearse(self, *statements: Statement) -> UnitRows:
        """The answer that `commit` would give now; nothing of it is kept."""
        return rehearse(self._writer, statements)

    def empty_log(self) -> bool:
        """Cut the log to nothing; False where somebody reads from it just now."""
        return empty_log(self._writer)


@contextmanager
def beside(path: Path) -> Iterator[Beside]:
    """Open the file for reading and writing; raises DatabaseUnusable unless it is free and of this version."""
    if opening.check(path) < migrations.newest():
        raise DatabaseUnusable(f"{path} is not there or not up to date; polar db migrate makes it so")
    try:
        with (
            closing(opening.connect_writer(path, busy_ms=opening.BUSY_TIMEOUT_MS)) as writer,
            asyncio.Runner() as runner,
        ):
            database = Beside(path, writer, runner)
            try:
                runner.run(database.add_readers())
                yield database
            finally:
                runner.run(database.close())
    except (sqlite3.OperationalError, DatabaseBusy) as error:
        raise DatabaseUnusable(f"{path} cannot be used just now: {error}") from error
