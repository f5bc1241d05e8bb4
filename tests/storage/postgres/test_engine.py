"""The open database on a server: what the bot's process relies on, whatever happens to the server or beside it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from storage import engines, lock_waits
from storage.beside import Beside
from storage.database import Database
from storage.errors import DatabaseClosed, DatabaseLost, DatabaseUnusable, ExpectationFailed, StatementFailed
from storage.location import ServerUrl
from storage.postgres import engine as module
from storage.postgres import readers
from storage.postgres.engine import PostgresEngine
from storage.statement import Statement, UnitRows
from storage.tables.properties import Properties
from tests.storage.files import NOW_MS

ALL = "SELECT name, value FROM polar_properties ORDER BY rowid"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """The bot's own."""
    opened = await Database.open(ServerUrl(url), now_ms=NOW_MS)
    yield opened
    await opened.close()


@pytest.fixture(autouse=True)
def told_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written by hand is found out in an hour; a test of that says otherwise."""
    monkeypatch.setattr(module, "LOOK_EVERY_S", 3600)


def put(name: str, value: str = "1") -> Statement:
    """A row that is in nobody's way."""
    return Properties.set(name, value)


def run(url: str, *statements: str) -> list[tuple[object, ...]]:
    """As another program; the rows of the last statement."""
    with psycopg.connect(url, autocommit=True, options="-c search_path=polar") as connection:
        for statement in statements:
            cursor = connection.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def are_gone(url: str) -> bool:
    """True once the database has no session of ours; a server takes a moment to end one."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'polar%'"
    )
    for _ in range(1000):
        if run(url, query) == [(0,)]:
            return True
        time.sleep(0.01)
    return False


def end_sessions(url: str) -> None:
    """As a restart of the server does."""
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
    run(url, f"{query} AND pid <> pg_backend_pid()")


async def beside(url: str, *statements: Statement) -> UnitRows:
    """A command of ours beside the bot."""

    def command() -> UnitRows:
        with engines.beside(ServerUrl(url)) as opened:
            return opened.commit(*statements)

    return await asyncio.to_thread(command)


async def test_what_is_committed_is_there_before_the_caller_is_answered(database: Database, url: str) -> None:
    """Another program reads the rows as soon as `commit` returned, and so does every way of reading."""
    answer = await database.commit(put("a"), Statement("SELECT 7 AS seven"), put("b"))
    assert [[tuple(row) for row in found] for found in answer] == [[], [(7,)], []]
    assert run(url, ALL) == [("a", "1"), ("b", "1")]
    for fetch in (database.fetch, database.look_up, database.asking.fetch):
        assert list(map(tuple, await fetch(ALL))) == [("a", "1"), ("b", "1")]


async def test_many_concurrent_commits_are_all_kept_and_a_failing_one_fails_alone(database: Database, url: str) -> None:
    """Every tenth of 100 callers is told of its own failure; the rows of all others are there, in order."""
    wrong = Statement("DELETE FROM polar_properties WHERE name = 'absent'", expect=1)
    units = [(put(f"n{i}"), wrong) if i % 10 == 0 else (put(f"n{i}"),) for i in range(100)]
    results = await asyncio.gather(*(database.commit(*unit) for unit in units), return_exceptions=True)
    assert [isinstance(result, ExpectationFailed) for result in results] == [i % 10 == 0 for i in range(100)]
    assert run(url, ALL) == [(f"n{i}", "1") for i in range(100) if i % 10]


async def test_who_watches_is_told_of_what_a_command_wrote(database: Database, url: str) -> None:
    """Whatever that was, by the first commit behind it, and once; of what is only read, nobody is told."""
    told: list[str] = []
    database.watch("polar_access", lambda: told.append("access"))
    await database.commit(put("a"))
    with ThreadPoolExecutor(1) as thread:
        await asyncio.wrap_future(thread.submit(lambda: list(run(url, ALL))))
    await database.commit(put("b"))
    assert told == []
    await beside(url, put("c"))
    await database.commit(put("d"))
    assert told == ["access"]
    await database.commit(put("e"))
    assert told == ["access"]


async def test_who_watches_is_told_of_what_was_written_by_hand(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody tells of that, so it counts as written once in a while."""
    told: list[str] = []
    database.watch("polar_access", lambda: told.append("access"))
    await database.commit(put("a"))
    assert told == []
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0)
    await database.commit(put("b"))
    assert told == ["access"]


async def test_a_server_that_has_gone_is_found_out_while_nothing_is_committed(database: Database, url: str) -> None:
    """Whether the last commit is there is not known: the process ends, and goes on from the tables."""
    await database.commit(put("kept"))
    end_sessions(url)
    async with asyncio.timeout(30):
        with pytest.raises(DatabaseLost, match="PostgreSQL says: "):
            await database.until_lost()
    for later in (database.commit(put("late")), database.fetch(ALL), database.look_up(ALL), database.asking.fetch(ALL)):
        with pytest.raises(DatabaseLost):
            await later
    assert run(url, ALL) == [("kept", "1")]


