"""What a unit of statements does, whatever the engine: all of it or nothing, and its first failure is what is told."""

from __future__ import annotations

import asyncio

import pytest

from storage.database import Database
from storage.errors import ExpectationFailed, StatementFailed
from storage.statement import Statement

ADD = "INSERT INTO polar_properties VALUES (?, ?)"
RENAME = "UPDATE polar_properties SET value = 'new' WHERE name = ?"
NAMES = "SELECT name, value FROM polar_properties WHERE name IN ('a', 'b', 'c') ORDER BY name"
KNOWN = Statement(ADD, ("a", "old"))
NEW = Statement(ADD, ("b", "old"))
MISSING = Statement(RENAME, ("nowhere",), expect=1)


@pytest.mark.parametrize(
    ("unit", "error"),
    [
        ((NEW, MISSING), ExpectationFailed),
        ((NEW, KNOWN), StatementFailed),
        ((NEW, MISSING, KNOWN), ExpectationFailed),
        ((NEW, KNOWN, MISSING), StatementFailed),
        ((Statement(RENAME, ("a",), expect=1), MISSING, KNOWN, KNOWN), ExpectationFailed),
    ],
)
async def test_what_voids_a_unit_first_is_told_and_nothing_of_it_stays(
    database: Database, unit: tuple[Statement, ...], error: type[Exception]
) -> None:
    """By itself and among others, which are committed."""
    await database.commit(KNOWN)
    with pytest.raises(error):
        await database.commit(*unit)
    others = Statement(ADD, ("c", "old"))
    told, _ = await asyncio.gather(database.commit(*unit), database.commit(others), return_exceptions=True)
    assert type(told) is error
    assert [tuple(row) for row in await database.fetch(NAMES)] == [("a", "old"), ("c", "old")]
