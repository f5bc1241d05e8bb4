"""Care of a server's database, of whatever version it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from psycopg import sql

from storage import migrations, moved
from storage.beside import Beside
from storage.errors import DatabaseUnusable
from storage.location import ServerUrl
from storage.migrations import Migration
from storage.postgres import opening, schema
from storage.postgres.beside import beside
from storage.postgres.dialect import NAME, translate
from storage.postgres.rows import ServerConnection
from storage.state import Contents, DatabaseState, Halted, Restored
from storage.tables.erasures import Erased, Erasures, since

_WITH_STATES = ("polar_updates", "polar_delivery_queue")
_TABLES = f"SELECT tablename FROM pg_tables WHERE schemaname = '{NAME}' ORDER BY tablename"
# What makes rows lie without anybody being told: nobody can do such by accident but as the tables' owner.
_PROBLEMS = f"""
SELECT 'the index ' || indexrelid::regclass || ' is not valid: REINDEX it' FROM pg_index
WHERE NOT indisvalid AND indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = '{NAME}'::regnamespace)
UNION ALL
SELECT 'the trigger ' || tgname || ' of ' || tgrelid::regclass || ' is switched off: ALTER TABLE ... ENABLE TRIGGER'
FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE tgenabled = 'D' AND relnamespace = '{NAME}'::regnamespace
UNION ALL
SELECT 'the rule ' || conname || ' of ' || conrelid::regclass || ' was never checked: VALIDATE CONSTRAINT'
FROM pg_constraint WHERE NOT convalidated AND connamespace = '{NAME}'::regnamespace
UNION ALL
SELECT checksum_failures || ' pages of the database are damaged, by their checksums'
FROM pg_stat_database WHERE datname = current_database() AND checksum_failures > 0
"""


def migrate(url: ServerUrl, *, now_ms: int) -> list[Migration]:
    """Make the tables, or bring them to this version; what was applied. Raises DatabaseUnusable."""
    link, applied = opening.prepare(url, now_ms)
    link.close()
    return applied


def find_problems(url: ServerUrl) -> list[str]:
    """The problems that the server knows of, none where all is well; raises DatabaseUnusable."""
    with opening.inspecting(url) as link:
        return [row[0] for row in link.execute(_PROBLEMS)] if schema.version(link) else []


def count(url: ServerUrl) -> Contents:
    """The contents of the database; raises DatabaseUnusable."""
    with opening.inspecting(url) as link:
        names = [row[0] for row in link.execute(_TABLES)]
        rows = {name: _number(link, sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))) for name in names}
        states = {
            name: {row[0]: row[1] for row in link.execute(_states(name))} for name in _WITH_STATES if name in rows
        }
        return Contents(rows=rows, states=states, bytes=_number(link, _SIZE))


def adopt(
    url: ServerUrl,
    erased: Sequence[Erased],
    *,
    settle: Callable[[Beside, Sequence[Erased], int], Halted],
    now_ms: int,
) -> Restored:
    """Go on with what its administrator has put back; no bot may run on it. Raises DatabaseUnusable."""
    link, applied = opening.prepare(url, now_ms, even_moved=True)
    link.execute(translate(moved.UNMARK), (moved.TO,))
    with link, beside(url) as database:
        known = database.ask(Erasures(database).list_all())
        return Restored(applied=applied, ended=settle(database, since(known, erased), now_ms))


def look_at(url: ServerUrl) -> DatabaseState:
    """All that can be told without reading its content; nothing is changed."""
    newest = migrations.newest()
    try:
        with opening.inspecting(url) as link:
            version = opening.check_writable(url, link)
            size = _number(link, _SIZE)
    except DatabaseUnusable as error:
        return DatabaseState(location=url, newest=newest, trouble=str(error))
    return DatabaseState(location=url, newest=newest, version=version, exists=version > 0, size=size)


_SIZE = sql.SQL("SELECT pg_database_size(current_database())")


def _states(table: str) -> sql.Composed:
    return sql.SQL("SELECT status, count(*) FROM {} GROUP BY status").format(sql.Identifier(table))


def _number(link: ServerConnection, query: sql.SQL | sql.Composed) -> int:
    row = link.execute(query).fetchone()
    assert row is not None
    return int(row[0])
