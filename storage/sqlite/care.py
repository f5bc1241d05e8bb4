"""Care of the file, of whatever version it is: bringing it up to date, looking through it, counting its rows."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from storage import migrations
from storage.errors import DatabaseBusy, DatabaseUnusable
from storage.sqlite import connections, opening, own_files, soundness
from storage.sqlite.lock import exclusive
from storage.state import Contents, DatabaseState, Vacuumed

_WITH_STATES = ("polar_updates", "polar_delivery_queue")


def migrate(path: Path, *, now_ms: int) -> list[migrations.Migration]:
    """Create the file, or bring it to this version's schema; what was applied. Raises DatabaseUnusable."""
    opening.check(path)
    opening.check_stays(path)
    with exclusive(path):
        opening.tighten(path)
        connection, applied = opening.prepare(path, now_ms)
        connection.close()
    return applied


def vacuum(path: Path) -> Vacuumed:
    """Write the file anew without its unused pages, and let it give such back from now on.

    Nothing else may use it meanwhile. Raises DatabaseUnusable, and DatabaseLocked where a bot runs on it.
    """
    with exclusive(path):
        if opening.check(path) < migrations.newest():
            raise DatabaseUnusable(f"{path} is not there or not up to date; polar db migrate makes it so")
        try:
            with closing(connections.connect_writer(path, busy_ms=connections.BUSY_TIMEOUT_MS)) as connection:
                before = soundness.size(connection)
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                return Vacuumed(before=before, after=soundness.size(connection))
        except sqlite3.OperationalError as error:
            raise DatabaseUnusable(f"{path} cannot be written anew just now, and is as it was: {error}") from error


def find_problems(path: Path) -> list[str]:
    """The problems of the file, none where it is whole; raises DatabaseUnusable."""
    with closing(_existing(path)) as connection:
        return soundness.problems(connection)


def count(path: Path) -> Contents:
    """The contents of the file; raises DatabaseUnusable."""
    with closing(_existing(path)) as connection:
        rows = soundness.count_rows(connection)
        states = {
            name: dict(map(tuple, connection.execute(f"SELECT status, count(*) FROM {name} GROUP BY status")))
            for name in _WITH_STATES
            if name in rows
        }
        return Contents(rows=rows, states=states, bytes=soundness.size(connection))


def look_at(path: Path) -> DatabaseState:
    """All that can be told without reading its content; a file of another version is not touched."""
    real = path.resolve()
    try:
        version, trouble = opening.check(path), ""
        opening.check_stays(path)
    except (DatabaseUnusable, DatabaseBusy) as error:
        version, trouble = None, str(error)
    free = None
    with suppress(OSError):
        free = shutil.disk_usage(real.parent).free
    return DatabaseState(
        location=path,
        newest=migrations.newest(),
        version=version,
        trouble=trouble,
        exists=path.is_file(),
        size=_size(real),
        log_size=_size(own_files.beside(path, own_files.LOG)),
        disk_free=free,
    )


def _existing(path: Path) -> sqlite3.Connection:
    """The file, read-only."""
    opening.check(path)
    if not path.exists():
        raise DatabaseUnusable(f"{path} does not exist; polar run or polar db migrate creates it")
    return connections.connect_reader(path)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
