"""Opening a database on a server: what cannot be used is refused in one line that says what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import sql

from storage import migrations
from storage.engines import connect_readers
from storage.errors import DatabaseBusy, DatabaseLocked, DatabaseUnusable
from storage.location import ServerUrl
from storage.postgres import connections, dialect, opening, schema
from storage.postgres.rows import ServerConnection
from storage.postgres.snapshot import snapshot
from tests.storage.files import NOW_MS


def run(url: str, *statements: str) -> None:
    """As the administrator of that database."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def name_of(url: str) -> str:
    """The name of the database."""
    return url.rpartition("/")[2]


def as_user(url: str, user: str) -> ServerUrl:
    """The same database, opened by somebody else, who has a password."""
    return ServerUrl(f"postgresql://{user}@{url.partition('@')[2]}", "not for anybody's eyes")


@pytest.fixture
def guest(server: str, url: str) -> Iterator[ServerUrl]:
    """A database with Polar's tables, as it is for a role that may log in and no more."""
    run(server, "CREATE ROLE guest LOGIN")
    yield as_user(url, "guest")
    run(url, "DROP OWNED BY guest")
    run(server, "DROP ROLE guest")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for who was killed."""
    monkeypatch.setattr(opening, "GONE_MS", 1)


def prepare(url: ServerUrl) -> None:
    """As the start of a bot, which ends at once."""
    opening.prepare(url, NOW_MS)[0].close()


def beside(url: ServerUrl) -> None:
    """As a command beside a bot."""
    with opening.writing_beside(url):
        pass


def read(url: ServerUrl) -> None:
    """As an export."""
    with opening.reading(url):
        pass


def serve(url: ServerUrl) -> None:
    """As the dashboard."""

    async def connect() -> None:
        await (await connect_readers(url)).close()

    asyncio.run(connect())


Use = Callable[[ServerUrl], object]
USES = [prepare, beside, read, serve, opening.identify]


def refusal(use: Use, url: ServerUrl) -> str:
    """Why it is refused, in one line, without the password."""
    with pytest.raises(DatabaseUnusable) as caught:
        use(url)
    line = str(caught.value)
    assert line.startswith(f"{url} ")
    assert "\n" not in line
    assert "eyes" not in line
    return line


def test_a_new_database_gets_its_tables_and_an_old_one_nothing(empty: str) -> None:
    """As on SQLite, the start brings it up to date, and says what was applied."""
    link, applied = opening.prepare(ServerUrl(empty), NOW_MS)
    link.close()
    assert [migration.version for migration in applied] == [m.version for m in migrations.migrations()]
    link, applied = opening.prepare(ServerUrl(empty), NOW_MS)
    link.close()
    assert applied == []


@pytest.mark.parametrize("use", USES)
def test_a_server_that_does_not_answer_is_named_with_the_reason(use: Use) -> None:
    """Nothing listens there."""
    line = refusal(use, ServerUrl("postgresql://polar@127.0.0.1:1/polar", "not for anybody's eyes"))
    assert "cannot be used" in line
    assert "Connection refused" in line
    assert "start the server, let this user in, or change POLAR_DATABASE" in line


@pytest.mark.parametrize("use", USES)
def test_a_database_that_is_not_there_is_named(use: Use, server: str) -> None:
    """The server answers, and says that."""
    assert "does not exist" in refusal(use, ServerUrl(f"{server.rpartition('/')[0]}/absent"))


@pytest.mark.parametrize("use", USES)
def test_a_server_that_is_too_old_is_refused(use: Use, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the version that is needed."""
    monkeypatch.setattr(opening, "OLDEST_SERVER", 99)
    assert "Polar needs 16 or newer" in refusal(use, ServerUrl(url))


