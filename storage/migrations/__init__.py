"""Numbered schema changes, each applied together with its version record in one transaction.

One is a file here, plain SQL; what has to be made anew with it is told in CONTRIBUTING.md.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

VERSION_TABLE = """CREATE TABLE IF NOT EXISTS polar_schema_versions (
  version INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  appliedAtMs INTEGER NOT NULL
)"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One schema change: its number, its name and its SQL text."""

    version: int
    name: str
    sql: str


@cache
def migrations() -> tuple[Migration, ...]:
    """All migrations of this version of the code, in order."""
    scripts = sorted((f for f in files(__package__).iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return tuple(Migration(int(f.name[:4]), f.name[5:-4], f.read_text(encoding="utf-8")) for f in scripts)


def newest() -> int:
    """The schema version that this code writes."""
    return migrations()[-1].version


def version(connection: sqlite3.Connection) -> int:
    """The schema version of a database: 0 for a new file, or one of the earlier runtime."""
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'polar_schema_versions'").fetchone()
    if known is None:
        return 0
    row = connection.execute("SELECT coalesce(max(version), 0) FROM polar_schema_versions").fetchone()
    return int(row[0])


def apply(connection: sqlite3.Connection, now_ms: int, *, until: int | None = None) -> list[Migration]:
    """Bring a database to the newest version, or to version `until`; returns what was applied.

    The connection is in autocommit mode. A migration that fails leaves the version before it whole.
    """
    applied = []
    for migration in migrations():
        wanted = until is None or migration.version <= until
        if wanted and migration.version > version(connection):
            _apply_one(connection, migration, now_ms)
            applied.append(migration)
    return applied


def _apply_one(connection: sqlite3.Connection, migration: Migration, now_ms: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(VERSION_TABLE)
        for statement in statements(migration.sql):
            connection.execute(statement)
        connection.execute(
            "INSERT INTO polar_schema_versions VALUES (?, ?, ?)", (migration.version, migration.name, now_ms)
        )
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def statements(sql: str) -> Iterator[str]:
    """The single statements of a script; `executescript` would commit behind our back."""
    pending = ""
    for line in sql.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending.strip()
            pending = ""
    if any(line.strip() and not line.strip().startswith("--") for line in pending.splitlines()):
        raise ValueError(f"the script ends within a statement: {pending.strip()[:80]!r}")
