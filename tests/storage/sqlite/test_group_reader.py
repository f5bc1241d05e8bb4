"""What is looked up by a key is read in groups: one hop for all that wait, and an answer for each."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

import storage.sqlite.group_reader as module
from storage.database import Database
from storage.errors import DatabaseClosed, StatementFailed
from storage.sqlite.group_reader import GroupReader, Queries, read_group
from storage.statement import Parameters, Rows, Statement
from tests.storage.files import NOW_MS, locked

ONE = "SELECT value FROM polar_properties WHERE name = ?"
COUNT = "SELECT count(*) FROM polar_properties WHERE name IN ('a', 'b')"
MANY = 64


class Gate:
    """Holds the reader before its next group, and within one at `pause()`; notes how many queries each group had."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open = threading.Event()
        self.inside, self.go_on = threading.Event(), threading.Event()
        self.groups: list[int] = []
        monkeypatch.setattr(module, "read_group", self._read)

    def _read(self, connection: sqlite3.Connection, group: Queries) -> list[Rows | Exception]:
        self.groups.append(len(group))
        assert self.open.wait(30)
        connection.create_function("pause", 0, self._pause)
        return read_group(connection, group)

    def _pause(self) -> int:
        self.inside.set()
        assert self.go_on.wait(30)
        return 1


