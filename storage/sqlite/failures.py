"""What a failure of SQLite's is to whoever asked or wrote: an error of storage, with SQLite's as its cause."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from storage.errors import DatabaseLost, StatementFailed, StorageError
from storage.sqlite.codes import is_fatal_for_reader


def failure_of_reader(error: sqlite3.Error) -> StorageError:
    """What a failure of reading is to whoever asked."""
    told = lost(error) if is_fatal_for_reader(error) else StatementFailed(str(error))
    told.__cause__ = error
    return told


@contextmanager
def translated() -> Iterator[None]:
    """Raise what fails within as it is to whoever asked."""
    try:
        yield
    except sqlite3.Error as error:
        raise failure_of_reader(error) from error


def failure_of_unit(error: Exception) -> Exception:
    """What has voided a unit, to whoever waits for it."""
    if not isinstance(error, sqlite3.Error):
        return error
    told = StatementFailed(str(error))
    told.__cause__ = error
    return told


def lost(error: BaseException) -> DatabaseLost:
    """The end of the database by a failure of SQLite's."""
    return DatabaseLost(f"{DatabaseLost.__doc__} SQLite says: {error}")
