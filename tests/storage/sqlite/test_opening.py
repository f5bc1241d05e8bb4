"""Opening a file: made right when it is new, refused untouched when it cannot be used, one process at a time."""

# ruff: noqa: ASYNC240 - nothing else runs on the loop while a test touches its files

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import stat
from pathlib import Path

import pytest

from storage import lock_waits, migrations
from storage.database import Database
from storage.errors import DatabaseBusy, DatabaseLocked, DatabaseUnusable
from storage.sqlite import connections, opening
from storage.sqlite.lock import exclusive
from storage.statement import Statement
from tests.storage.files import HOLD, NOW_MS, OPEN_AND_CLOSE, digest, locked, plain, rows, run, running

UNPRIVILEGED = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all")


def obeying_permissions(path: Path) -> tuple[str, ...]:
    """What makes a command obey file permissions, although the tests may run as root."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("util-linux has no setpriv here, so a process of root cannot be made to obey permissions")
    closed = path.with_name("closed-to-all")
    closed.touch(mode=0)
    probe = run("import os, sys; sys.exit(os.access(sys.argv[1], os.R_OK))", closed, prefix=UNPRIVILEGED)
    if probe.returncode != 0:
        pytest.skip(f"setpriv could not drop the right to ignore permissions: {probe.stderr}")
    return UNPRIVILEGED


async def make(path: Path) -> None:
    """A database of this code, closed again; its last pages hold rows, not the schema."""
    database = await Database.open(path, now_ms=NOW_MS)
    await database.commit(
        *[Statement("INSERT INTO polar_properties VALUES (?, ?)", (f"n{i}", "x" * 2000)) for i in range(50)]
    )
    await database.close()


async def refused(path: Path, *parts: str) -> None:
    """Opening fails, the message names the path and says what to do, and the file stays what it was."""
    before = digest(path) if path.is_file() else None
    with pytest.raises(DatabaseUnusable) as caught:
        await Database.open(path, now_ms=NOW_MS)
    message = str(caught.value)
    assert str(path) in message
    for part in parts:
        assert part in message
    assert (digest(path) if path.is_file() else None) == before


async def test_a_new_file_is_durable_from_its_first_byte(database: Database, path: Path) -> None:
    """WAL, synchronous FULL, foreign keys on, auto_vacuum INCREMENTAL, a busy time-out."""
    names = ("journal_mode", "synchronous", "foreign_keys", "auto_vacuum", "busy_timeout")
    found = await database.commit(*(Statement(f"SELECT * FROM pragma_{name}") for name in names))
    assert {name: rows[0][0] for name, rows in zip(names, found, strict=True)} == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "auto_vacuum": 2,
        "busy_timeout": connections.TRY_MS,
    }
    assert opening.check(path) == migrations.newest()


async def test_an_empty_file_is_a_new_one(path: Path) -> None:
    """`touch` beforehand makes no difference."""
    path.touch()
    assert opening.check(path) == 0
    await make(path)
    assert rows(path, "PRAGMA auto_vacuum") == [(2,)]
    assert len(rows(path, "SELECT * FROM polar_properties")) == 50


@pytest.mark.parametrize("content", [b"hello\n", b"\x00" * 4096, b"# A markdown file\n" * 500])
async def test_a_file_that_is_no_database_is_refused(path: Path, content: bytes) -> None:
    """However short or long it is."""
    path.write_bytes(content)
    await refused(path, "cannot be read as a SQLite database", "restore it from a backup", "POLAR_DATABASE")


@pytest.mark.parametrize("kept", [50, 99, 100, 600, 4095, 4096, 4097, 20_000, -4096, -4095, -100, -1])
async def test_a_truncated_database_is_refused(path: Path, kept: int) -> None:
    """Cut anywhere: within its header, between two pages, or within its last page."""
    await make(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:kept])
    await refused(path, "cannot be read as a SQLite database", "restore it from a backup")
    path.write_bytes(whole)
    await opens_whole(path)


async def opens_whole(path: Path) -> None:
    """The same file, not cut, opens."""
    database = await Database.open(path, now_ms=NOW_MS)
    assert len(await database.fetch("SELECT * FROM polar_properties")) == 50
    await database.close()


async def test_a_newer_schema_is_refused(path: Path) -> None:
    """The message has both versions."""
    await make(path)
    newer = migrations.newest() + 1
    with plain(path) as connection:
        connection.execute("INSERT INTO polar_schema_versions VALUES (?, 'of tomorrow', 1)", (newer,))
        connection.execute("PRAGMA journal_mode = DELETE")
    before = digest(path)
    with pytest.raises(DatabaseUnusable, match=f"schema version {newer}, newer than the {newer - 1} of this code"):
        await Database.open(path, now_ms=NOW_MS)
    assert digest(path) == before
    await refused(path, "update Polar")


@pytest.mark.parametrize("begin", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
async def test_a_lock_at_the_start_is_waited_for_and_said(
    path: Path, mode: str, begin: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """In whatever mode an earlier process left the file; opening ends once the lock is free."""
    monkeypatch.setattr(lock_waits, "LINE_EVERY_S", 0)
    await make(path)
    with plain(path) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
    with locked(path, begin):
        opening_it = asyncio.create_task(Database.open(path, now_ms=NOW_MS))
        async with asyncio.timeout(30):
            while caplog.text.count("it is waited for") < 3:  # noqa: ASYNC110 - a log tells nobody
                await asyncio.sleep(0)
        assert not opening_it.done()
    async with asyncio.timeout(30):
        database = await opening_it
    assert len(await database.fetch("SELECT * FROM polar_properties")) == 50
    await database.close()


async def test_a_start_that_waits_for_a_lock_can_be_called_off(path: Path) -> None:
    """Nothing of ours is left on the file then."""
    await make(path)
    with locked(path):
        opening_it = asyncio.create_task(Database.open(path, now_ms=NOW_MS))
        done, _ = await asyncio.wait([opening_it], timeout=0.5)
        assert not done
        opening_it.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening_it
    with exclusive(path):
        assert len(rows(path, "SELECT * FROM polar_properties")) == 50


def test_who_does_not_wait_for_a_lock_says_so(path: Path) -> None:
    """A command gives up after a while, with an error that is the lock's and not the file's."""
    opening.prepare(path, NOW_MS)[0].close()
    with locked(path), pytest.raises(DatabaseBusy, match="Another program holds the database's lock"):
        opening.prepare(path, NOW_MS, busy_ms=10)


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """Nothing is created; the message says to create the folder."""
    path = tmp_path / "no" / "such" / "polar-system.db"
    with pytest.raises(DatabaseUnusable, match="does not exist; create it") as caught:
        await Database.open(path, now_ms=NOW_MS)
    assert str(path.parent) in str(caught.value)
    assert not (tmp_path / "no").exists()


async def test_a_folder_in_place_of_the_file_is_refused(path: Path) -> None:
    """It stays an empty folder."""
    path.mkdir()
    await refused(path, "is a folder", "POLAR_DATABASE")
    assert list(path.iterdir()) == []
    assert list(path.parent.iterdir()) == [path]


async def test_a_read_only_file_is_refused(path: Path) -> None:
    """The process may read it, not write it."""
    prefix = obeying_permissions(path)
    await make(path)
    before = digest(path)
    path.chmod(0o444)
    said = run(OPEN_AND_CLOSE, path, prefix=prefix).stdout
    assert said.startswith(f"DatabaseUnusable: {path} cannot be written; make it writable")
    assert digest(path) == before


async def test_a_read_only_folder_is_refused(path: Path) -> None:
    """SQLite needs room for its log beside the file."""
    prefix = obeying_permissions(path)
    await make(path)
    before = digest(path)
    path.parent.chmod(0o555)
    try:
        said = run(OPEN_AND_CLOSE, path, prefix=prefix).stdout
    finally:
        path.parent.chmod(0o755)
    assert said.startswith(f"DatabaseUnusable: the folder {path.parent} cannot be written")
    assert "make it writable, or change POLAR_DATABASE" in said
    assert digest(path) == before


async def test_a_file_that_cannot_be_reached_is_refused(tmp_path: Path) -> None:
    """A folder above it that this user may not enter is no crash."""
    prefix = obeying_permissions(tmp_path / "probe")
    closed = tmp_path / "closed"
    path = closed / "data" / "polar-system.db"
    path.parent.mkdir(parents=True)
    closed.chmod(0o600)
    try:
        said = run(OPEN_AND_CLOSE, path, prefix=prefix).stdout
    finally:
        closed.chmod(0o700)
    assert said.startswith("DatabaseUnusable: ")
    assert str(path) in said
    assert "cannot be reached" in said


async def test_a_lock_file_of_another_user_is_named(path: Path) -> None:
    """A lock file that cannot be opened is told with its path; the database is untouched."""
    prefix = obeying_permissions(path)
    await make(path)
    before = digest(path)
    lock = path.with_name(path.name + ".lock")
    lock.chmod(0)
    said = run(OPEN_AND_CLOSE, path, prefix=prefix).stdout
    assert said.startswith(f"DatabaseUnusable: the lock file {lock} cannot be opened")
    assert digest(path) == before


async def test_one_process_at_a_time(path: Path) -> None:
    """While a process holds the database another gets DatabaseLocked, and the file is as it was for it."""
    with running(HOLD, path) as holder:
        said = run(OPEN_AND_CLOSE, path).stdout
        assert said.startswith(f"DatabaseLocked: another Polar process runs on {path}; stop it first")
        with pytest.raises(DatabaseLocked):
            await Database.open(path, now_ms=NOW_MS)
        with pytest.raises(DatabaseLocked), exclusive(path):
            pass
        assert holder.poll() is None
    assert rows(path, "SELECT name FROM polar_properties") == [("holder",)]


async def test_another_name_of_the_same_file_is_locked_too(path: Path, tmp_path: Path) -> None:
    """A symbolic link leads to the same lock."""
    other = tmp_path / "other"
    other.mkdir()
    link = other / "link.db"
    link.symlink_to(path)
    with running(HOLD, path):
        assert run(OPEN_AND_CLOSE, link).stdout.startswith("DatabaseLocked: ")
    assert run(OPEN_AND_CLOSE, link).stdout == "opened\n"


async def test_a_killed_process_leaves_no_lock_and_no_loss(path: Path) -> None:
    """After SIGKILL the next open works at once, and what was committed is there."""
    with running(HOLD, path) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait(30)
    assert path.with_name(path.name + "-wal").stat().st_size > 0
    database = await Database.open(path, now_ms=NOW_MS)
    assert [row[0] for row in await database.fetch("SELECT name FROM polar_properties")] == ["holder"]
    await database.close()


async def test_the_lock_is_given_back(path: Path) -> None:
    """By `close`, and by an open that failed."""
    await make(path)
    path.write_bytes(b"garbage")
    with pytest.raises(DatabaseUnusable):
        await Database.open(path, now_ms=NOW_MS)
    with exclusive(path):
        pass


async def test_the_lock_file_is_the_owners_alone(database: Database, path: Path) -> None:
    """Mode 0600, beside the database."""
    assert stat.S_IMODE(path.with_name(path.name + ".lock").stat().st_mode) == 0o600


KILLED_IN_A_TRANSACTION = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("CREATE TABLE others (x)")
connection.executemany("INSERT INTO others VALUES (?)", [("kept" * 500,)] * 200)
connection.execute("PRAGMA cache_size = 5")
connection.execute("BEGIN")
connection.execute("UPDATE others SET x = 'half'")
os.kill(os.getpid(), 9)
"""


async def test_the_journal_of_a_killed_earlier_runtime_is_undone(path: Path) -> None:
    """A file in journal mode DELETE whose writer died within a transaction opens in the state before that."""
    run(KILLED_IN_A_TRANSACTION, path)
    assert path.with_name(path.name + "-journal").stat().st_size > 0
    with pytest.raises(sqlite3.OperationalError), plain_read_only(path) as connection:
        connection.execute("SELECT * FROM others")
    database = await Database.open(path, now_ms=NOW_MS)
    found = await database.fetch("SELECT x, count(*) FROM others GROUP BY x")
    await database.close()
    assert [tuple(row) for row in found] == [("kept" * 500, 200)]


def plain_read_only(path: Path) -> sqlite3.Connection:
    """A connection that cannot undo a journal."""
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True)
