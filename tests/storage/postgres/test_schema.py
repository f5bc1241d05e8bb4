"""Both databases have the same tables, columns, keys, indexes and triggers, and every migration leads to both."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

import storage.schema
from storage import indexed, migrations
from storage.postgres import dialect, schema
from storage.postgres.dialect import translate
from tests.house import CHECKOUT
from tests.storage.files import NOW_MS

WRITTEN = CHECKOUT / "storage" / "postgres" / "schema.pg.sql"
TYPES = {"INTEGER": "bigint", "REAL": "double precision", "TEXT": "text", "BLOB": "bytea"}
COLUMNS = """
SELECT column_name, data_type, is_nullable = 'NO', column_default FROM information_schema.columns
WHERE table_schema = 'polar' AND table_name = %s AND column_name <> 'rowid' ORDER BY ordinal_position
"""
KEYS = """
SELECT array_agg(attname::text ORDER BY place), indisprimary
FROM pg_index, unnest(indkey) WITH ORDINALITY AS part (number, place)
JOIN pg_attribute ON attnum = number
WHERE indrelid = %s::regclass AND attrelid = indrelid AND indisunique GROUP BY indexrelid, indisprimary
"""
NO_INDEX_OF_WORDS = {"polar_memory_added", "polar_memory_changed", "polar_memory_removed"}
"""Triggers that bring SQLite's index of words up to date."""
STALE = "memory_index_stale"
"""What SQLite's index of words has to catch up with."""
INDEXED = {
    "polar_feedback_actor": f"{indexed.EVENT_ACTOR} = 'x'",
    "polar_messages_automation": f"{indexed.MESSAGE_AUTOMATION} = 'x'",
    "polar_messages_thread": f"sessionId = 's' AND {indexed.MESSAGE_TOLD_IN} = 'x'",
    "polar_run_failed": f"{indexed.RUN_STATUS} = 'failed'",
    "polar_scheduler_owner": f"{indexed.RUN_OWNER} = 'x'",
    "polar_automation_counted": f"ownerUserId = 'x' AND {indexed.JOB_COUNTS}",
}
IN_ONE = {"polar_feedback_events_of_chat", "polar_updates_given_anew", "polar_delivery_queue_given_anew"}
"""Triggers whose work another one does as well."""
NO_ROW = {"polar_feedback_events_no_truncate", "polar_run_events_no_truncate"}
"""SQLite has no TRUNCATE."""


