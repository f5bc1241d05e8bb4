"""The marks by which no bot starts on a database that was moved, nor on one that is not yet all there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from storage.errors import DatabaseUnusable
from storage.statement import Parameters, Value

PREFIX = "copy:"
TO = f"{PREFIX}to"
"""Where it was moved to."""
FROM = f"{PREFIX}from"
"""JSON: what it is the beginning of a copy of, and the tables of which rows were skipped."""
MARKS = f"SELECT name, value FROM polar_properties WHERE name IN ('{TO}', '{FROM}')"
UNMARK = "DELETE FROM polar_properties WHERE name = ?"
# Below whatever is copied: the order of entry is.
_MARK = "INSERT INTO polar_properties (rowid, name, value) VALUES (?, ?, ?)"
_ROWIDS = {TO: -1, FROM: -2}


class Marked(Protocol):
    """Where marks are."""

    def rows(self, sql: str, params: Parameters = (), /) -> Iterator[tuple[Any, ...]]:
        """The rows of a query."""

    def run(self, sql: str, each: Sequence[Sequence[Value]] = ((),), /) -> None:
        """A statement, once for each of these."""


def check(label: str, marks: Sequence[Sequence[Any]]) -> None:
    """Raise DatabaseUnusable where there are marks, the rows of MARKS, with what to do."""
    found = {mark[0]: mark[1] for mark in marks}
    if TO in found:
        raise DatabaseUnusable(
            f"{label} was moved to {found[TO]}; name that in POLAR_DATABASE, or go on with this one by polar db adopt"
        )
    if FROM in found:
        raise DatabaseUnusable(
            f"{label} is the beginning of a copy; polar db copy with the same names goes on with it, "
            "or name another database in POLAR_DATABASE"
        )


def find(end: Marked, name: str) -> str | None:
    """The value of a mark."""
    return dict(tuple(row) for row in end.rows(MARKS)).get(name)


def mark(end: Marked, name: str, value: str) -> None:
    """Set a mark, in place of a former one."""
    unmark(end, name)
    end.run(_MARK, [(_ROWIDS[name], name, value)])


def unmark(end: Marked, name: str) -> None:
    """Remove a mark, if it is there."""
    end.run(UNMARK, [(name,)])
