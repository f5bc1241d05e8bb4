"""What a second program reads and writes in a database, whatever its engine: in the words of our own statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg.rows import tuple_row

from storage.location import Location
from storage.postgres import connections, dialect
from storage.postgres.dialect import translate
from tests.storage.files import plain

REFUSED = (sqlite3.IntegrityError, psycopg.IntegrityError)
"""What such a program is told where the schema forbids something."""


class Answer(Protocol):
    """What a statement has led to."""

    def fetchone(self) -> Any:
        """The next row, or None."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that are left."""


class Program(Protocol):
    """Its connection, each of whose statements is a transaction."""

    def execute(self, sql: str, params: Any = (), /) -> Answer:
        """Run a statement."""


@contextmanager
def program(location: Location) -> Iterator[Program]:
    """Such a program, which knows nothing of ours."""
    if isinstance(location, Path):
        with plain(location) as connection:
            yield connection
    else:
        with psycopg.connect(location.url, autocommit=True, row_factory=tuple_row) as link:
            link.execute(dialect.USE)
            connections.register(link.adapters)
            yield _Translating(link)


class _Translating:
    def __init__(self, link: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._link = link

    def execute(self, sql: str, params: Any = (), /) -> Answer:
        return self._link.execute(translate(sql), params)


def rows(location: Location, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """What it reads."""
    with program(location) as opened:
        return opened.execute(sql, params).fetchall()


def insert(location: Location, table: str, *found: Mapping[str, Any]) -> None:
    """Rows as another program would write them, in this order."""
    with program(location) as connection:
        connection.execute("BEGIN")
        for row in found:
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))
        connection.execute("COMMIT")
