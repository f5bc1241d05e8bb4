"""Numbered schema changes: each whole or not at all, each once."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from storage import migrations, schema
from storage.database import Database
from storage.errors import DatabaseUnusable
from storage.migrations import Migration
from tests.storage.files import CHECKOUT, NOW_MS, plain, rows

pytestmark = pytest.mark.usefixtures("each_migration")

MASTER = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
SCHEMA = CHECKOUT / "storage" / "schema.sql"
FAILING = Migration(
    99, "half", "CREATE TABLE whole (x);\nINSERT INTO whole VALUES (1);\nINSERT INTO nowhere VALUES (1);\n"
)


def test_schema_sql_is_the_sum_of_the_migrations() -> None:
    """To be made anew with `python -m storage.schema > storage/schema.sql` when a migration is added."""
    assert SCHEMA.read_text(encoding="utf-8") == schema.text()


def test_schema_sql_makes_the_same_database() -> None:
    """Run as a script it gives what the migrations give, object by object."""
    migrated, scripted = sqlite3.connect(":memory:", isolation_level=None), sqlite3.connect(":memory:")
    migrations.apply(migrated, NOW_MS)
    scripted.executescript(SCHEMA.read_text(encoding="utf-8"))
    assert scripted.execute(MASTER).fetchall() == migrated.execute(MASTER).fetchall()
    migrated.close()
    scripted.close()


def test_the_migrations_are_numbered_without_a_gap() -> None:
    """1, 2, 3 …, and each has a name."""
    found = migrations.migrations()
    assert [m.version for m in found] == list(range(1, len(found) + 1))
    assert all(m.name for m in found)
    assert migrations.newest() == len(found)


def test_applying_twice_changes_nothing(path: Path) -> None:
    """The second time finds every version recorded, with its name and the time of the first."""
    with plain(path) as connection:
        first = migrations.apply(connection, 5)
        before = connection.execute(MASTER).fetchall()
        assert first == list(migrations.migrations())
        assert migrations.apply(connection, 6) == []
        assert connection.execute(MASTER).fetchall() == before
        assert connection.execute("SELECT * FROM polar_schema_versions").fetchall() == [
            (m.version, m.name, 5) for m in first
        ]


def test_a_migration_that_fails_half_way_leaves_the_version_before_it_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables, rows and the version record of the failing one are undone, those before it stay."""
    known = migrations.migrations()
    monkeypatch.setattr(migrations, "migrations", lambda: (*known, FAILING))
    with plain(path) as connection:
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            migrations.apply(connection, NOW_MS)
        assert not connection.in_transaction
        assert migrations.version(connection) == known[-1].version
        assert connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'whole'").fetchone() is None
    monkeypatch.undo()
    assert rows(path, "SELECT max(version) FROM polar_schema_versions") == [(known[-1].version,)]


async def test_a_failing_migration_makes_the_database_unusable_not_lost(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening says so with the path; with the older code the file opens again."""
    known = migrations.migrations()
    monkeypatch.setattr(migrations, "migrations", lambda: (*known, FAILING))
    with pytest.raises(DatabaseUnusable, match=str(path)):
        await Database.open(path, now_ms=NOW_MS)
    monkeypatch.undo()
    await (await Database.open(path, now_ms=NOW_MS)).close()


def test_a_script_is_split_at_its_statements_only() -> None:
    """Semicolons in strings, in comments and in triggers end nothing."""
    script = (
        "-- first; not the end\nCREATE TABLE a (x DEFAULT ';');\n\n"
        "CREATE TRIGGER t BEFORE DELETE ON a\nBEGIN\n  SELECT 1;\n  SELECT 2;\nEND;\n-- the end;\n"
    )
    assert [s.splitlines()[-1] for s in migrations.statements(script)] == ["CREATE TABLE a (x DEFAULT ';');", "END;"]


def test_a_script_that_ends_within_a_statement_is_refused() -> None:
    """A forgotten semicolon is no migration that quietly does less."""
    with pytest.raises(ValueError, match="ends within a statement"):
        list(migrations.statements("CREATE TABLE a (x);\nCREATE TABLE b (x)\n"))