async def test_a_server_that_goes_under_a_commit_ends_everything(database: Database, url: str) -> None:
    """Every caller that waits is told, and nobody that something was kept."""
    end_sessions(url)
    results = await asyncio.gather(*(database.commit(put(f"n{i}")) for i in range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [DatabaseLost] * 5
    assert database.lost.is_set()
    assert run(url, ALL) == []


async def test_a_reader_whose_connection_breaks_loses_nothing(database: Database, url: str) -> None:
    """As long as the writer's and the lease's are whole, readers connect anew, and nobody hears of it."""
    run(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name = 'polar'",
    )
    for fetch in (database.fetch, database.look_up, database.asking.fetch):
        assert list(map(tuple, await fetch("SELECT 1"))) == [(1,)]
    assert await database.commit(put("a")) == [[]]


async def test_a_mistake_of_whoever_asks_loses_nothing(database: Database) -> None:
    """A query that is wrong, or that would write, is its caller's failure alone."""
    for wrong in ("SELECT nonsense", "DELETE FROM polar_properties"):
        for fetch in (database.fetch, database.look_up, database.asking.fetch):
            with pytest.raises(StatementFailed):
                await fetch(wrong)
    assert not database.lost.is_set()
    assert await database.commit(put("a")) == [[]]


async def test_a_lock_that_another_program_holds_is_waited_for_and_said(
    database: Database, url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Reading goes on meanwhile, and what was handed over is committed afterwards."""
    monkeypatch.setattr(lock_waits, "LINE_EVERY_S", 0)
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE polar.polar_properties IN SHARE MODE")
        task = asyncio.create_task(database.commit(put("a")))
        async with asyncio.timeout(30):
            while "another program has held the lock" not in caplog.text:  # noqa: ASYNC110 - a log tells nobody
                await asyncio.sleep(0.01)
        assert await database.fetch(ALL) == []
        assert not task.done()
    assert await task == [[]]


async def test_closing_keeps_what_was_handed_over_and_leaves_no_session(url: str) -> None:
    """And lets the next bot have the database at once."""
    database = await Database.open(ServerUrl(url), now_ms=NOW_MS)
    tasks = [asyncio.create_task(database.commit(put(f"n{i}"))) for i in range(5)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*tasks) == [[[]]] * 5
    assert are_gone(url)
    with pytest.raises(DatabaseClosed):
        await database.fetch(ALL)
    again = await Database.open(ServerUrl(url), now_ms=NOW_MS)
    assert len(await again.fetch(ALL)) == 5
    await again.close()


async def test_where_the_guard_finds_no_row_the_database_is_lost(url: str) -> None:
    """Within a second, though nothing is committed, and for every commit from then on."""
    engine = await PostgresEngine.open(ServerUrl(url), now_ms=NOW_MS, question_s=1)
    try:
        assert engine.run_batch([(put("a"),)]) == [[[]]]
        for _ in range(2):
            engine.verify()
        run(url, "DELETE FROM polar_workers")
        with pytest.raises(DatabaseLost, match="another process's"):
            engine.verify()
        with pytest.raises(DatabaseLost, match="another process's"):
            engine.run_batch([(put("b"),)])
    finally:
        await engine.close()
    assert run(url, ALL) == [("a", "1")]


async def test_a_start_that_fails_leaves_no_session(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever fails, and however far it had got."""

    async def refuse(*_: object) -> None:
        raise psycopg.OperationalError("too many connections")

    monkeypatch.setattr(readers.PostgresAsking, "add_readers", refuse)
    with pytest.raises(DatabaseUnusable, match="too many connections"):
        await Database.open(ServerUrl(url), now_ms=NOW_MS)
    assert are_gone(url)


def test_a_command_beside_the_bot_reads_writes_and_rehearses(url: str) -> None:
    """As on SQLite: all or nothing, and a rehearsal leaves nothing."""

    def ask(database: Beside) -> list[object]:
        return [tuple(row) for row in database.ask(database.fetch(ALL))]

    with engines.beside(ServerUrl(url)) as database:
        assert database.rehearse(put("a"), Statement("SELECT count(*) FROM polar_properties"))[1][0][0] == 1
        assert ask(database) == []
        with pytest.raises(StatementFailed):
            database.commit(put("a"), Statement("nonsense"))
        with pytest.raises(StatementFailed):
            database.rehearse(Statement("nonsense"))
        assert ask(database) == []
        database.commit(put("a"))
        assert ask(database) == [("a", "1")]
        assert database.empty_log()
    assert are_gone(url)
