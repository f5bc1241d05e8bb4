"""Reading from a server: only what was committed, never in the way of others, and over a connection that breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from storage.errors import DatabaseClosed, DatabaseLost, QuestionTooLong, StatementFailed
from storage.location import ServerUrl
from storage.postgres.readers import READERS, PostgresAsking, PostgresReaders, ServerLookUps
from tests import cluster

SLOW = "SELECT count(*) FROM pg_sleep(60)"
NOW = "SELECT now() AS at, ? AS number"


@pytest.fixture(scope="module")
def home(server: str, template: str) -> Iterator[str]:
    """A database for all of these tests, which leave nothing in it, nor sessions."""
    with cluster.database(server, template) as url:
        yield url


@pytest.fixture
async def readers(home: str) -> AsyncIterator[PostgresReaders]:
    """Those of a process that never writes."""
    opened = PostgresReaders(ServerUrl(home))
    await opened.add_readers()
    yield opened
    await opened.close()


@pytest.fixture
async def asking(home: str) -> AsyncIterator[PostgresAsking]:
    """Those with a limit that no test reaches but by a question that would never end."""
    opened = PostgresAsking(ServerUrl(home), limit_s=0.2)
    await opened.add_readers()
    yield opened
    await opened.close()


@pytest.fixture
async def keyed(home: str) -> AsyncIterator[ServerLookUps]:
    """The reader of what is looked up by a key."""
    opened = ServerLookUps(ServerUrl(home))
    await opened.open()
    yield opened
    await opened.close()


def sessions(url: str, condition: str = "true") -> int:
    """How many sessions the database has, beside the one that asks."""
    with psycopg.connect(url, autocommit=True) as connection:
        query = f"FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND {condition}"
        [[count]] = connection.execute(f"SELECT count(*) {query}")
        return int(count)


def end_sessions(url: str) -> None:
    """As a restart of the server does."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    while sessions(url):
        pass


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what the server tells nobody."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_rows_come_by_place_and_by_name_whatever_its_case(readers: PostgresReaders) -> None:
    """The server folds names; a store asks as it has written them."""
    [row] = await readers.fetch("SELECT 1 AS updateId, 'a' AS name, NULL AS nothing")
    assert (row[0], row["updateId"], row["NAME"], row["nothing"], row[:2]) == (1, 1, "a", None, (1, "a"))
    assert (list(row), len(row), row.keys()) == ([1, "a", None], 3, ["updateid", "name", "nothing"])
    with pytest.raises(IndexError):
        row["absent"]
    assert await readers.fetch_one("SELECT 1 WHERE false") is None


async def test_values_are_those_that_sqlite_gives(readers: PostgresReaders) -> None:
    """Whole numbers, fractions, 1 and 0 for what is true and what is not, and JSON as the text that it is."""
    expected: dict[str, object] = {
        "sum(number)": 3,
        "avg(number)": 1.5,
        "count(*)": 2,
        "count(*) = 2": 1,
        "count(*) = 1": 0,
        "max(number) / 2.0": 1.0,
        "-7::numeric": -7,
        "1.0::numeric": 1.0,
        '\'{"b": [1],  "a": 1}\'::json': '{"b": [1],  "a": 1}',
        "'\\x00ff'::bytea": b"\x00\xff",
        "NULL::bigint": None,
        "1e300::float8": 1e300,
        "9223372036854775807": 2**63 - 1,
    }
    [row] = await readers.fetch(f"SELECT {', '.join(expected)} FROM (VALUES (1::bigint), (2)) AS numbers (number)")
    assert [(value, type(value)) for value in row] == [(value, type(value)) for value in expected.values()]


async def test_readers_cannot_write(readers: PostgresReaders, keyed: ServerLookUps) -> None:
    """That is a mistake of whoever asks, and loses nothing."""
    for fetch in (readers.fetch, keyed.fetch):
        with pytest.raises(StatementFailed, match="read-only"):
            await fetch("CREATE TABLE sneaky (name TEXT)")
        assert [tuple(row) for row in await fetch("SELECT 1")] == [(1,)]


async def test_a_failed_query_gives_its_reader_back(readers: PostgresReaders) -> None:
    """More failures than there are readers leave the database readable."""
    for _ in range(READERS * 2):
        with pytest.raises(StatementFailed, match='column "nonsense" does not exist'):
            await readers.fetch("SELECT nonsense")
    assert (await readers.fetch("SELECT 1"))[0][0] == 1


async def test_a_query_that_was_called_off_ends_and_gives_its_reader_back(readers: PostgresReaders, home: str) -> None:
    """Nobody waits for it, so nothing of it goes on."""
    tasks = [asyncio.create_task(readers.fetch(SLOW)) for _ in range(READERS * 2)]
    await until(lambda: sessions(home, "state = 'active'") == READERS)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert sessions(home, "state = 'active'") == 0
    assert (await readers.fetch("SELECT 1"))[0][0] == 1


async def test_a_connection_that_has_ended_is_opened_anew(
    readers: PostgresReaders, keyed: ServerLookUps, home: str
) -> None:
    """Whoever asks next hears nothing of it."""
    asking = PostgresAsking(ServerUrl(home), limit_s=60)
    await asking.add_readers()
    end_sessions(home)
    for fetch in (readers.fetch, asking.fetch, keyed.fetch):
        assert [
            [tuple(row) for row in rows] for rows in await asyncio.gather(fetch("SELECT 1"), fetch("SELECT 2"))
        ] == [
            [(1,)],
            [(2,)],
        ]
    await asking.close()


