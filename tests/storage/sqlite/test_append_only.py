"""The two ledgers, attacked by what SQLite has to replace rows: no row that was written ever changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import migrations
from tests.storage.files import NOW_MS, plain, rows

ABORTED = {
    "update": "UPDATE {table} SET createdAtMs = 0",
    "update of a key": "UPDATE {table} SET {key} = {other}",
    "update of one row": "UPDATE {table} SET createdAtMs = 0 WHERE rowid = 1",
    "update that would replace": "UPDATE OR REPLACE {table} SET rowid = 2 WHERE rowid = 1",
    "update that would be ignored": "UPDATE OR IGNORE {table} SET createdAtMs = 0",
    "delete": "DELETE FROM {table}",
    "delete of one row": "DELETE FROM {table} WHERE rowid = 1",
}
RUN = "(source, id, runId, profileId, trigger, output, createdAtMs)"
RUN_NUMBERED = "(sequence, source, id, runId, profileId, trigger, output, createdAtMs)"
IGNORED = {
    "feedback: replace": "INSERT OR REPLACE INTO polar_feedback_events (id, type, sessionId, createdAtMs) "
    "VALUES ('f1', 'forged', 's', 0)",
    "feedback: replace into": "REPLACE INTO polar_feedback_events (id, type, sessionId, createdAtMs) "
    "VALUES ('f2', 'forged', 's', 0)",
    "feedback: replace by the hidden rowid": "INSERT OR REPLACE INTO polar_feedback_events "
    "(rowid, id, type, sessionId, createdAtMs) VALUES (1, 'f9', 'forged', 's', 0)",
    "feedback: upsert": "INSERT INTO polar_feedback_events (id, type, sessionId, createdAtMs) "
    "VALUES ('f1', 'forged', 's', 0) ON CONFLICT (id) DO UPDATE SET type = 'forged'",
    "feedback: upsert of any conflict": "INSERT INTO polar_feedback_events (id, type, sessionId, createdAtMs) "
    "VALUES ('f1', 'forged', 's', 0) ON CONFLICT DO UPDATE SET type = excluded.type",
    "feedback: again": "INSERT INTO polar_feedback_events (id, type, sessionId, createdAtMs) "
    "VALUES ('f1', 'forged', 's', 0)",
    "runs: replace by the run": f"INSERT OR REPLACE INTO polar_run_events {RUN} "
    "VALUES ('automation', 'j', 'r1', 'p', 'manual', '{}', 0)",
    "runs: replace by the sequence": f"INSERT OR REPLACE INTO polar_run_events {RUN_NUMBERED} "
    "VALUES (1, 'automation', 'j', 'r9', 'p', 'manual', '{}', 0)",
    "runs: replace by both, of two rows": f"INSERT OR REPLACE INTO polar_run_events {RUN_NUMBERED} "
    "VALUES (1, 'automation', 'j', 'r2', 'p', 'manual', '{}', 0)",
    "runs: upsert": f"INSERT INTO polar_run_events {RUN} VALUES ('automation', 'j', 'r1', 'p', 'manual', '{{}}', 0) "
    "ON CONFLICT (source, id, runId) DO UPDATE SET output = 'forged'",
    "runs: upsert by the sequence": f"INSERT INTO polar_run_events {RUN_NUMBERED} "
    "VALUES (2, 'automation', 'j', 'r9', 'p', 'manual', '{}', 0) "
    "ON CONFLICT (sequence) DO UPDATE SET output = 'forged'",
    "runs: again": f"INSERT INTO polar_run_events {RUN} VALUES ('automation', 'j', 'r1', 'p', 'manual', '{{}}', 0)",
}
TABLES = ["polar_feedback_events", "polar_run_events"]
ALL = [f"SELECT rowid, * FROM {table} ORDER BY rowid" for table in TABLES]


@pytest.fixture(params=["ON", "OFF"])
def connection(path: Path, request: pytest.FixtureRequest) -> Iterator[sqlite3.Connection]:
    """A second program's connection to ledgers with two rows each, recursive triggers on or off."""
    with plain(path) as opened:
        migrations.apply(opened, NOW_MS)
        opened.execute(
            "INSERT INTO polar_feedback_events (id, type, sessionId, createdAtMs) "
            "VALUES ('f1', 'reaction_added', 's', 1), ('f2', 'reaction_removed', 's', 2)"
        )
        opened.execute(
            f"INSERT INTO polar_run_events {RUN} VALUES ('automation', 'j', 'r1', 'p', 'schedule', '{{}}', 1), "
            "('automation', 'j', 'r2', 'p', 'schedule', '{}', 2)"
        )
        opened.execute(f"PRAGMA recursive_triggers = {request.param}")
        yield opened


def ledgers(path: Path) -> list[list[tuple[object, ...]]]:
    """Every row of both."""
    return [rows(path, sql) for sql in ALL]


@pytest.mark.parametrize("table", TABLES)
def test_changing_and_deleting_are_aborted(connection: sqlite3.Connection, path: Path, table: str) -> None:
    """The statement fails and says why; every row is what it was."""
    before = ledgers(path)
    key, other = ("id", "'f9'") if table == "polar_feedback_events" else ("runId", "'r9'")
    for attack, sql in ABORTED.items():
        with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
            connection.execute(sql.format(table=table, key=key, other=other))
        assert ledgers(path) == before, attack


def test_a_key_that_exists_is_not_written_again(connection: sqlite3.Connection, path: Path) -> None:
    """REPLACE and upsert neither fail nor do anything."""
    before = ledgers(path)
    assert all(len(ledger) == 2 for ledger in before)
    for attack, sql in IGNORED.items():
        connection.execute(sql)
        assert ledgers(path) == before, attack


def test_new_rows_are_appended(connection: sqlite3.Connection, path: Path) -> None:
    """The triggers let everything else through, several rows at once and with REPLACE too."""
    connection.execute(
        "INSERT OR REPLACE INTO polar_feedback_events (id, type, sessionId, createdAtMs) "
        "VALUES ('f1', 'forged', 's', 0), ('f3', 'reaction_added', 's', 3)"
    )
    connection.execute(
        f"INSERT OR REPLACE INTO polar_run_events {RUN} VALUES ('heartbeat', 'j', 'r1', 'p', 'heartbeat', '{{}}', 3)"
    )
    assert rows(path, "SELECT id, type FROM polar_feedback_events ORDER BY rowid") == [
        ("f1", "reaction_added"),
        ("f2", "reaction_removed"),
        ("f3", "reaction_added"),
    ]
    assert rows(path, "SELECT sequence, source FROM polar_run_events") == [
        (1, "automation"),
        (2, "automation"),
        (3, "heartbeat"),
    ]
