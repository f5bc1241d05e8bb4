"""Opening a database on a server: refuse in one line what cannot be used, before anything in it changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import errors

from storage import migrations, moved
from storage.errors import DatabaseLocked, DatabaseUnusable
from storage.location import ServerUrl
from storage.migrations import Migration
from storage.postgres import connections, lease, schema
from storage.postgres.codes import refusing
from storage.postgres.connections import LOCK_MS
from storage.postgres.dialect import NAME
from storage.postgres.locks import OWNING, WRITING
from storage.postgres.rows import ServerConnection
from storage.statement import Row

OLDEST_SERVER = 15
"""The first with all that the schema asks for; what is promised, and tested for years to come, is 16 and newer."""
GONE_MS = 2_000
"""The time that the server may take to see that a process was killed."""
_POOLED = (
    "{url} is reached through a pool that hands out a connection for each transaction (as PgBouncer does with "
    "pool_mode = transaction); set pool_mode = session, or name the server itself in POLAR_DATABASE"
)
_FACTS = """
SELECT current_setting('server_version_num')::int / 10000 AS server, current_setting('server_encoding') AS encoding,
  current_setting('synchronous_commit') AS commits
"""
_IDENTITY = f"""
SELECT oid::bigint, '{NAME}.polar_schema_versions'::regclass::oid::bigint
FROM pg_database WHERE datname = current_database()
"""


def prepare(
    url: ServerUrl, now_ms: int, *, lock_ms: int = LOCK_MS, even_moved: bool = False
) -> tuple[ServerConnection, list[Migration]]:
    """Connect, check, take the lock and migrate; a writer's connection, which holds the lock, and what was applied.

    Raises DatabaseUnusable, DatabaseLocked where a bot runs on it, and DatabaseBusy where others are in the way.
    """
    with refusing(url), _closed_on_failure(connections.connect_writer(url, lock_ms=lock_ms)) as link:
        check_writable(url, link, even_moved=even_moved)
        _check_no_pool(url, link)
        _take_lock(url, link, lock_ms)
        return link, schema.migrate(link, now_ms)


def check(url: ServerUrl) -> None:
    """Raise DatabaseUnusable where a bot cannot live there; nothing is changed."""
    with refusing(url), connections.connect_writer(url, lock_ms=LOCK_MS) as link:
        check_writable(url, link)
        _check_no_pool(url, link)


def prepare_fenced(url: ServerUrl, now_ms: int, name: str, *, lock_ms: int) -> ServerConnection:
    """Connect by this name, check and migrate; by the holder of the lease. Raises DatabaseUnusable and DatabaseBusy."""
    with refusing(url), _closed_on_failure(connections.connect_writer(url, lock_ms=lock_ms, name=name)) as link:
        check_writable(url, link)
        schema.migrate(link, now_ms)
        return link


@contextmanager
def _closed_on_failure(link: ServerConnection) -> Iterator[ServerConnection]:
    try:
        yield link
    except BaseException:
        link.close()
        raise


@contextmanager
def holding(url: ServerUrl) -> Iterator[ServerConnection]:
    """A connection as long as which no bot starts, and nobody of ours commits; raises as `prepare`.

    It may have been moved. Raises DatabaseUnusable unless the schema is of this version.
    """
    with refusing(url):
        link = connections.connect_writer(url, lock_ms=LOCK_MS)
    with link:
        with refusing(url):
            check_writable(url, link, even_moved=True)
            _check_schema(url, link)
            _check_no_pool(url, link)
            _take_lock(url, link, LOCK_MS)
            link.execute(f"SELECT pg_advisory_lock({WRITING})")
        yield link


@contextmanager
def writing_beside(url: ServerUrl) -> Iterator[ServerConnection]:
    """A connection beside a bot that may run; raises DatabaseUnusable unless the schema is of this version."""
    with refusing(url):
        link = connections.connect_writer(url, lock_ms=LOCK_MS)
    with link:
        with refusing(url):
            check_writable(url, link)
            _check_schema(url, link)
        yield link


@contextmanager
def reading(url: ServerUrl) -> Iterator[ServerConnection]:
    """A connection that cannot write, in one transaction: all its queries see the database of one instant.

    Raises DatabaseUnusable unless the schema is of this version.
    """
    with refusing(url):
        link = connections.connect_reader(url)
    with link:
        with refusing(url):
            check_readable(url, link)
            link.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield link
        link.execute("ROLLBACK")


@contextmanager
def inspecting(url: ServerUrl) -> Iterator[ServerConnection]:
    """A connection that cannot write, to a database of whatever version; raises DatabaseUnusable."""
    with refusing(url), connections.connect_reader(url) as link:
        yield link


def identify(url: ServerUrl) -> tuple[int, int]:
    """Which database answers there, and which tables in it; raises DatabaseUnusable unless it is of this version."""
    with inspecting(url) as link:
        check_readable(url, link)
        return tuple(_row(link, _IDENTITY)[:2])


def is_replica(link: ServerConnection) -> bool:
    """True if this server takes over what a primary commits, and cannot be written itself."""
    return bool(_row(link, "SELECT pg_is_in_recovery()")[0])


def check_writable(url: ServerUrl, link: ServerConnection, *, even_moved: bool = False) -> int:
    """The schema version, 0 where there is none; raises DatabaseUnusable where a bot cannot live in this database."""
    facts = _check_server(url, link)
    if is_replica(link):
        raise DatabaseUnusable(f"{url} is a replica, which cannot be written; name its primary in POLAR_DATABASE")
    if facts["commits"] == "off":
        raise DatabaseUnusable(
            f"{url} has synchronous_commit = off, by which commits that were answered can be lost; set it to on there "
            "(ALTER DATABASE ... SET synchronous_commit = on)"
        )
    if (version := schema.version(link)) > migrations.newest():
        raise DatabaseUnusable(
            f"{url} has schema version {version}, newer than the {migrations.newest()} of this code; "
            "update Polar, or name another database in POLAR_DATABASE"
        )
    if version > 0 and not even_moved:
        moved.check(str(url), link.execute(moved.MARKS).fetchall())
    return version


def check_readable(url: ServerUrl, link: ServerConnection) -> None:
    """Raise DatabaseUnusable, with what to do, unless the schema is there and of this code's version."""
    _check_server(url, link)
    _check_schema(url, link)


