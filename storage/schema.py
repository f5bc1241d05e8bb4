"""The schema that all migrations lead to: as facts, and as `python -m storage.schema > storage/schema.sql`."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from storage import migrations

HEADER = """\
-- The sum of storage/migrations, for reading. Made by: python -m storage.schema > storage/schema.sql
-- Not in it: polar_memory_fts, the optional full-text index, which storage/memory_index.py makes.
"""
# Tables by name, each followed by its indexes and its triggers. What SQLite makes itself has no SQL text.
_OBJECTS = """
SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
ORDER BY tbl_name, CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 ELSE 2 END, name
"""
_TABLES = """
SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'polar\\_%' ESCAPE '\\' ORDER BY rowid
"""
_COLUMNS = 'SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?) ORDER BY cid'
_INDEXES = "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL ORDER BY name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column. `position` is its place in the primary key, from 1 on; 0 where it is no part of it."""

    name: str
    type: str
    is_required: bool
    default: str | None
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table and its indexes, each a line of SQL. `is_specified`: it is one of the data model's nine."""

    name: str
    columns: tuple[Column, ...]
    indexes: tuple[str, ...]
    is_specified: bool


def tables() -> list[Table]:
    """The tables of a new database, in the order in which they were made."""
    specified = migrations.migrations()[0].sql
    with _migrated() as connection:
        names = [row[0] for row in connection.execute(_TABLES)]
        return [
            Table(
                name=name,
                columns=tuple(
                    Column(name=row[0], type=row[1], is_required=bool(row[2]), default=row[3], position=row[4])
                    for row in connection.execute(_COLUMNS, (name,))
                ),
                indexes=tuple(" ".join(row[0].split()) for row in connection.execute(_INDEXES, (name,))),
                is_specified=f" {name} (" in specified,
            )
            for name in names
        ]


def text() -> str:
    """The schema of a new database as SQL statements, in an order that does not depend on the migrations'."""
    with _migrated() as connection:
        objects = [row[0] for row in connection.execute(_OBJECTS)]
    return HEADER + "".join(f"\n{sql};\n" for sql in objects)


@contextmanager
def _migrated() -> Iterator[sqlite3.Connection]:
    """A new database, in memory."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.apply(connection, now_ms=0)
        yield connection


if __name__ == "__main__":
    sys.stdout.write(text())
