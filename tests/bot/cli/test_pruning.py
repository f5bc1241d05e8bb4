"""`polar db prune` and `polar db vacuum`, on a real file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from storage import pruning
from storage.sqlite.lock import exclusive
from tests.bot.cli.terminal import polar, printed

DAY_MS = 24 * 3_600_000
TOLD_MS = 1_780_000_000_000
"""The newest date that Telegram gave: before today."""
_AUDIT = """
INSERT INTO polar_audit (turnId, attempt, kind, sessionId, userId, outcome, reason, durationMs, createdAtMs)
VALUES ('t', 1, 'message', 's', '7', 'answered', ?, 1, ?)
"""
_PROPOSAL = """
INSERT INTO polar_proposals (proposalId, sessionId, userId, kind, payload, status, createdAtMs)
VALUES ('p', 's', '7', 'automation', '{}', 'open', ?)
"""


def write(database: Path, sql: str, *rows: tuple[Any, ...]) -> None:
    """As another program does."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(sql, rows)


def ask(database: Path, sql: str) -> Any:
    """What another program reads: one value."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql).fetchone()[0]


@pytest.fixture
def lived(database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with a few years behind it."""
    monkeypatch.setattr(pruning, "ROWS", 10)
    write(database, "INSERT INTO polar_properties VALUES ('telegram_ms', ?)", (str(TOLD_MS),))
    old = [("r" * 3000, TOLD_MS - (1000 - n) * DAY_MS) for n in range(35)]
    write(database, _AUDIT, *old, *[("r", TOLD_MS - n) for n in (2, 1)])
    write(database, _PROPOSAL, (TOLD_MS - 31 * DAY_MS,))
    return database


def test_a_preview_tells_what_is_then_done(lived: Path) -> None:
    """The same rows of the same tables, and nothing before."""
    preview = printed(polar("db", "prune", "--dry-run", "--json", database=lived))
    assert preview["dryRun"] is True
    assert {name: count for name, count in preview["rows"].items() if count} == {
        "polar_audit": 35,
        "polar_proposals": 1,
    }
    assert ask(lived, "SELECT count(*) FROM polar_audit") == 37
    done = printed(polar("db", "prune", "--json", database=lived))
    assert done["rows"] == preview["rows"]
    assert done["now"] == "2026-05-28T20:26:40Z"
    assert done["bytes"] > 50_000
    assert ask(lived, "SELECT count(*) FROM polar_audit") == 2
    assert ask(lived, "PRAGMA freelist_count") == 0
    assert set(printed(polar("db", "prune", "--json", database=lived))["rows"].values()) == {0}


def test_it_goes_by_the_settings(lived: Path) -> None:
    """0 is for ever, and is not even listed."""
    done = printed(polar("db", "prune", "--json", database=lived, keep_audit_days=0, keep_proposals_days=40))
    assert "polar_audit" not in done["rows"]
    assert set(done["rows"].values()) == {0}
    assert "polar_messages" not in done["rows"]
    assert "polar_messages" in printed(polar("db", "prune", "--json", database=lived, keep_messages_days=9))["rows"]


def test_it_is_told_to_people(lived: Path) -> None:
    """A row a table."""
    preview = polar("db", "prune", "--dry-run", database=lived).stdout
    assert "rows that would go" in preview
    assert "polar_audit" in preview
    assert "rows that went" in polar("db", "prune", database=lived).stdout


def test_without_a_date_of_telegrams_nothing_goes(lived: Path) -> None:
    """Our clock alone is no reason."""
    write(lived, "DELETE FROM polar_properties", ())
    assert "no update has told" in polar("db", "prune", database=lived).stdout
    facts = printed(polar("db", "prune", "--json", database=lived))
    assert (facts["now"], set(facts["rows"].values())) == (None, {0})
    assert ask(lived, "SELECT count(*) FROM polar_audit") == 37


@pytest.mark.parametrize("days", ["-1", "1.5", "soon", "36501"])
def test_a_term_that_is_none_is_refused_by_its_name(lived: Path, days: str) -> None:
    """In one line."""
    done = polar("db", "prune", database=lived, keep_audit_days=days)
    assert done.exit_code == 1
    assert done.stderr.count("POLAR_KEEP_AUDIT_DAYS") == 1


def test_vacuum_shrinks_the_file_and_lets_it_shrink_from_then_on(lived: Path) -> None:
    """One that was made without; what it gave back is what is gone from the disk."""
    with closing(sqlite3.connect(lived, isolation_level=None)) as connection:
        connection.execute("PRAGMA auto_vacuum = NONE")
        connection.execute("VACUUM")
    assert ask(lived, "PRAGMA auto_vacuum") == 0
    assert printed(polar("db", "prune", "--json", database=lived))["bytes"] == 0
    before = lived.stat().st_size
    facts = printed(polar("db", "vacuum", "--json", database=lived))
    assert facts["before"] - facts["after"] == facts["bytes"] > 50_000
    assert (before - lived.stat().st_size, lived.stat().st_size) == (facts["bytes"], facts["after"])
    assert ask(lived, "PRAGMA auto_vacuum") == 2
    assert ask(lived, "SELECT count(*) FROM polar_audit") == 2
    assert "gave back 0.0 MiB" in polar("db", "vacuum", database=lived).stdout


def test_vacuum_refuses_while_a_bot_runs(lived: Path) -> None:
    """By the lock that a bot holds."""
    with exclusive(lived):
        done = polar("db", "vacuum", database=lived)
    assert done.exit_code == 1
    assert "another Polar process runs" in done.stderr
    assert ask(lived, "SELECT count(*) FROM polar_audit") == 37


def test_vacuum_of_what_is_not_there_makes_nothing(path: Path) -> None:
    """Status 1, one line that says what to do."""
    done = polar("db", "vacuum", database=path)
    assert done.exit_code == 1
    assert "polar db migrate" in done.stderr
    assert not path.exists()