async def test_a_server_that_lets_nobody_in_again_is_lost(
    readers: PostgresReaders, keyed: ServerLookUps, home: str
) -> None:
    """One try, then whoever asks is told."""
    with psycopg.connect(home.rpartition("/")[0] + "/postgres", autocommit=True) as connection:
        name = sql.Identifier(home.rpartition("/")[2])
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        own = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s"
        connection.execute(own, (home.rpartition("/")[2],))
        for fetch in (readers.fetch, keyed.fetch):
            with pytest.raises(DatabaseLost, match="not currently accepting connections"):
                await fetch("SELECT 1")
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


async def test_a_question_that_takes_too_long_is_ended(asking: PostgresAsking, home: str) -> None:
    """At the server too, and the waiting for a free connection counts."""
    answers = await asyncio.gather(*(asking.fetch(SLOW) for _ in range(READERS * 2)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [QuestionTooLong] * READERS * 2
    assert sessions(home, "state = 'active'") == 0
    assert (await asking.fetch("SELECT 1"))[0][0] == 1


async def test_closing_ends_what_is_being_asked(home: str) -> None:
    """Nobody waits at the end of the process for what somebody would like to know."""
    asking = PostgresAsking(ServerUrl(home), limit_s=60)
    await asking.add_readers()
    tasks = [asyncio.create_task(asking.fetch(SLOW)) for _ in range(READERS * 2)]
    await until(lambda: sessions(home, "state = 'active'") == READERS)
    await asking.close()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(answer) for answer in answers] == [DatabaseClosed] * READERS * 2
    await until(lambda: sessions(home) == 0)
    await asking.close()


async def test_what_a_server_does_not_hear_it_is_told_again(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """That something is to end may be lost on its way, and nobody learns of it."""
    told: list[psycopg.AsyncConnection[Any]] = []
    cancel = psycopg.AsyncConnection.cancel_safe

    async def unreliably(link: psycopg.AsyncConnection[Any]) -> None:
        told.append(link)
        if told.count(link) > 1:
            await cancel(link)

    monkeypatch.setattr(psycopg.AsyncConnection, "cancel_safe", unreliably)
    asking = PostgresAsking(ServerUrl(home), limit_s=600)
    await asking.add_readers()
    task = asyncio.create_task(asking.fetch(SLOW))
    await until(lambda: sessions(home, "state = 'active'") == 1)
    await asking.close()
    with pytest.raises(DatabaseClosed):
        await task


async def test_closing_answers_what_was_asked(readers: PostgresReaders, keyed: ServerLookUps, home: str) -> None:
    """And nothing that comes later; no session is left."""
    tasks = [asyncio.create_task(fetch("SELECT 1")) for fetch in (readers.fetch, keyed.fetch) for _ in range(3)]
    await asyncio.sleep(0)
    await readers.close()
    await keyed.close()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(answer) for answer in answers] == [list, list, DatabaseClosed, list, list, list]
    for fetch in (readers.fetch, keyed.fetch):
        with pytest.raises(DatabaseClosed):
            await fetch("SELECT 1")
    await until(lambda: sessions(home) == 0)  # a server ends them a moment later


async def test_queries_that_wait_together_are_asked_in_one_hop(keyed: ServerLookUps) -> None:
    """One transaction, by its time; what is asked while it is under way makes the next one."""
    first = asyncio.gather(*(keyed.fetch(NOW, (i,)) for i in range(50)))
    found = [rows[0] for rows in await first]
    assert [row["number"] for row in found] == [*range(50)]
    assert len({row["at"] for row in found}) == 1


async def test_a_query_of_a_group_fails_alone(keyed: ServerLookUps) -> None:
    """Whatever is wrong with it; those around it have their answers, and so have the same ones later."""
    wrong: list[tuple[str, tuple[Any, ...]]] = [("SELECT nonsense", ()), (NOW, ()), (NOW, (2**63,))]
    for query, params in wrong * 3:
        answers = await asyncio.gather(
            *(keyed.fetch(NOW, (i,)) for i in range(3)),
            keyed.fetch(query, params),
            *(keyed.fetch(NOW, (i,)) for i in range(3, 6)),
            return_exceptions=True,
        )
        failed = answers.pop(3)
        assert isinstance(failed, (StatementFailed, OverflowError))
        assert [rows[0]["number"] for rows in answers if not isinstance(rows, BaseException)] == [*range(6)]


async def test_who_asks_in_vain_disturbs_nobody(keyed: ServerLookUps) -> None:
    """A caller that was cancelled leaves its group as it is."""
    tasks = [asyncio.create_task(keyed.fetch(NOW, (i,))) for i in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(answer, asyncio.CancelledError) for answer in answers] == [False, True, False]
    assert (await keyed.fetch("SELECT 1"))[0][0] == 1


async def test_the_room_is_the_servers(readers: PostgresReaders) -> None:
    """It knows the size of the database; of its disk it tells nobody."""
    room = await readers.room()
    assert room.size > 0
    assert (room.unused, room.surplus_pages, room.disk_free) == (0, 0, None)
