"""What a database file holds, table by table."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping


def rows(database: sqlite3.Connection) -> Mapping[str, int]:
    """Rows of each table of ours."""
    sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'polar_*' AND name NOT GLOB '*_fts*'"
    names = [name for (name,) in database.execute(f"{sql} ORDER BY 1")]
    return {name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}


def sizes(database: sqlite3.Connection) -> Mapping[str, int]:
    """Bytes of each table with its indexes; none where SQLite was built without telling."""
    sql = "SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_master USING (name) GROUP BY 1"
    try:
        return dict(database.execute(sql).fetchall())
    except sqlite3.OperationalError:
        return {}
