"""Opening the file: refuse what cannot be used before a byte of it changes, then bring it up to date."""

from __future__ import annotations

import glob
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from storage import migrations, moved, private_files
from storage.errors import DatabaseBusy, DatabaseUnusable
from storage.sqlite import connections, memory_table, own_files
from storage.sqlite.codes import is_busy

OLDEST_SQLITE = (3, 35, 0)
"""The first with RETURNING."""


def check(path: Path, *, busy_ms: int = connections.BUSY_TIMEOUT_MS) -> int:
    """The schema version of the file at `path`: 0 for a missing, an empty or an earlier runtime's one.

    Opens it read-only. Raises DatabaseUnusable, with what to do, for a folder that is missing or cannot be
    written, a file that is no database or is damaged, and a schema newer than this code; DatabaseBusy when another
    program keeps it locked for longer than `busy_ms`.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise DatabaseUnusable(
            f"this Python has SQLite {sqlite3.sqlite_version}; Polar needs 3.35 or newer, so use a newer Python"
        )
    try:
        _check_folder(path)
        if not path.exists():
            return 0
        if path.is_dir():
            raise DatabaseUnusable(f"{path} is a folder; POLAR_DATABASE must name a file")
    except PermissionError as error:
        raise DatabaseUnusable(
            f"{path} cannot be reached ({error.strerror}); allow this user into its folders, or change POLAR_DATABASE"
        ) from error
    try:
        version = _inspect(path, busy_ms)
    except sqlite3.DatabaseError as error:
        if is_busy(error):
            raise DatabaseBusy from error
        raise DatabaseUnusable(
            f"{path} cannot be read as a SQLite database ({error}); "
            "restore it from a backup, or name another file in POLAR_DATABASE"
        ) from error
    if version > migrations.newest():
        raise DatabaseUnusable(
            f"{path} has schema version {version}, newer than the {migrations.newest()} of this code; "
            "update Polar, or name another file in POLAR_DATABASE"
        )
    return version


def check_stays(path: Path) -> None:
    """Raise DatabaseUnusable where a file, which `check` has found good, was moved, or is the beginning of a copy."""
    if not path.exists():
        return
    with closing(connections.connect_reader(path)) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'polar_properties'").fetchone():
            moved.check(str(path), connection.execute(moved.MARKS).fetchall())


def check_readable(path: Path) -> None:
    """Raise DatabaseUnusable, with what to do, unless the file can be read and is of this code's version."""
    try:
        if not path.is_file():
            raise DatabaseUnusable(f"{path} does not exist; polar run or polar db migrate creates it")
        version = _version(path, "ro", connections.BUSY_TIMEOUT_MS)
    except (sqlite3.OperationalError, PermissionError) as error:
        raise DatabaseUnusable(
            f"{path} cannot be opened by this user ({error}). SQLite keeps its log beside the database and needs it "
            "for reading too, and both are the bot's alone: run this as the bot's own user"
        ) from error
    except sqlite3.DatabaseError as error:
        raise DatabaseUnusable(
            f"{path} cannot be read as a SQLite database ({error}); name the right file in POLAR_DATABASE"
        ) from error
    if version < migrations.newest():
        raise DatabaseUnusable(f"{path} is of an older version; polar db migrate brings it up to date")
    if version > migrations.newest():
        raise DatabaseUnusable(
            f"{path} has schema version {version}, newer than the {migrations.newest()} of this code; update Polar"
        )


def identify(path: Path) -> tuple[int, int]:
    """Which file lies there, once it is known that it can be read and is of this code's version."""
    check_readable(path)
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise DatabaseUnusable(f"{path} was deleted just now") from error
    return status.st_dev, status.st_ino


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection in one transaction: all its queries see the database of one instant.

    Rows come as sqlite3.Row. Keep it short where the bot runs: its log cannot be folded in meanwhile.
    """
    check_readable(path)
    with closing(connections.connect_reader(path)) as connection:
        connection.execute("BEGIN")
        yield connection


def _inspect(path: Path, busy_ms: int) -> int:
    try:
        return _version(path, "ro", busy_ms)
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_READONLY_ROLLBACK:
            raise
    # The earlier runtime was killed within a transaction: its journal is there, and who opens the file next has
    # to undo it. Nothing of ours writes a journal, so a file of a newer schema never gets here.
    return _version(path, "rw", busy_ms)


def _version(path: Path, mode: str, busy_ms: int) -> int:
    with closing(sqlite3.connect(connections.uri(path, mode), uri=True, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA busy_timeout = {busy_ms}")
        connection.execute("BEGIN")
        version = migrations.version(connection)
        pages, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        if not _has_log(path) and path.stat().st_size < pages * size:  # SQLite itself overlooks half a last page
            raise sqlite3.DatabaseError("its end is missing")
        return version


def _has_log(path: Path) -> bool:
    log = own_files.beside(path, own_files.LOG)
    return log.exists() and log.stat().st_size > 0


def _check_folder(path: Path) -> None:
    folder = path.parent
    if not folder.is_dir():
        raise DatabaseUnusable(f"the folder {folder} does not exist; create it, or change POLAR_DATABASE")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DatabaseUnusable(
            f"the folder {folder} cannot be written, and SQLite keeps its log beside the database; "
            "make it writable, or change POLAR_DATABASE"
        )
    if path.is_file() and not os.access(path, os.W_OK):
        raise DatabaseUnusable(f"{path} cannot be written; make it writable, or change POLAR_DATABASE")


def tighten(path: Path) -> None:
    """Take from others what they may do with the file, and with what an earlier process left beside it."""
    log = own_files.beside(path, own_files.LOG)
    private_files.tighten(*own_files.all_of(path), *sorted(log.parent.glob(f"{glob.escape(log.name)}.of-*")))


def prepare(
    path: Path, now_ms: int, *, busy_ms: int = connections.BUSY_TIMEOUT_MS
) -> tuple[sqlite3.Connection, list[migrations.Migration]]:
    """Check, open, migrate and index the file; returns the writer's connection and what was applied.

    Raises DatabaseUnusable, and DatabaseBusy when another program keeps it locked for longer than `busy_ms`: what
    was done until then is whole, and is gone on with the next time.
    """
    check(path, busy_ms=busy_ms)
    try:
        private_files.create(path.resolve())
        connection = connections.connect_writer(path, busy_ms=busy_ms)
        try:
            applied = migrations.apply(connection, now_ms)
            memory_table.prepare(connection)
            # What one statement of some rows may have to undo is a page for each index entry: beyond 64 KiB that would
            # go through a file. storage/sqlite/writer.py turns this off for what may change very many.
            connection.execute("PRAGMA temp_store = MEMORY")
        except BaseException:
            connection.close()
            raise
    except (sqlite3.DatabaseError, OSError) as error:
        if is_busy(error):
            raise DatabaseBusy from error
        raise DatabaseUnusable(f"{path} cannot be opened for writing: {error}") from error
    return connection, applied
