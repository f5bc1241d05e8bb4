"""Putting a file in the place of the database: all of it or nothing, whenever the process is killed.

What has to be done with a copy is done in a third file beside the database, so that the last step is a single
transaction of SQLite, or a rename where there is no database that could be written to.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from storage import private_files
from storage.errors import DatabaseUnusable
from storage.sqlite import connections, own_files
from storage.sqlite.codes import is_damage
from storage.sqlite.connections import STEP_PAGES
from storage.sqlite.writer import empty_log
from storage.steps import OnStep


@contextmanager
def staging(path: Path) -> Iterator[Path]:
    """A file for what is to be the database, gone in the end; what a killed process left of one goes first."""
    staged = own_files.beside(path, own_files.STAGED)
    _remove(staged)
    try:
        private_files.create(staged)
        yield staged
    except (OSError, sqlite3.OperationalError) as error:
        raise DatabaseUnusable(f"{path} was not replaced, and is as it was: {error}") from error
    finally:
        _remove(staged)


def _remove(path: Path) -> None:
    for ending in ("", *own_files.SQLITES, own_files.LOCK):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def fit(staged: Path, page_size: int) -> None:
    """Pages of the size that the database has, which keeps it."""
    with closing(sqlite3.connect(connections.uri(staged, "rw"), uri=True, isolation_level=None)) as connection:
        if connection.execute("PRAGMA page_size").fetchone()[0] != page_size:
            connection.execute(f"PRAGMA page_size = {page_size}")
            connection.execute("VACUUM")


def put(staged: Path, path: Path, progress: OnStep, *, is_whole: bool) -> Path | None:
    """Put it in the place of the database; the file that was set aside for it, where that cannot be written to."""
    if not is_whole:
        return _rename(staged, path.resolve())
    try:
        with (
            closing(connections.connect_reader(staged)) as source,
            closing(connections.connect_writer(path, busy_ms=connections.BUSY_TIMEOUT_MS)) as database,
        ):
            # One transaction: readers see the former database until it is committed, and whoever is killed before has
            # written nothing.
            source.backup(database, pages=STEP_PAGES, progress=lambda _, left, pages: progress(pages - left, pages))
            empty_log(database)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        return _rename(staged, path.resolve())
    return None


def _rename(staged: Path, real: Path) -> Path | None:
    """By its name; the log of the former file goes first, as it must never be taken for one of this."""
    aside = next(name for n in range(1, 1_000) if not (name := real.with_name(f"{real.name}.damaged-{n}")).exists())
    for ending in own_files.SQLITES:
        with suppress(FileNotFoundError):
            real.with_name(real.name + ending).rename(aside.with_name(aside.name + ending))
    is_replaced = real.exists()
    if is_replaced:
        aside.hardlink_to(real)
    descriptor = os.open(staged, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    staged.rename(real)
    private_files.sync_folder(real.parent)
    return aside if is_replaced else None