@pytest.fixture
def gate(database: Database, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Closed, before the database's reader."""
    return Gate(monkeypatch)


def put(name: str, value: str) -> Statement:
    """A row of its own."""
    return Statement("INSERT INTO polar_properties VALUES (?, ?)", (name, value))


async def waiting(count: int, read: Callable[[str, Parameters], Coroutine[Any, Any, Rows]]) -> list[asyncio.Task[Rows]]:
    """Callers that have asked, each for something else, and are not answered yet."""
    tasks = [asyncio.create_task(read("SELECT ?", (i,))) for i in range(count)]
    await asyncio.sleep(0)
    return tasks


async def answers(tasks: list[asyncio.Task[Rows]]) -> list[object]:
    """What became of all of them, within a bounded time: the first value of a row, or the error."""
    async with asyncio.timeout(30):
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    return [end if isinstance(end, BaseException) else end[0][0] for end in ends]


async def test_all_that_ask_at_once_are_read_in_one_hop(database: Database, gate: Gate) -> None:
    """And each gets its own answer."""
    gate.open.set()
    assert await answers(await waiting(MANY, database.look_up)) == list(range(MANY))
    assert gate.groups == [MANY]


async def test_all_that_is_asked_meanwhile_becomes_the_next_group(database: Database, gate: Gate) -> None:
    """However often; nobody is left behind."""
    first = await waiting(1, database.look_up)
    await asyncio.sleep(0)
    others = [task for _ in range(3) for task in await waiting(MANY, database.look_up)]
    gate.open.set()
    assert await answers([*first, *others]) == [0, *range(MANY), *range(MANY), *range(MANY)]
    assert gate.groups == [1, 3 * MANY]
    assert await database.look_up_one("SELECT 7") is not None
    assert gate.groups == [1, 3 * MANY, 1]


async def test_a_read_that_is_asked_for_after_a_commit_sees_it(database: Database) -> None:
    """Side by side with many that do the same."""

    async def write_and_read(i: int) -> str:
        await database.commit(put(f"n{i}", str(i)))
        row = await database.look_up_one(ONE, (f"n{i}",))
        return "nothing" if row is None else str(row["value"])

    assert await asyncio.gather(*map(write_and_read, range(MANY))) == [str(i) for i in range(MANY)]


async def test_a_group_sees_one_moment_and_the_next_one_a_later(database: Database, gate: Gate) -> None:
    """What is committed while a group is read is seen by all that is asked from then on, and by none of the group."""
    gate.open.set()
    await database.commit(put("a", "1"))
    queries = ("SELECT pause() FROM polar_properties WHERE name = 'a'", COUNT, COUNT)
    before = [asyncio.create_task(database.look_up(sql)) for sql in queries]
    assert await asyncio.to_thread(gate.inside.wait, 30)
    await database.commit(put("b", "2"))
    after = asyncio.create_task(database.look_up(COUNT))
    await asyncio.sleep(0)
    gate.go_on.set()
    assert await answers([*before, after]) == [1, 1, 1, 2]
    assert gate.groups == [3, 1]


WRONG: dict[str, tuple[str, Parameters]] = {
    "no such column": ("SELECT nonsense", ()),
    "a write": ("DELETE FROM polar_properties", ()),
    "too few parameters": ("SELECT ?", ()),
    "text that cannot be stored": ("SELECT ?", ("\ud800",)),
    "a number that is too large": ("SELECT ?", (2**64,)),
    "an error in the midst of the rows": ("SELECT abs(x) FROM (SELECT 1 AS x UNION ALL SELECT -1 << 63)", ()),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_a_query_that_fails_does_so_alone(database: Database, gate: Gate, wrong: tuple[str, Parameters]) -> None:
    """Its caller gets what `fetch` would raise; its neighbours get their rows, and the log is kept from nobody."""
    gate.open.set()
    with pytest.raises(Exception) as raised:
        await database.fetch(*wrong)
    tasks = await waiting(2, database.look_up)
    tasks.insert(1, asyncio.create_task(database.look_up(*wrong)))
    first, failed, last = await answers(tasks)
    assert (first, last) == (0, 1)
    assert type(failed) is raised.type
    assert str(failed) == str(raised.value)
    assert not database.lost.is_set()
    assert await database.empty_log()


async def test_a_connection_that_fails_is_told_to_all(path: Path) -> None:
    """Nobody waits for ever."""
    connection = sqlite3.connect(path)
    connection.close()
    future = asyncio.get_running_loop().create_future()
    errors = read_group(connection, [("SELECT 1", (), future)] * 2)
    assert [type(error) for error in errors] == [StatementFailed] * 2
    assert {type(error.__cause__) for error in errors if isinstance(error, Exception)} == {sqlite3.ProgrammingError}


async def test_a_cancelled_caller_disturbs_nobody(database: Database, gate: Gate) -> None:
    """Nor does one whose query fails."""
    tasks = await waiting(3, database.look_up)
    tasks.append(asyncio.create_task(database.look_up("SELECT nonsense")))
    await asyncio.sleep(0)
    tasks[1].cancel()
    tasks[3].cancel()
    gate.open.set()
    first, second, third, fourth = await answers(tasks)
    assert (first, third) == (0, 2)
    assert {type(second), type(fourth)} == {asyncio.CancelledError}
    assert await database.look_up_one("SELECT 7") is not None


async def test_a_stop_answers_everybody(database: Database, path: Path, gate: Gate) -> None:
    """What is being read, what waits, and what comes too late; stopping again does nothing."""
    reader = GroupReader(path)
    reader.open()
    reading = await waiting(2, reader.fetch)
    await asyncio.sleep(0)
    tasks = await waiting(3, reader.fetch)
    closing = asyncio.create_task(reader.close())
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        with pytest.raises(DatabaseClosed, match="database is closed"):
            await reader.fetch("SELECT 1")
    gate.open.set()
    assert await answers([*reading, *tasks]) == [0, 1, 0, 1, 2]
    async with asyncio.timeout(30):
        await closing
        await reader.close()


async def test_a_database_that_closes_answers_its_readers(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And leaves nothing open: its log is folded in and gone."""
    database = await Database.open(path, now_ms=NOW_MS)
    gate = Gate(monkeypatch)
    tasks = await waiting(3, database.look_up)
    closing = asyncio.create_task(database.close())
    gate.open.set()
    assert await answers(tasks) == [0, 1, 2]
    async with asyncio.timeout(30):
        await closing
    with pytest.raises(DatabaseClosed):
        await database.look_up("SELECT 1")
    assert not path.with_name(path.name + "-wal").exists()


async def test_the_lock_of_another_program_stops_no_reader(database: Database, path: Path) -> None:
    """As with all that reads here."""
    await database.commit(put("a", "1"))
    with locked(path, "BEGIN EXCLUSIVE"):
        assert [tuple(row) for row in await database.look_up(ONE, ("a",))] == [("1",)]


async def test_reading_by_key_waits_for_no_other_read(database: Database) -> None:
    """However many walk over everything there is, in whatever way that is asked for."""
    endless = "WITH RECURSIVE n (x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
    questions = [asyncio.create_task(database.asking.fetch(endless)) for _ in range(3)]
    assert await answers(await waiting(MANY, database.look_up)) == list(range(MANY))
    assert not any(question.done() for question in questions)
    for question in questions:
        question.cancel()


async def test_what_people_ask_is_asked_there_though_it_goes_by_a_key(database: Database, gate: Gate) -> None:
    """It keeps its limit of time."""
    assert await database.asking.look_up_one("SELECT 1") is not None
    assert gate.groups == []
