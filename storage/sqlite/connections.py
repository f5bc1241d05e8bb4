"""Connections to the file, each with what everything that uses one relies on."""

from __future__ import annotations

import sqlite3
from pathlib import Path

BUSY_TIMEOUT_MS = 5_000
"""The time that one try waits for another program's lock, where there is no other try."""
TRY_MS = 250
"""The time that one try of the bot's process waits, and so how late a stop of the bot may be noticed."""
STEP_PAGES = 1_024
"""Copied at once, 4 MiB mostly; the disk has them before the next come, so that no commit waits for all of them."""
STATEMENTS = 512
"""The prepared statements that the writer keeps, more than there are."""


def uri(path: Path, mode: str) -> str:
    """The SQLite URI of a file, opened in `mode` (`ro`, `rw` or `rwc`)."""
    return f"{path.absolute().as_uri()}?mode={mode}"


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode that cannot write, for any one thread. Rows come as sqlite3.Row."""
    connection = sqlite3.connect(
        uri(path, "ro"), timeout=BUSY_TIMEOUT_MS / 1_000, uri=True, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    return connection


def connect_lasting_reader(path: Path) -> sqlite3.Connection:
    """One that shares in the file from here on, as a process has it open; what the tables are it reads when asked."""
    connection = connect_reader(path)
    try:
        connection.execute("PRAGMA schema_version").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def connect_writer(path: Path, *, busy_ms: int) -> sqlite3.Connection:
    """A connection in autocommit mode with the durability that everything else relies on."""
    connection = sqlite3.connect(
        uri(path, "rwc"), uri=True, isolation_level=None, check_same_thread=False, cached_statements=STATEMENTS
    )
    try:
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA busy_timeout = {busy_ms}")
        # Only a file without tables still takes this setting, and only before WAL.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # What is deleted is overwritten. FAST would leave the words that stood on pages which nobody uses any more.
        connection.execute("PRAGMA secure_delete = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def has_fts5(connection: sqlite3.Connection) -> bool:
    """True if this SQLite build can have an index of words."""
    return connection.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").fetchone() is not None
