"""`polar db backup`, `restore` and `adopt`, on a real file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.bot.cli.terminal import polar, printed


def test_a_backup_tells_what_was_copied(database: Path, tmp_path: Path) -> None:
    """To programs and to people; a second one to the same file is refused in one line."""
    first, second = tmp_path / "first", tmp_path / "second"
    facts = printed(polar("db", "backup", str(first), "--json", database=database))
    assert facts.pop("seconds") >= 0
    assert facts == {"file": str(first), "bytes": first.stat().st_size, "logGrewBytes": 0}
    told = polar("db", "backup", str(second), database=database)
    assert "is whole" in told.stdout
    assert "the log grew by 0.0 MiB" in told.stdout
    refused = polar("db", "backup", str(second), database=database)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert len(refused.stderr.splitlines()) == 1


def test_a_copy_is_put_back(database: Path, tmp_path: Path) -> None:
    """What was done is told to programs and to people."""
    copy = tmp_path / "copy"
    polar("db", "backup", str(copy), database=database)
    facts = printed(polar("db", "restore", str(copy), "--json", database=database))
    assert facts == {"deliveries": 0, "updates": 0, "runs": 0, "erased": 0, "applied": [], "aside": None}
    told = polar("db", "restore", str(copy), database=database)
    assert "deliveries set aside     0\n" in told.stdout
    database.write_text("no database " * 1000)
    told = polar("db", "restore", str(copy), "--no-erasures", database=database)
    assert f"{database}.damaged-1" in told.stdout.replace("\n", "")


def test_a_file_from_elsewhere_is_adopted_by_who_says_whom_to_erase(database: Path, tmp_path: Path) -> None:
    """A list, several of them, or that there was nobody; what is no list is refused in one line."""
    kept, none = tmp_path / "erasures.json", tmp_path / "none"
    polar("erase", "7", database=database)
    kept.write_text(polar("erase", "--list", "--json", database=database).stdout, encoding="utf-8")
    none.write_text("[]", encoding="utf-8")
    assert printed(polar("db", "adopt", "--no-erasures", "--json", database=database))["erased"] == 0
    lists = ("--erasures", str(kept), "--erasures", str(kept))
    assert printed(polar("db", "adopt", *lists, "--json", database=database))["erased"] == 0
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM polar_erasures")
    assert printed(polar("db", "adopt", *lists, "--json", database=database))["erased"] == 1
    assert polar("db", "adopt", database=database).exit_code == 2
    assert polar("db", "adopt", "--no-erasures", *lists, database=database).exit_code == 2
    for file in (none, tmp_path / "nowhere"):
        refused = polar("db", "adopt", "--erasures", str(file), database=database)
        assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1)
        assert str(file) in refused.stderr
