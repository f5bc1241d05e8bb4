"""`polar db` and `polar replay`, on a real file."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage import migrations
from tests.bot.cli.terminal import polar, printed, process


def test_migrate_creates_the_file_once(path: Path) -> None:
    """The first call applies all migrations, the second none."""
    first = printed(polar("db", "migrate", "--json", database=path))
    assert first["version"] == migrations.newest()
    assert len(first["applied"]) == migrations.newest()
    assert printed(polar("db", "migrate", "--json", database=path))["applied"] == []


def test_check_finds_a_damaged_page(database: Path) -> None:
    """A whole file is ok; one with an index that disagrees with its table is not, and the status says so."""
    assert printed(polar("db", "check", "--json", database=database)) == {"ok": True, "problems": []}
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("INSERT INTO polar_properties VALUES ('a', 'b')")
        connection.execute(
            "UPDATE sqlite_master SET sql = 'CREATE UNIQUE INDEX polar_access_owner ON polar_access (subject)' "
            "WHERE name = 'polar_access_owner'"
        )
        connection.execute("INSERT INTO polar_access VALUES ('1', 'member', NULL, 1)")
        connection.commit()
    done = polar("db", "check", "--json", database=database)
    assert done.exit_code == 1
    assert json.loads(done.stdout)["ok"] is False


def test_stats_count_rows_and_states(database: Path) -> None:
    """Every table of ours with its rows."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "INSERT INTO polar_updates (updateId, sequence, status, kind, lane, receivedAtMs) "
            "VALUES (1, 1, 'dead', 'message', '1::answer', 1)"
        )
    stats = printed(polar("db", "stats", "--json", database=database))
    assert stats["rows"]["polar_updates"] == 1
    assert stats["states"]["polar_updates"] == {"dead": 1}
    assert "polar_updates" in polar("db", "stats", database=database).stdout


@pytest.mark.parametrize("arguments", [("db", "check"), ("db", "stats"), ("replay",)])
def test_a_database_that_is_not_there_is_said_in_one_line(path: Path, arguments: tuple[str, ...]) -> None:
    """Status 1, one line that says what to do, and no file made."""
    done = polar(*arguments, database=path)
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1
    assert "polar db migrate" in done.stderr
    assert not path.exists()


def test_replay_rebuilds_the_task_board_from_any_sequence_any_number_of_times(database: Path) -> None:
    """Executed runs are done, all others blocked with their reason; a board that was lost comes back."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(
            "INSERT INTO polar_run_events (source, id, runId, profileId, trigger, output, createdAtMs) "
            "VALUES ('automation', 'job', ?, 'profile.default', 'schedule', ?, 1)",
            [("r1", '{"status":"executed"}'), ("r2", '{"status":"failed","reason":"no luck"}')],
        )
    assert printed(polar("replay", "--json", database=database)) == {"blocked": 1, "done": 1}
    assert printed(polar("replay", "--from", "2", "--json", database=database)) == {"blocked": 1, "done": 1}
    with closing(sqlite3.connect(database)) as connection, connection:
        assert connection.execute("SELECT runId, status, reason FROM polar_task_board ORDER BY runId").fetchall() == [
            ("r1", "done", None),
            ("r2", "blocked", "no luck"),
        ]
        connection.execute("DELETE FROM polar_task_board")
    assert printed(polar("replay", "--json", database=database)) == {"blocked": 1, "done": 1}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "status"), [(("nonsense",), 2), (("db", "check", "--nonsense"), 2), (("db", "check"), 1)]
)
def test_the_real_command_says_the_same(path: Path, arguments: tuple[str, ...], status: int) -> None:
    """Status 2 for wrong usage, 1 for what cannot be done; both are told on standard error alone."""
    here = polar(*arguments, database=path)
    there = process(*arguments, database=path)
    assert (here.exit_code, here.stdout, here.stderr) == (there.returncode, there.stdout, there.stderr)
    assert (there.returncode, there.stdout) == (status, "")
