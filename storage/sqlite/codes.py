"""SQLite's result codes of a failure: the file is lost, or somebody else holds its lock."""

from __future__ import annotations

import sqlite3

_FATAL = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_PROTOCOL}


def is_fatal(error: BaseException) -> bool:
    """True if a failure concerns the file, not the statement: nothing later in this process can be trusted to work.

    A full-text index that is damaged is no more than that index: it can be made anew.
    """
    code = _code(error)
    return code & 0xFF in _FATAL and code != sqlite3.SQLITE_CORRUPT_VTAB


def is_fatal_for_reader(error: BaseException) -> bool:
    """As is_fatal, of a connection that may not write: that it was asked to is a mistake of whoever asked."""
    return is_fatal(error) and _code(error) != sqlite3.SQLITE_READONLY


def is_damage(error: BaseException) -> bool:
    """True if the file is no whole database, so that nothing can be read from it nor written to it."""
    return _code(error) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_busy(error: BaseException) -> bool:
    """True if another program's lock is in the way, which says nothing of the statement."""
    return _code(error) & 0xFF in _BUSY


def _code(error: BaseException) -> int:
    return int(getattr(error, "sqlite_errorcode", None) or 0)
