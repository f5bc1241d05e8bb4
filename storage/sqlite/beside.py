"""The file beside a bot that may run on it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from storage import migrations
from storage.beside import Beside
from storage.errors import DatabaseBusy, DatabaseUnusable, StatementFailed
from storage.sqlite import connections, opening
from storage.sqlite.failures import failure_of_unit, translated
from storage.sqlite.readers import SqliteReaders
from storage.sqlite.writer import empty_log, rehearse, run_batch
from storage.statement import Unit, UnitRows


class _Writer:
    """A WriterBeside: storage/writer.py says what each of these is for."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run_batch(self, units: Sequence[Unit], /) -> list[UnitRows | Exception]:
        return run_batch(self._connection, units)

    def rehearse(self, unit: Unit, /) -> UnitRows:
        try:
            return rehearse(self._connection, unit)
        except sqlite3.Error as error:
            raise failure_of_unit(error) from error

    def empty_log(self) -> bool:
        with translated():
            return empty_log(self._connection)


@contextmanager
def beside(path: Path) -> Iterator[Beside]:
    """Open the file for reading and writing; raises DatabaseUnusable unless it is free and of this version."""
    if opening.check(path) < migrations.newest():
        raise DatabaseUnusable(f"{path} is not there or not up to date; polar db migrate makes it so")
    opening.check_stays(path)
    try:
        with (
            closing(connections.connect_writer(path, busy_ms=connections.BUSY_TIMEOUT_MS)) as writer,
            asyncio.Runner() as runner,
        ):
            readers = SqliteReaders(path, has_index=connections.has_fts5(writer))
            try:
                runner.run(readers.add_readers())
                yield Beside(readers, _Writer(writer), runner)
            finally:
                runner.run(readers.close())
    except (sqlite3.OperationalError, DatabaseBusy) as error:
        raise DatabaseUnusable(f"{path} cannot be used just now: {error}") from error
    except StatementFailed as error:
        if isinstance(error.__cause__, sqlite3.OperationalError):
            raise DatabaseUnusable(f"{path} cannot be used just now: {error}") from error
        raise
