"""The schema that all migrations lead to, as one text: `python -m storage.schema > storage/schema.sql`."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing

from storage import migrations

HEADER = """\
-- The sum of storage/migrations, for reading. Made by: python -m storage.schema > storage/schema.sql
-- Not in it: polar_memory_fts, the optional full-text index, which storage/memory_index.py makes.
"""
# Tables by name, each followed by its indexes and its triggers. What SQLite makes itself has no SQL text.
_OBJECTS = """
SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
ORDER BY tbl_name, CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 ELSE 2 END, name
"""


def text() -> str:
    """The schema of a new database as SQL statements, in an order that does not depend on the migrations'."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.apply(connection, now_ms=0)
        objects = [row[0] for row in connection.execute(_OBJECTS)]
    return HEADER + "".join(f"\n{sql};\n" for sql in objects)


if __name__ == "__main__":
    sys.stdout.write(text())
