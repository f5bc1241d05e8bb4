"""`polar db` and `polar replay`, as processes on a real file."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.settings import environment
from storage import migrations
from tests.house import CHECKOUT, House


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the file will be."""
    return tmp_path / "polar-system.db"


def polar(database: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command on this database."""
    command = House.command(*arguments)
    environ = environment({"PATH": "/usr/bin:/bin"}, {"database": database})
    return subprocess.run(command, cwd=CHECKOUT, env=environ, capture_output=True, text=True, timeout=60, check=False)


def printed(done: subprocess.CompletedProcess[str]) -> Any:
    """The JSON that a command printed."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_migrate_creates_the_file_once(database: Path) -> None:
    """The first call applies all migrations, the second none."""
    first = printed(polar(database, "db", "migrate", "--json"))
    assert first["version"] == migrations.newest()
    assert len(first["applied"]) == migrations.newest()
    assert printed(polar(database, "db", "migrate", "--json"))["applied"] == []


def test_check_finds_a_damaged_page(database: Path) -> None:
    """A whole file is ok; one with an index that disagrees with its table is not, and the status says so."""
    polar(database, "db", "migrate")
    assert printed(polar(database, "db", "check", "--json")) == {"ok": True, "problems": []}
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("INSERT INTO polar_properties VALUES ('a', 'b')")
        connection.execute(
            "UPDATE sqlite_master SET sql = 'CREATE UNIQUE INDEX polar_access_owner ON polar_access (subject)' "
            "WHERE name = 'polar_access_owner'"
        )
        connection.execute("INSERT INTO polar_access VALUES ('1', 'member', NULL, 1)")
        connection.commit()
    done = polar(database, "db", "check", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["ok"] is False


def test_stats_count_rows_and_states(database: Path) -> None:
    """Every table of ours with its rows."""
    polar(database, "db", "migrate")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "INSERT INTO polar_updates (updateId, sequence, status, kind, lane, receivedAtMs) "
            "VALUES (1, 1, 'dead', 'message', '1::answer', 1)"
        )
    stats = printed(polar(database, "db", "stats", "--json"))
    assert stats["rows"]["polar_updates"] == 1
    assert stats["states"]["polar_updates"] == {"dead": 1}
    assert "polar_updates" in polar(database, "db", "stats").stdout


@pytest.mark.parametrize("arguments", [("db", "check"), ("db", "stats"), ("replay",)])
def test_a_database_that_is_not_there_is_said_in_one_line(database: Path, arguments: tuple[str, ...]) -> None:
    """Status 1, one line that says what to do, and no file made."""
    done = polar(database, *arguments)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "polar db migrate" in done.stderr
    assert not database.exists()


def test_replay_rebuilds_the_task_board_from_any_sequence_any_number_of_times(database: Path) -> None:
    """Executed runs are done, all others blocked with their reason; a board that was lost comes back."""
    polar(database, "db", "migrate")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(
            "INSERT INTO polar_run_events (source, id, runId, profileId, trigger, output, createdAtMs) "
            "VALUES ('automation', 'job', ?, 'profile.default', 'schedule', ?, 1)",
            [("r1", '{"status":"executed"}'), ("r2", '{"status":"failed","reason":"no luck"}')],
        )
    assert printed(polar(database, "replay", "--json")) == {"blocked": 1, "done": 1}
    assert printed(polar(database, "replay", "--from", "2", "--json")) == {"blocked": 1, "done": 1}
    with closing(sqlite3.connect(database)) as connection, connection:
        assert connection.execute("SELECT runId, status, reason FROM polar_task_board ORDER BY runId").fetchall() == [
            ("r1", "done", None),
            ("r2", "blocked", "no luck"),
        ]
        connection.execute("DELETE FROM polar_task_board")
    assert printed(polar(database, "replay", "--json")) == {"blocked": 1, "done": 1}


def test_wrong_usage_is_status_two(database: Path) -> None:
    """An unknown command and an unknown option."""
    assert polar(database, "nonsense").returncode == 2
    assert polar(database, "db", "check", "--nonsense").returncode == 2
