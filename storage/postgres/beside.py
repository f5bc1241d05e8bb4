"""A server's database beside a bot that may run on it, which hears of what is committed here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg

from storage.beside import Beside
from storage.errors import DatabaseBusy, DatabaseUnusable
from storage.location import ServerUrl
from storage.postgres import opening
from storage.postgres.codes import failure_of_reader, failure_of_unit
from storage.postgres.readers import PostgresReaders
from storage.postgres.rows import ServerConnection
from storage.postgres.writer import TELL, rehearse, run_batch
from storage.statement import Unit, UnitRows


class _ServerWriter:
    """A WriterBeside: storage/writer.py says what each of these is for."""

    def __init__(self, link: ServerConnection) -> None:
        self._link = link

    def run_batch(self, units: Sequence[Unit], /) -> list[UnitRows | Exception]:
        return run_batch(self._link, units, TELL)

    def rehearse(self, unit: Unit, /) -> UnitRows:
        try:
            return rehearse(self._link, unit)
        except psycopg.Error as error:
            raise failure_of_unit(error) from error

    def empty_log(self) -> bool:
        return True  # how long a server keeps its log is its administrator's to say


@contextmanager
def beside(url: ServerUrl) -> Iterator[Beside]:
    """Connect for reading and writing; raises DatabaseUnusable unless the schema is of this version."""
    try:
        with opening.writing_beside(url) as link, asyncio.Runner() as runner:
            readers = PostgresReaders(url)
            try:
                runner.run(readers.add_readers())
                yield Beside(readers, _ServerWriter(link), runner)
            finally:
                runner.run(readers.close())
    except psycopg.Error as error:
        raise failure_of_reader(error) from error
    except DatabaseBusy as error:
        raise DatabaseUnusable(f"{url} cannot be used just now: {error}") from error
