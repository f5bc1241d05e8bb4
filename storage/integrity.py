"""Looking through a file of any version without changing a byte, as long as somebody waits for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from storage import opening
from storage.sqlite_codes import is_busy

STEPS = 1_000
"""Of SQLite's machine, or pages of the file: how often it is asked whether somebody still waits."""
MOST = 10
"""The problems that are told; a file with more of them is not better known by them."""


def look_through(path: Path, *, is_over: Callable[[], bool]) -> list[str] | None:
    """The problems of the file, none where it is whole; None where the time was over, or somebody held a lock.

    It finds what is broken, not an index that lacks a row, which takes a walk over all (`care.find_problems`).
    """
    try:
        with closing(sqlite3.connect(opening.uri(path, "ro"), uri=True)) as connection:
            connection.set_progress_handler(is_over, STEPS)
            lines = [str(row[0]) for row in connection.execute(f"PRAGMA quick_check({MOST})")]
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT or is_busy(error):
            return None
        return [str(error)]
    return [line for line in lines if line != "ok"]