def _check_no_pool(url: ServerUrl, link: ServerConnection) -> None:
    """Raise DatabaseUnusable where two connections of ours, used in turn, are one at the server."""
    with connections.connect_reader(url) as other:
        if _backend(link) == _backend(other):
            raise DatabaseUnusable(_POOLED.format(url=url))


def _take_lock(url: ServerUrl, link: ServerConnection, lock_ms: int) -> None:
    """Be the one that writes until this connection ends. One that was killed may take a moment to be gone there."""
    link.execute(f"SET lock_timeout = {GONE_MS}")
    try:
        link.execute(f"SELECT pg_advisory_lock({OWNING})")
    except errors.LockNotAvailable:
        raise DatabaseLocked(
            f"another Polar process runs on {url}; stop it first, or name another database in POLAR_DATABASE"
        ) from None
    link.execute(f"SET lock_timeout = {lock_ms}")
    lease.clear(link)


def _check_schema(url: ServerUrl, link: ServerConnection) -> None:
    version = schema.version(link)
    if version > migrations.newest():
        raise DatabaseUnusable(f"{url} has schema version {version}, newer than this code; update Polar")
    if version == 0:
        raise DatabaseUnusable(f"{url} holds nothing of Polar's; polar run or polar db migrate makes it")
    if version < migrations.newest():
        raise DatabaseUnusable(f"{url} is of an older version; polar db migrate brings it up to date")


def _check_server(url: ServerUrl, link: ServerConnection) -> Row:
    facts = _row(link, _FACTS)
    if facts["server"] < OLDEST_SERVER:
        raise DatabaseUnusable(f"{url} is PostgreSQL {facts['server']}; Polar needs 16 or newer, so update the server")
    if facts["encoding"] != "UTF8":
        raise DatabaseUnusable(
            f"{url} stores text as {facts['encoding']}; make a database with ENCODING 'UTF8' TEMPLATE template0, "
            "and name that in POLAR_DATABASE"
        )
    return facts


def _backend(link: ServerConnection) -> int:
    return int(_row(link, "SELECT pg_backend_pid()")[0])


def _row(link: ServerConnection, sql: str) -> Row:
    row = link.execute(sql).fetchone()
    assert row is not None
    return row