@pytest.fixture
def sqlite() -> Iterator[sqlite3.Connection]:
    """SQLite's schema, in memory."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.apply(connection, NOW_MS)
        yield connection


def test_the_tables_are_made_of_the_migrations() -> None:
    """To be made anew with `python -m storage.postgres.schema > storage/postgres/schema.pg.sql`."""
    assert WRITTEN.read_text(encoding="utf-8") == schema.text()


def test_the_columns_are_the_same(connection: psycopg.Connection) -> None:
    """By name, in order, with their types, what they must have and what they begin with; rowid aside."""
    for table in storage.schema.tables():
        expected = [(c.name.lower(), TYPES[c.type], c.is_required or c.position > 0, c.default) for c in table.columns]
        found = [
            (name, kind, is_required, default and default.removesuffix("::text"))
            for name, kind, is_required, default in connection.execute(COLUMNS, (table.name,))
        ]
        assert found == expected, table.name


def test_the_keys_are_the_same(connection: psycopg.Connection, sqlite: sqlite3.Connection) -> None:
    """What may be there only once, and what the key of a table is; rowid aside."""
    for table in storage.schema.tables():
        primary = sorted((c for c in table.columns if c.position), key=lambda c: c.position)
        expected = {(tuple(c.name.lower() for c in primary), True)}
        for name, _, origin in sqlite.execute(
            'SELECT name, "unique", origin FROM pragma_index_list(?) WHERE "unique"', (table.name,)
        ):
            if origin != "pk":
                parts = sqlite.execute("SELECT lower(name) FROM pragma_index_info(?) ORDER BY seqno", (name,))
                expected.add((tuple(part for (part,) in parts), False))
        found = {(tuple(parts), is_key) for parts, is_key in connection.execute(KEYS, (table.name,))}
        assert found - {(("rowid",), False)} == expected, table.name


def test_the_indexes_are_the_same(connection: psycopg.Connection, sqlite: sqlite3.Connection) -> None:
    """By name, and so are their tables."""
    found = connection.execute("SELECT indexname::text, tablename::text FROM pg_indexes WHERE schemaname = 'polar'")
    made = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    assert {(i, t) for i, t in found if not re.search(r"_(pkey|key)$", i)} == set(sqlite.execute(made))


@pytest.mark.parametrize(("index", "condition"), INDEXED.items())
def test_an_index_of_an_expression_is_used(connection: psycopg.Connection, index: str, condition: str) -> None:
    """What is asked by an expression has, when it is translated, the text that its index is made of."""
    row = connection.execute("SELECT tablename FROM pg_indexes WHERE indexname = %s", (index,)).fetchone()
    assert row is not None
    with connection.transaction(force_rollback=True):
        connection.execute("DROP INDEX polar_automation_owner")  # it would do as well
        connection.execute("SET LOCAL enable_seqscan = off")
        plan = connection.execute(translate(f"EXPLAIN SELECT 1 FROM {row[0]} WHERE {condition}"), ()).fetchall()
    assert any(index in line for (line,) in plan), plan


def test_every_trigger_has_a_twin(connection: psycopg.Connection, sqlite: sqlite3.Connection) -> None:
    """By name, or says why it has none; test_triggers.py looks at what they do."""
    found = {name for (name,) in connection.execute("SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal")}
    made = {name for (name,) in sqlite.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    assert found - NO_ROW == made - NO_INDEX_OF_WORDS - IN_ONE


def test_a_new_database_has_the_same_rows(connection: psycopg.Connection, sqlite: sqlite3.Connection) -> None:
    """What migrations enter; a key has as many digits, and no other database has it."""
    for table in storage.schema.tables():
        columns = ", ".join("length(key)" if c.name == "key" else c.name for c in table.columns)
        look = f"SELECT {columns} FROM {table.name} WHERE '{STALE}' <> {table.columns[0].name}"
        if table.columns[0].type == "TEXT":
            assert sorted(connection.execute(look).fetchall()) == sorted(sqlite.execute(look).fetchall()), table.name


def test_a_database_is_brought_up_to_date_once(empty: str) -> None:
    """Each migration is recorded with its name and time; the next time there is nothing to do."""
    with psycopg.connect(empty, autocommit=True) as connection:
        assert schema.version(connection) == 0
        assert schema.migrate(connection, NOW_MS) == list(migrations.migrations())
        assert schema.migrate(connection, NOW_MS + 1) == []
        assert schema.version(connection) == migrations.newest()
        connection.execute(dialect.USE)
        rows = connection.execute("SELECT * FROM polar_schema_versions ORDER BY version").fetchall()
        assert rows == [(m.version, m.name, NOW_MS) for m in migrations.migrations()]


def test_a_later_migration_is_carried_over(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tables, indexes, new columns and rows are SQLite's text, in PostgreSQL's types."""
    sql = """
    -- A comment; with a semicolon.
    CREATE TABLE polar_later (
      userId TEXT PRIMARY KEY,
      isShared INTEGER NOT NULL
    );
    CREATE INDEX polar_later_shared ON polar_later (isShared) WHERE isShared = 1;
    ALTER TABLE polar_users ADD COLUMN later REAL NOT NULL DEFAULT 0;
    INSERT INTO polar_later SELECT userId, CAST(later AS INTEGER) FROM polar_users WHERE userId NOT LIKE '%x';
    """
    known = migrations.migrations()
    with psycopg.connect(empty, autocommit=True) as connection:
        schema.migrate(connection, NOW_MS)
        connection.execute(dialect.USE)
        connection.execute("INSERT INTO polar_users VALUES ('a', NULL, 1), ('ax', NULL, 1)")
        later = migrations.Migration(migrations.newest() + 1, "later", sql)
        monkeypatch.setattr(migrations, "migrations", lambda: (*known, later))
        assert schema.migrate(connection, NOW_MS) == [later]
        assert connection.execute("SELECT userId, isShared, rowid FROM polar_later").fetchall() == [("a", 0, 1)]
        assert schema.version(connection) == later.version


def test_a_migration_that_fails_leaves_the_version_before(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one transaction, its record included."""
    known = migrations.migrations()
    broken = migrations.Migration(
        migrations.newest() + 1, "broken", "CREATE TABLE polar_broken (a TEXT);\nSELECT nothing FROM nowhere;\n"
    )
    monkeypatch.setattr(migrations, "migrations", lambda: (*known, broken))
    with psycopg.connect(empty, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.UndefinedTable):
            schema.migrate(connection, NOW_MS)
        assert schema.version(connection) == known[-1].version
        assert connection.execute("SELECT to_regclass('polar.polar_broken')").fetchone() == (None,)


def test_a_trigger_is_not_translated() -> None:
    """Whoever writes one hears that PostgreSQL needs a twin of the migration."""
    with pytest.raises(ValueError, match="needs a twin"):
        schema.translated("-- One.\nCREATE TRIGGER polar_x AFTER INSERT ON polar_users\nBEGIN SELECT 1; END;")


@pytest.mark.parametrize("migration", [m for m in migrations.migrations() if m.version > schema.FIRST])
def test_every_later_migration_has_a_text_for_both(migration: migrations.Migration) -> None:
    """It is translated, or has a twin."""
    assert schema.later(migration)


def test_a_twin_is_of_a_migration() -> None:
    """A file that no migration is called like would never be read."""
    twins = {path.name for path in Path(WRITTEN.parent, "migrations").glob("*.sql")}
    assert twins <= {f"{m.version:04}_{m.name}.sql" for m in migrations.migrations()}
