"""Copies of a database that is written to meanwhile."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from storage import care
from storage.errors import CopyFailed, DatabaseUnusable
from storage.sqlite import backup
from storage.sqlite.backup import Backup, back_up
from tests.storage.files import NOW_MS, plain, rows

ADD = "INSERT INTO polar_properties VALUES (?, ?)"


@pytest.fixture
def made(path: Path) -> Path:
    """A database with something in it."""
    care.migrate(path, now_ms=NOW_MS)
    with plain(path) as connection:
        connection.execute(ADD, ("kept", "x" * 20_000))
    return path


def copy(path: Path, to: Path, progress: Callable[[int, int], None] = lambda done, of: None) -> Backup:
    """A copy, with whatever is to happen after each step."""
    return back_up(path, to, progress)


def left_beside(to: Path, path: Path) -> list[str]:
    """What lies there besides the database's own files."""
    return sorted(each.name for each in to.parent.iterdir() if not each.name.startswith(path.name))


def test_a_copy_is_whole_of_one_file_and_its_owners_alone(made: Path, tmp_path: Path) -> None:
    """It can be read where nothing can be written, by whatever program."""
    to = tmp_path / "copy"
    found = copy(made, to)
    assert left_beside(to, made) == ["copy"]
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    assert found.size == to.stat().st_size
    assert rows(to, "SELECT length(value) FROM polar_properties WHERE name = 'kept'") == [(20_000,)]
    assert rows(to, "PRAGMA integrity_check") == [("ok",)]
    assert rows(to, "PRAGMA journal_mode") == [("delete",)]


def test_what_is_committed_meanwhile_begins_nothing_anew(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step comes once, the copy is of the instant at which it began, and the log's growth is told."""
    monkeypatch.setattr(backup, "STEP_PAGES", 10)
    steps: list[tuple[int, int]] = []

    def bot_commits(done: int, of: int) -> None:
        steps.append((done, of))
        assert len(steps) < 100, "it began anew"
        with plain(made) as bot:
            bot.execute(ADD, (f"meanwhile {len(steps)}", "y" * 20_000))

    found = copy(made, tmp_path / "copy", bot_commits)
    pages = found.size // 4096
    assert steps == [(min(done, pages), pages) for done in range(10, pages + 10, 10)]
    assert rows(tmp_path / "copy", "SELECT name FROM polar_properties") == [("kept",)]
    assert len(rows(made, "SELECT name FROM polar_properties")) == 1 + len(steps)
    assert found.log_grew > len(steps) * 20_000


@pytest.mark.parametrize("ending", ["", "-wal", ".lock", ".restoring"])
def test_the_database_itself_is_no_place_for_a_copy(made: Path, ending: str) -> None:
    """Nor is a file that goes with it, by whatever name."""
    with pytest.raises(CopyFailed, match="the database itself"):
        copy(made, made.with_name(made.name + ending))
    link = made.with_name("link")
    link.symlink_to(made)
    with pytest.raises(CopyFailed, match="the database itself"):
        copy(made, link)
    assert rows(made, "SELECT count(*) FROM polar_properties") == [(1,)]


def test_nothing_is_written_over(made: Path, tmp_path: Path) -> None:
    """Not even what appears while it is copied."""
    to = tmp_path / "copy"
    with pytest.raises(CopyFailed, match="is there already"):
        copy(made, to, lambda done, of: to.touch())
    assert to.read_bytes() == b""
    with pytest.raises(CopyFailed, match="is there already"):
        copy(made, to)
    assert left_beside(to, made) == ["copy"]


def test_a_disk_without_room_is_told_before_anything_is_written(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the size of the database."""
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=1_000))
    with pytest.raises(CopyFailed, match="no room"):
        copy(made, tmp_path / "copy")
    assert left_beside(tmp_path / "copy", made) == []


@pytest.mark.parametrize("error", [sqlite3.OperationalError("database or disk is full"), OSError(28, "No space left")])
def test_a_disk_that_fills_meanwhile_leaves_nothing(made: Path, tmp_path: Path, error: Exception) -> None:
    """And is told by what the system says."""

    def fail(done: int, of: int) -> None:
        raise error

    with pytest.raises(CopyFailed, match=r"was not written .*(full|No space left).*; nothing is left"):
        copy(made, tmp_path / "copy", fail)
    assert left_beside(tmp_path / "copy", made) == []


def test_a_damaged_database_gives_no_copy(made: Path, tmp_path: Path) -> None:
    """It is looked through before it gets its name."""
    with plain(made) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = 'CREATE UNIQUE INDEX polar_access_owner ON polar_access (subject)' "
            "WHERE name = 'polar_access_owner'"
        )
        connection.execute("INSERT INTO polar_access VALUES ('1', 'member', NULL, 1)")
    with pytest.raises(CopyFailed, match="damaged"):
        copy(made, tmp_path / "copy")
    assert left_beside(tmp_path / "copy", made) == []


def test_a_copy_that_lacks_something_is_none(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though SQLite finds it whole."""
    empty = tmp_path / "empty"
    care.migrate(empty, now_ms=NOW_MS)
    monkeypatch.setattr(backup, "pour", lambda source, part, progress, written: shutil.copyfile(empty, part))
    with pytest.raises(CopyFailed, match="has not what the database has"):
        copy(made, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_of_nothing_there_is_no_copy(path: Path, tmp_path: Path) -> None:
    """Nor is a database made by it."""
    with pytest.raises(DatabaseUnusable, match="does not exist"):
        copy(path, tmp_path / "copy")
    with pytest.raises(CopyFailed, match="the folder"):
        care.migrate(path, now_ms=1)
        copy(path, tmp_path / "nowhere" / "copy")
    assert left_beside(tmp_path / "copy", path) == []