@pytest.mark.parametrize("use", [prepare, opening.identify])
def test_text_that_is_not_utf8_is_refused(use: Use, server: str) -> None:
    """Its words would be lost, or refused one by one."""
    run(server, "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    try:
        line = refusal(use, ServerUrl(f"{server.rpartition('/')[0]}/latin"))
    finally:
        run(server, "DROP DATABASE latin WITH (FORCE)")
    assert "stores text as LATIN1" in line


@pytest.mark.parametrize("use", [prepare, beside])
def test_commits_that_can_be_lost_are_refused_to_who_writes(use: Use, changeable: str) -> None:
    """What was answered to Telegram must be there after a loss of power; who reads is not concerned."""
    run(changeable, f"ALTER DATABASE {name_of(changeable)} SET synchronous_commit = off")
    assert "synchronous_commit = off" in refusal(use, ServerUrl(changeable))
    read(ServerUrl(changeable))


@pytest.mark.parametrize("use", USES)
def test_a_newer_schema_is_refused(use: Use, url: str) -> None:
    """A later version of the code has been there; nothing is changed."""
    run(url, "INSERT INTO polar.polar_schema_versions VALUES (9999, 'later', 0)")
    assert "schema version 9999, newer than" in refusal(use, ServerUrl(url))


@pytest.mark.parametrize("use", USES[1:])
def test_an_older_schema_is_refused_to_all_but_the_start(use: Use, url: str) -> None:
    """That brings it up to date."""
    run(url, f"DELETE FROM polar.polar_schema_versions WHERE version = {migrations.newest()}")
    assert "polar db migrate brings it up to date" in refusal(use, ServerUrl(url))


@pytest.mark.parametrize("use", USES[1:])
def test_a_database_without_tables_is_refused_to_all_but_the_start(use: Use, empty: str) -> None:
    """That makes them."""
    assert "holds nothing of Polar's" in refusal(use, ServerUrl(empty))


def test_who_may_not_make_tables_is_told_what_to_ask_for(server: str, empty: str) -> None:
    """Its administrator has to grant it."""
    run(server, "CREATE ROLE nobodys LOGIN")
    try:
        line = refusal(prepare, as_user(empty, "nobodys"))
    finally:
        run(server, "DROP ROLE nobodys")
    assert "permission denied for database" in line
    assert "GRANT" in line


@pytest.mark.parametrize("use", USES)
def test_who_may_not_read_is_told_what_to_ask_for(use: Use, guest: ServerUrl) -> None:
    """The schema is not theirs."""
    assert "permission denied for schema polar" in refusal(use, guest)


def test_a_role_that_may_only_read_is_enough_for_who_reads(guest: ServerUrl, url: str) -> None:
    """For exports and pages."""
    run(url, "GRANT USAGE ON SCHEMA polar TO guest", "GRANT SELECT ON ALL TABLES IN SCHEMA polar TO guest")
    serve(guest)
    with snapshot(guest) as database:
        assert list(database.rows("SELECT json_extract(?, '$.a') FROM polar_schema_versions LIMIT 1", ('{"a":1}',)))


def test_a_second_bot_is_refused_as_long_as_the_first_one_runs(url: str) -> None:
    """However the first one ends: the server gives its lock back."""
    link, _ = opening.prepare(ServerUrl(url), NOW_MS)
    with pytest.raises(DatabaseLocked, match="another Polar process runs on"):
        prepare(ServerUrl(url))
    beside(ServerUrl(url))
    read(ServerUrl(url))
    run(url, f"SELECT pg_terminate_backend({link.info.backend_pid}, 10000)")
    link.close()
    prepare(ServerUrl(url))


def test_the_lock_of_who_migrates_by_hand_is_waited_for(url: str) -> None:
    """It says nothing of the database: who starts tries again."""
    run(url, f"DELETE FROM polar.polar_schema_versions WHERE version = {migrations.newest()}")
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE polar.polar_schema_versions")
        with pytest.raises(DatabaseBusy):
            opening.prepare(ServerUrl(url), NOW_MS, lock_ms=10)


def test_a_pool_that_lends_a_connection_for_a_transaction_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two connections that the server takes for one cannot hold a lock each."""
    with opening.inspecting(ServerUrl(url)) as pooled:
        monkeypatch.setattr(connections, "connect_writer", lambda url, lock_ms: pooled)
        monkeypatch.setattr(connections, "connect_reader", lambda url: Lent(pooled))
        assert "pool_mode = session" in refusal(prepare, ServerUrl(url))


class Lent:
    """A connection as a pool lends it."""

    def __init__(self, link: ServerConnection) -> None:
        self.link = link

    def __enter__(self) -> ServerConnection:
        return self.link

    def __exit__(self, *_: object) -> None:
        """Its owner closes it."""


def test_which_database_it_is_can_be_told(changeable: str) -> None:
    """The same one is the same; with tables that were made anew it is another."""
    before = opening.identify(ServerUrl(changeable))
    assert opening.identify(ServerUrl(changeable)) == before
    with psycopg.connect(changeable, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(dialect.NAME)))
        schema.migrate(connection, NOW_MS)
    assert opening.identify(ServerUrl(changeable)) != before


async def test_what_is_looked_at_in_one_transaction_is_of_one_instant(url: str) -> None:
    """However many rows, and whatever is committed meanwhile; several can be read side by side."""
    run(url, "INSERT INTO polar.polar_properties SELECT 'n' || i, '1' FROM generate_series(1, 2500) AS i")
    every = "SELECT name FROM polar_properties"
    with snapshot(ServerUrl(url)) as database:
        rows = database.rows(every, ())
        first = next(rows)
        run(url, "DELETE FROM polar.polar_properties")
        assert len([first, *rows]) == 2500
        assert sum(1 for _ in zip(database.rows(every, ()), database.rows(every, ()), strict=True)) == 2500
        assert list(database.rows("SELECT :a, :b", {"a": 1, "b": "x"})) == [(1, "x")]
    with snapshot(ServerUrl(url)) as database:
        assert list(database.rows(every, ())) == []


@pytest.mark.parametrize(
    ("hosts", "seconds"), [("{host}", "10"), ("{host},{host}", "2"), ("{host}?connect_timeout=7", "7")]
)
def test_one_of_several_servers_is_waited_for_briefly(url: str, hosts: str, seconds: str) -> None:
    """The first may be gone without a word, and each connection asks it first; the address may say otherwise."""
    before, _, rest = url.partition("@")
    host, _, name = rest.partition("/")
    places, _, said = hosts.format(host=host).partition("?")
    with connections.connect_reader(ServerUrl(f"{before}@{places}/{name}?{said}")) as link:
        assert link.info.get_parameters()["connect_timeout"] == seconds
