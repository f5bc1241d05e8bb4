"""In which steps SQLite runs a statement of ours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from storage.database import Database
from storage.statement import Parameters, Rows, Statement
from tests.storage.files import plain

# A walk over an index that holds the open rows alone, over one row, or over those handed over, grows with nothing.
SMALL = (
    "SCAN (subquery-",  # what stands in there is a step of its own
    "SCAN CONSTANT ROW",
    "SCAN found",
    "SCAN given",
    "SCAN named",
    "SCAN 4 CONSTANT ROWS",
    "SCAN polar_delivery_queue USING INDEX polar_delivery_open",
)


def plan(path: Path, sql: str, params: Parameters) -> list[str]:
    """The steps in which SQLite runs a statement."""
    with plain(path) as connection:
        return [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + sql, params)]


def scans(steps: list[str]) -> list[str]:
    """The steps that go over a whole table."""
    return [step for step in steps if step.startswith("SCAN") and not step.startswith(SMALL)]


async def asked(database: Database, call: Callable[[Database], Awaitable[Any]], patch: pytest.MonkeyPatch) -> Statement:
    """The one query that a read makes, once or for several values, in whatever way."""
    queries = recorded(database, patch)
    await call(database)
    [_] = {query.sql for query in queries}
    return queries[0]


def recorded(database: Database, patch: pytest.MonkeyPatch) -> list[Statement]:
    """The queries that are made from now on, in whatever way."""
    queries: list[Statement] = []

    def noting(read: Callable[[str, Parameters], Awaitable[Rows]]) -> Callable[..., Awaitable[Rows]]:
        async def note(sql: str, params: Parameters = ()) -> Rows:
            queries.append(Statement(sql, params))
            return await read(sql, params)

        return note

    patch.setattr(database, "fetch", noting(database.fetch))
    patch.setattr(database, "look_up", noting(database.look_up))
    return queries
