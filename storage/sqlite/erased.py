"""Who was erased, as a file of whatever version tells it."""

from __future__ import annotations

import sqlite3

from storage.tables.erasures import Erased


def erased_of(connection: sqlite3.Connection) -> list[Erased] | None:
    """Those of a file of whatever version; None where somebody was erased and it did not keep who.

    Raises sqlite3.DatabaseError.
    """
    columns = {row[0] for row in connection.execute("SELECT name FROM pragma_table_info('polar_erasures')")}
    if columns:
        time = "erasedAtMs" if "erasedAtMs" in columns else "sequence"
        rows = connection.execute(f"SELECT userId, {time} FROM polar_erasures ORDER BY userId")
        return [Erased(row[0], row[1]) for row in rows]
    if not connection.execute("SELECT 1 FROM pragma_table_info('polar_properties')").fetchone():
        return []
    counted = connection.execute("SELECT 1 FROM polar_properties WHERE name = 'erasures'").fetchone()
    return None if counted else []
