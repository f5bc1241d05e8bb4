"""A server's database at one instant, for who reads all of it: a replica will do, and a role that may only read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg

from storage.engine import DatabaseSnapshot
from storage.errors import DatabaseUnusable
from storage.location import ServerUrl
from storage.postgres import opening
from storage.postgres.codes import told
from storage.postgres.dialect import translate
from storage.postgres.rows import ServerConnection
from storage.statement import Parameters

AT_ONCE = 1_000
"""The rows that are fetched at a time, so that they need not all be in memory."""


class _ServerSnapshot:
    """A DatabaseSnapshot: a connection within a transaction."""

    def __init__(self, link: ServerConnection) -> None:
        self._link = link
        self._numbers = count(1)

    def rows(self, sql: str, params: Parameters, /) -> Iterator[tuple[Any, ...]]:
        with self._link.cursor(name=f"rows{next(self._numbers)}") as cursor:
            cursor.itersize = AT_ONCE
            yield from cursor.execute(translate(sql), params)


@contextmanager
def snapshot(url: ServerUrl) -> Iterator[DatabaseSnapshot]:
    """All that is read within sees one instant; raises DatabaseUnusable, also for what fails while reading."""
    try:
        with opening.reading(url) as link:
            yield _ServerSnapshot(link)
    except psycopg.Error as error:
        raise DatabaseUnusable(f"{url} cannot be read to its end ({told(error)}); try again") from error
