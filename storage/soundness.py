"""Whether a file is whole, and how much is in it: asked of the database, and of copies of it."""

from __future__ import annotations

import sqlite3

_TABLES = """
SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'polar\\_%' ESCAPE '\\'
AND name NOT LIKE 'polar\\_memory\\_fts\\_%' ESCAPE '\\' ORDER BY name
"""


def problems(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with it, nothing where it is whole; reads all of it. Raises sqlite3.DatabaseError."""
    lines = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    lines += [f"foreign key: {tuple(row)}" for row in connection.execute("PRAGMA foreign_key_check")]
    return [problem for problem in lines if problem != "ok"]


def count_rows(connection: sqlite3.Connection) -> dict[str, int]:
    """The rows of each table of ours."""
    names = [row[0] for row in connection.execute(_TABLES)]
    return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


def size(connection: sqlite3.Connection) -> int:
    """In bytes, with what is still in the log only."""
    pages, page = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages * page)
