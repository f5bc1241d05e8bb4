"""Whether a file is whole, and how much is in it: asked of the database, and of copies of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from storage.sqlite import connections
from storage.sqlite.codes import is_busy

STEPS = 1_000
"""Of SQLite's machine, or pages of the file: how often it is asked whether somebody still waits."""
MOST = 10
"""The problems that are told; a file with more of them is not better known by them."""

_TABLES = """
SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'polar\\_%' ESCAPE '\\'
AND name NOT LIKE 'polar\\_memory\\_fts\\_%' ESCAPE '\\' ORDER BY name
"""


def problems(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with it, nothing where it is whole; reads all of it. Raises sqlite3.DatabaseError."""
    lines = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    lines += [f"foreign key: {tuple(row)}" for row in connection.execute("PRAGMA foreign_key_check")]
    return [problem for problem in lines if problem != "ok"]


def look_through(path: Path, *, is_over: Callable[[], bool]) -> list[str] | None:
    """The problems of the file, none where it is whole; None where the time was over, or somebody held a lock.

    It finds what is broken, not an index that lacks a row, which takes a walk over all (`problems`).
    """
    try:
        with closing(connections.connect_reader(path)) as connection:
            connection.set_progress_handler(is_over, STEPS)
            lines = [str(row[0]) for row in connection.execute(f"PRAGMA quick_check({MOST})")]
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT or is_busy(error):
            return None
        return [str(error)]
    return [line for line in lines if line != "ok"]


def count_rows(connection: sqlite3.Connection) -> dict[str, int]:
    """The rows of each table of ours."""
    names = [row[0] for row in connection.execute(_TABLES)]
    return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


def size(connection: sqlite3.Connection) -> int:
    """In bytes, with what is still in the log only."""
    pages, page = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages * page)
