"""A server's database as an end of a copy between engines (storage/copying.py)."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from typing import Any

import psycopg
from psycopg import IsolationLevel, sql

from storage.copied_table import CopiedTable
from storage.copying import AT_ONCE
from storage.errors import CopyFailed, RowRefused
from storage.location import ServerUrl
from storage.postgres import opening
from storage.postgres.codes import is_busy, is_fatal, told
from storage.postgres.dialect import NAME, translate
from storage.postgres.rows import ServerConnection
from storage.statement import Parameters, Value

_KINDS: dict[str, type] = {"INTEGER": int, "REAL": float, "TEXT": str, "BLOB": bytes}
_NAMES = {int: "a whole number", float: "a number", str: "text", bytes: "bytes"}
_TRIGGERS = sql.SQL("ALTER TABLE {} {} TRIGGER USER")
# None where no sequence numbers the column.
_GO_ON = sql.SQL(
    "SELECT setval(pg_get_serial_sequence({name}, {text}), greatest(max({column}), 1), count(*) > 0) FROM {table}"
)


class PostgresCopyEnd:
    """A CopyEnd."""

    def __init__(self, url: ServerUrl, link: ServerConnection) -> None:
        self.label = str(url)
        self._link = link
        self._numbers = count(1)

    def rows(self, text: str, params: Parameters = (), /) -> Generator[tuple[Any, ...], None, None]:
        """As CopyEnd has it."""
        with self._link.cursor(name=f"rows{next(self._numbers)}") as cursor:
            cursor.itersize = AT_ONCE
            yield from map(tuple, cursor.execute(translate(text), params))

    def run(self, text: str, each: Sequence[Sequence[Value]] = ((),), /) -> None:
        """As CopyEnd has it."""
        try:
            with self._link.cursor() as cursor:
                cursor.executemany(translate(text), each)
        except psycopg.DatabaseError as error:
            if is_fatal(error) or is_busy(error):
                raise
            raise RowRefused(told(error)) from error

    def part(self) -> AbstractContextManager[object]:
        """As CopyEnd has it."""
        return self._link.transaction()

    def refusal(self, kind: str, value: Value, /) -> str:
        """As CopyEnd has it."""
        wanted = _KINDS[kind]
        if value is None:
            return ""
        if not isinstance(value, wanted):
            return f"{_NAMES[type(value)]} where {_NAMES[wanted]} belongs"
        if not isinstance(value, str):
            return ""
        try:
            value.encode()
        except UnicodeEncodeError:
            return "text that is not UTF-8"
        return "text with a NUL character" if "\0" in value else ""

    def silence(self) -> None:
        """As CopyEnd has it."""
        self._switch("DISABLE")

    def finish(self, tables: Sequence[CopiedTable], /) -> None:
        """As CopyEnd has it."""
        self._switch("ENABLE")
        for table in tables:
            if len(table.walk) == 1 and dict(table.columns)[table.walk[0]] == "INTEGER":
                column = table.walk[0].lower()
                names = {"name": sql.Literal(table.name), "text": sql.Literal(column)}
                self._link.execute(
                    _GO_ON.format(**names, column=sql.Identifier(column), table=sql.Identifier(table.name))
                )

    def _switch(self, how: str) -> None:
        found = "SELECT DISTINCT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal"
        of_ours = f"{found} AND relnamespace = '{NAME}'::regnamespace"
        for (name,) in self._link.execute(of_ours).fetchall():
            self._link.execute(_TRIGGERS.format(sql.Identifier(name), sql.SQL(how)))


@contextmanager
def source(url: ServerUrl) -> Iterator[PostgresCopyEnd]:
    """The database, on which no bot runs, and nobody of ours writes. Raises DatabaseUnusable, and CopyFailed within."""
    with opening.holding(url) as link, _telling(url):
        link.isolation_level = IsolationLevel.REPEATABLE_READ
        yield PostgresCopyEnd(url, link)


@contextmanager
def target(url: ServerUrl, *, now_ms: int) -> Iterator[PostgresCopyEnd]:
    """The same, with its tables made and brought up to date."""
    link, _ = opening.prepare(url, now_ms, even_moved=True)
    with link, _telling(url):
        yield PostgresCopyEnd(url, link)


@contextmanager
def _telling(url: ServerUrl) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise CopyFailed(
            f"{url} cannot be copied to its end ({told(error)}); the same again goes on with it"
        ) from error
