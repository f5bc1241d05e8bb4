"""Writing rows beside a bot that runs: it looks at them within seconds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from bot import settings
from storage import migrations, opening
from storage.errors import DatabaseUnusable
from storage.statement import Statement
from storage.writer import run_batch


@contextmanager
def writable() -> Iterator[sqlite3.Connection]:
    """The database of the settings; raises DatabaseUnusable unless it is free and of this version."""
    path = settings.load().database_path
    if opening.check(path) < migrations.newest():
        raise DatabaseUnusable(f"{path} is not there or not up to date; polar db migrate makes it so")
    try:
        with closing(opening.connect_writer(path)) as connection:
            yield connection
    except sqlite3.OperationalError as error:
        raise DatabaseUnusable(f"{path} cannot be used just now: {error}") from error


def commit(connection: sqlite3.Connection, *statements: Statement) -> None:
    """All statements, or none of them."""
    [answer] = run_batch(connection, [statements])
    if isinstance(answer, Exception):
        raise answer
