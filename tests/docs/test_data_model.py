"""The specifications of the data describe the database that the migrations make."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storage import migrations
from storage.sqlite import memory_table
from tests.docs.pages import DOCS, PAGES, blocks, column_tables, name, prose

DATA_MODEL = DOCS / "specs" / "DATA_MODEL.md"
PERSONALITY = DOCS / "specs" / "PERSONALITY_STORAGE.md"
SQL = [(page, sql) for page in PAGES for sql in blocks(page, "sql") if not sql.startswith("CREATE")]


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """A new database."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        migrations.apply(made, now_ms=0)
        memory_table.prepare(made)
        yield made


def declared(connection: sqlite3.Connection, table: str) -> list[tuple[str, str]]:
    """The columns as the specifications write them: type, constraint, default, key."""
    rows = connection.execute('SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?)', (table,))
    columns = rows.fetchall()
    keys = sum(pk > 0 for *_, pk in columns)
    found = []
    for column, kind, required, default, pk in columns:
        text = kind + (" NOT NULL" if required else "") + (f" DEFAULT {default}" if default is not None else "")
        if pk:
            text += " PRIMARY KEY" if keys == 1 else f", key {pk}"
        found.append((column, text))
    return found


def test_the_nine_tables_are_written_down_column_by_column(connection: sqlite3.Connection) -> None:
    """Name, type, constraint, default and key of each, in order."""
    written = column_tables(DATA_MODEL)
    assert len(written) == 9
    assert written == {table: declared(connection, table) for table in written}


def test_every_other_table_is_in_the_list_of_our_own(connection: sqlite3.Connection) -> None:
    """No table is forgotten, none is listed that is not there."""
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    tables = {table for table in tables if not table.startswith(("sqlite_", "polar_memory_fts"))}
    own = set(re.findall(r"^\| `(polar_\w+)` \|", prose(DATA_MODEL), re.MULTILINE))
    assert own == tables - set(column_tables(DATA_MODEL))


def test_the_personality_table_is_written_down(connection: sqlite3.Connection) -> None:
    """Its columns and its indexes."""
    [(table, columns)] = column_tables(PERSONALITY).items()
    assert columns == declared(connection, table)
    indexes = {
        (row[0], ", ".join(c[0] for c in connection.execute("SELECT name FROM pragma_index_info(?)", row)))
        for row in connection.execute("SELECT name FROM pragma_index_list(?) WHERE origin = 'c'", (table,))
    }
    assert indexes == set(re.findall(r"`(idx_\w+)` on `\(([^)]+)\)`", prose(PERSONALITY)))


def test_the_database_keeps_the_rules_that_are_written_down(connection: sqlite3.Connection) -> None:
    """States, the one owner and the ledgers, tried out."""
    states = {
        "UPDATE polar_updates SET status": "pending, done, dead",
        "UPDATE polar_delivery_queue SET status": "pending, sending, sent, failed",
        "UPDATE polar_messages SET role": "user, assistant",
    }
    for insert in (
        "polar_updates (updateId, sequence, status, kind, lane, receivedAtMs) VALUES (1, 1, 'done', '', '', 0)",
        "polar_messages (sessionId, role, threadKey, createdAtMs) VALUES ('', 'user', '', 0)",
        "polar_delivery_queue (deliveryId, sessionId, channel, payload, status, createdAtMs, updatedAtMs, sequence, "
        "replyId) VALUES ('', '', '', '', 'sent', 0, 0, 1, '')",
        "polar_access (subject, role, createdAtMs) VALUES ('1', 'owner', 0)",
    ):
        connection.execute(f"INSERT INTO {insert}")
    for update, allowed in states.items():
        for state in allowed.split(", "):
            assert f"`{state}`" in prose(DATA_MODEL)
            connection.execute(f"{update} = ?", (state,))
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(f"{update} = 'other'")
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO polar_access (subject, role, createdAtMs) VALUES ('2', 'owner', 0)")


@pytest.mark.parametrize(("page", "sql"), SQL, ids=[name(page) for page, _ in SQL])
def test_a_query_that_is_shown_runs(page: Path, sql: str, connection: sqlite3.Connection) -> None:
    """Against a new database."""
    for statement in migrations.statements(sql):
        connection.execute(statement)
