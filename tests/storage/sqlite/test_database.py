"""The open database: one way to write, one way to read, and an answer for every caller."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from storage import lock_waits
from storage import waiting as waiting_units
from storage.database import Database
from storage.errors import DatabaseClosed, DatabaseLost, ExpectationFailed, StatementFailed
from storage.sqlite import engine
from storage.sqlite.readers import READERS
from storage.sqlite.writer import run_batch
from storage.statement import Rows, Statement, Unit, UnitRows
from tests.storage.files import NOW_MS, can_be_written, locked, plain, rows, run

Read = Callable[[Database, str], Awaitable[Rows]]
ADD = "INSERT INTO polar_properties VALUES (?, ?)"
ALL = "SELECT name, value FROM polar_properties ORDER BY rowid"


class Gate:
    """Holds the writer before its next batch and notes how many units each batch had."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open = threading.Event()
        self.batches: list[int] = []
        monkeypatch.setattr(engine, "run_batch", self._run)

    def _run(self, connection: sqlite3.Connection, units: list[Unit]) -> list[UnitRows | Exception]:
        self.batches.append(len(units))
        assert self.open.wait(30)
        return run_batch(connection, units)


def put(name: str, value: str = "1") -> Statement:
    """A row that is in nobody's way."""
    return Statement(ADD, (name, value))


async def settled(*tasks: asyncio.Task[UnitRows]) -> list[UnitRows | BaseException]:
    """What became of all of them, within a bounded time."""
    async with asyncio.timeout(30):
        return await asyncio.gather(*tasks, return_exceptions=True)


async def waiting(count: int, database: Database, *, start: int = 0) -> list[asyncio.Task[UnitRows]]:
    """Callers whose units are handed over, in order, and not answered yet."""
    tasks = [asyncio.create_task(database.commit(put(f"n{i}"))) for i in range(start, start + count)]
    await asyncio.sleep(0)
    return tasks


async def test_what_is_committed_is_in_the_file_before_the_caller_is_answered(database: Database, path: Path) -> None:
    """Another program reads the rows as soon as `commit` returned."""
    answer = await database.commit(put("a"), Statement("SELECT 7 AS seven"), put("b"))
    assert [[tuple(row) for row in found] for found in answer] == [[], [(7,)], []]
    assert answer[1][0]["seven"] == 7
    assert rows(path, ALL) == [("a", "1"), ("b", "1")]


async def test_units_that_wait_together_are_committed_together(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one batch is being written, all that comes meanwhile becomes the next one, in order."""
    gate = Gate(monkeypatch)
    first = await waiting(1, database)
    await asyncio.sleep(0)
    others = await waiting(60, database, start=1)
    gate.open.set()
    assert await settled(*first, *others) == [[[]]] * 61
    assert gate.batches == [1, 60]
    assert rows(path, ALL) == [(f"n{i}", "1") for i in range(61)]


async def test_a_batch_has_a_bound(database: Database, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More units than fit into one batch are committed in several, none is left over."""
    monkeypatch.setattr(waiting_units, "MAX_UNITS", 4)
    gate = Gate(monkeypatch)
    gate.open.set()
    await settled(*await waiting(11, database))
    assert sum(gate.batches) == 11
    assert max(gate.batches) == 4
    assert len(rows(path, ALL)) == 11


async def test_many_concurrent_commits_are_all_durable_and_a_failing_one_fails_alone(
    database: Database, path: Path
) -> None:
    """Every tenth of 300 callers is told of its own failure; the rows of all others are there, in order."""

    def unit(i: int) -> tuple[Statement, ...]:
        wrong = Statement("DELETE FROM polar_properties WHERE name = 'absent'", expect=1)
        return (put(f"n{i}"), wrong) if i % 10 == 0 else (put(f"n{i}"),)

    results = await settled(*[asyncio.create_task(database.commit(*unit(i))) for i in range(300)])
    for i, result in enumerate(results):
        assert isinstance(result, ExpectationFailed) if i % 10 == 0 else result == [[]]
    assert rows(path, ALL) == [(f"n{i}", "1") for i in range(300) if i % 10]


async def test_an_empty_unit_is_answered_at_once(database: Database) -> None:
    """No statements, no rows, no transaction."""
    assert await database.commit() == []


async def test_the_unit_of_a_cancelled_caller_still_runs(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once handed over it is committed, and its neighbours are answered as if nothing had happened."""
    gate = Gate(monkeypatch)
    tasks = await waiting(3, database)
    tasks[1].cancel()
    await asyncio.wait([tasks[1]], timeout=30)
    gate.open.set()
    first, second, third = await settled(*tasks)
    assert isinstance(second, asyncio.CancelledError)
    assert (first, third) == ([[]], [[]])
    assert rows(path, ALL) == [("n0", "1"), ("n1", "1"), ("n2", "1")]
    assert await database.commit(put("after")) == [[]]


async def test_a_cancelled_caller_of_a_void_unit_disturbs_nobody(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that nobody waits for is dropped; the writer goes on."""
    gate = Gate(monkeypatch)
    task = asyncio.create_task(database.commit(Statement("nonsense")))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=30)
    gate.open.set()
    assert await database.commit(put("after")) == [[]]


async def test_closing_commits_what_was_handed_over(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`close` waits for every unit that was given before it, more than one batch of them."""
    monkeypatch.setattr(waiting_units, "MAX_UNITS", 5)
    database = await Database.open(path, now_ms=NOW_MS)
    gate = Gate(monkeypatch)
    tasks = await waiting(23, database)
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0)
    gate.open.set()
    assert await settled(*tasks) == [[[]]] * 23
    async with asyncio.timeout(30):
        await closing
    assert len(rows(path, ALL)) == 23
    assert not path.with_name(path.name + "-wal").exists()


async def test_after_close_nothing_is_taken_any_more(path: Path) -> None:
    """A commit and a query both say that the database is closed."""
    database = await Database.open(path, now_ms=NOW_MS)
    await database.close()
    with pytest.raises(DatabaseClosed, match="database is closed"):
        await database.commit(put("late"))
    with pytest.raises(DatabaseClosed):
        await database.fetch("SELECT 1")
    assert rows(path, ALL) == []


async def test_while_it_closes_nothing_more_is_taken(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was handed over is still committed; what comes after the call to `close` is refused."""
    database = await Database.open(path, now_ms=NOW_MS)
    gate = Gate(monkeypatch)
    tasks = await waiting(2, database)
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0)
    with pytest.raises(DatabaseClosed):
        await database.commit(put("late"))
    gate.open.set()
    await settled(*tasks)
    await closing
    assert rows(path, ALL) == [("n0", "1"), ("n1", "1")]


async def test_a_lock_that_another_program_holds_is_waited_for_and_said(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """For many tries; the loop goes on meanwhile, and all that was handed over is committed afterwards, in order."""
    monkeypatch.setattr(lock_waits, "LINE_EVERY_S", 0)
    said = "another program has held the lock"
    with locked(path):
        tasks = await waiting(5, database)
        tasks[1].cancel()
        async with asyncio.timeout(30):
            while caplog.text.count(said) < 4:  # noqa: ASYNC110 - a log tells nobody
                await asyncio.sleep(0.01)
        assert len(await database.fetch("SELECT 1")) == 1
        assert not any(task.done() for task in tasks if task is not tasks[1])
    results = await settled(*tasks)
    assert results[:1] + results[2:] == [[[]]] * 4
    assert rows(path, ALL) == [(f"n{i}", "1") for i in range(5)]
    assert {record.levelno for record in caplog.records if said in record.message} == {logging.WARNING}
    assert not database.lost.is_set()


async def test_closing_waits_for_a_lock_only_as_long_as_it_is_told(path: Path) -> None:
    """Who waits for the lock then is told that the database was closed; nothing of it is there, nothing is lost."""
    database = await Database.open(path, now_ms=NOW_MS)
    with locked(path):
        tasks = await waiting(3, database)
        async with asyncio.timeout(30):
            await database.close()
        results = await settled(*tasks)
    assert [str(result) for result in results] == ["the database was closed while another program held its lock"] * 3
    assert {type(result) for result in results} == {DatabaseClosed}
    assert not database.lost.is_set()
    assert rows(path, ALL) == []


async def test_closing_commits_what_waits_for_a_lock_that_becomes_free_in_time(path: Path) -> None:
    """As ever, what was handed over is durable."""
    database = await Database.open(path, now_ms=NOW_MS)
    with locked(path):
        tasks = await waiting(3, database)
        closing = asyncio.create_task(database.close(lock_s=30))
        await asyncio.sleep(0)
    assert await settled(*tasks) == [[[]]] * 3
    await closing
    assert len(rows(path, ALL)) == 3


async def test_a_reader_never_sees_an_uncommitted_half(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the writer held in the middle of a unit, readers see the state before it."""
    inside, go_on = threading.Event(), threading.Event()

    def pause() -> int:
        inside.set()
        assert go_on.wait(30)
        return 1

    def run(connection: sqlite3.Connection, units: list[Unit]) -> list[UnitRows | Exception]:
        connection.create_function("pause", 0, pause)
        return run_batch(connection, units)

    monkeypatch.setattr(engine, "run_batch", run)
    task = asyncio.create_task(database.commit(put("a"), Statement("SELECT pause()"), put("b")))
    assert await asyncio.to_thread(inside.wait, 30)
    before = [tuple(row) for row in await database.fetch(ALL)]
    assert not can_be_written(path)
    go_on.set()
    await settled(task)
    assert before == []
    assert [tuple(row) for row in await database.fetch(ALL)] == [("a", "1"), ("b", "1")]


async def test_readers_cannot_write(database: Database) -> None:
    """`fetch` is no second way to write."""
    with pytest.raises(StatementFailed, match="readonly"):
        await database.fetch("INSERT INTO polar_properties VALUES ('sneaky', '1')")
    assert await database.fetch_one("SELECT 1 FROM polar_properties") is None


async def test_a_failed_query_gives_its_reader_back(database: Database) -> None:
    """More failures than there are readers leave the database readable."""
    for _ in range(READERS * 2):
        with pytest.raises(StatementFailed):
            await database.fetch("SELECT nonsense")
    async with asyncio.timeout(30):
        assert (await database.fetch("SELECT 1"))[0][0] == 1


async def test_a_query_that_was_called_off_gives_its_reader_back(database: Database) -> None:
    """Cancelled readers are used again."""
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*) FROM n"
    tasks = [asyncio.create_task(database.fetch(slow)) for _ in range(READERS * 2)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=30)
    async with asyncio.timeout(30):
        assert (await database.fetch("SELECT 1"))[0][0] == 1


async def test_a_full_disk_is_told_to_every_caller_that_waits(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch in hand, the units behind it and all later ones raise DatabaseLost; `lost` is set, nothing is half."""
    await database.commit(put("kept"))
    [[pages]] = (await database.commit(Statement("SELECT page_count FROM pragma_page_count")))[0]
    await database.commit(Statement(f"PRAGMA max_page_count = {pages + 1}"))
    monkeypatch.setattr(waiting_units, "MAX_UNITS", 3)
    gate = Gate(monkeypatch)
    too_big = asyncio.create_task(database.commit(put("half"), put("big", "x" * 200_000)))
    others = await waiting(7, database)
    assert not database.lost.is_set()
    gate.open.set()
    results = await settled(too_big, *others)
    assert [type(result) for result in results] == [DatabaseLost] * 8
    assert "full" in str(results[0])
    assert database.lost.is_set()
    with pytest.raises(DatabaseLost):
        await database.commit(put("later"))
    assert can_be_written(path)
    with pytest.raises(DatabaseLost):
        await database.fetch(ALL)
    async with asyncio.timeout(30):
        await database.close()
    assert rows(path, ALL) == [("kept", "1")]


GARBLE = """
import sys

with open(sys.argv[1], "r+b") as file:
    for page in sys.argv[3:]:
        file.seek((int(page) - 1) * int(sys.argv[2]))
        file.write(b"\\xee" * int(sys.argv[2]))
"""


@pytest.mark.parametrize("read", [Database.fetch, Database.look_up])
async def test_a_damaged_file_that_a_reader_meets_ends_everything(database: Database, path: Path, read: Read) -> None:
    """As if the writer had met it: that query, and all later ones and commits, raise DatabaseLost; `lost` is set."""
    await database.commit(*(put(f"n{i}", "x" * 3000) for i in range(50)))
    [[_, log, folded]] = rows(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    assert (log, folded) == (0, 0)
    [[size]] = rows(path, "PRAGMA page_size")
    [[root]] = rows(path, "SELECT rootpage FROM sqlite_master WHERE name = 'polar_properties'")
    assert run(GARBLE, path, size, root).returncode == 0  # by another process: we may not open it
    with pytest.raises(DatabaseLost, match="malformed"):
        await read(database, ALL)
    assert database.lost.is_set()
    for later in (
        database.fetch("SELECT 1"),
        database.look_up("SELECT 1"),
        database.commit(put("late")),
        database.until_lost(),
    ):
        with pytest.raises(DatabaseLost, match="malformed"):
            await later


async def test_a_mistake_of_whoever_asks_loses_nothing(database: Database) -> None:
    """A query that is wrong, or that would write, is its caller's failure alone."""
    for wrong in ("SELECT nonsense", "DELETE FROM polar_properties"):
        for read in (database.fetch, database.look_up):
            with pytest.raises(StatementFailed):
                await read(wrong)
    assert not database.lost.is_set()
    assert await database.commit(put("a")) == [[]]


def taken(path: Path, how: str) -> None:
    """Take a file away in one of the ways that people do."""
    if how == "deleted":
        path.unlink()
    elif how == "moved":
        path.rename(path.with_name("elsewhere"))
    else:
        copy = path.with_name("copy")
        copy.write_bytes(b"a backup")
        copy.replace(path)


AWAY = pytest.mark.parametrize("how", ["deleted", "moved", "replaced"])
OF_BOTH = pytest.mark.parametrize("suffix", ["", "-wal"])


@AWAY
@OF_BOTH
async def test_a_commit_into_a_file_that_was_taken_away_is_no_commit(
    database: Database, path: Path, suffix: str, how: str
) -> None:
    """Its callers are told so, all of them, and everybody who comes later."""
    await database.commit(put("a"))
    taken(path.with_name(path.name + suffix), how)
    results = await settled(*await waiting(3, database))
    assert [type(result) for result in results] == [DatabaseLost] * 3
    assert path.name + suffix in str(results[0])
    assert database.lost.is_set()
    for read in (database.fetch, database.look_up):
        with pytest.raises(DatabaseLost):
            await read("SELECT 1")


@AWAY
@OF_BOTH
async def test_a_file_that_is_taken_away_is_missed_without_a_commit(
    database: Database, path: Path, suffix: str, how: str
) -> None:
    """By whoever watches over it."""
    watching = asyncio.create_task(database.until_lost())
    taken(path.with_name(path.name + suffix), how)
    async with asyncio.timeout(30):
        with pytest.raises(DatabaseLost, match=path.name + suffix):
            await watching
    with pytest.raises(DatabaseLost):
        await database.commit(put("a"))


async def test_what_other_programs_do_with_the_log_takes_nothing_away(database: Database, path: Path) -> None:
    """Folding it in, cutting it off, coming and going, `VACUUM`: its file stays the same as long as we have it open."""
    steps = ("PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA wal_checkpoint(RESTART)", "VACUUM", "DELETE FROM polar_audit")
    for i, step in enumerate(steps):
        await database.commit(put(f"n{i}"))
        said = run("import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=10).execute(sys.argv[2])", path, step)
        assert said.returncode == 0, said.stderr
        await database.commit(put(f"m{i}"))
    assert len(rows(path, ALL)) == 2 * len(steps)


@pytest.mark.parametrize("suffixes", [("", "-wal"), ("-wal",)])
async def test_what_was_put_in_the_place_of_a_file_is_left_alone(path: Path, suffixes: tuple[str, ...]) -> None:
    """A backup that somebody put there is not touched by the process that still has the former file."""
    database = await Database.open(path, now_ms=NOW_MS)
    await database.commit(put("a"))
    for suffix in suffixes:
        taken(path.with_name(path.name + suffix), "replaced")
    with pytest.raises(DatabaseLost):
        await database.commit(put("b"))
    await database.close()
    assert {path.with_name(path.name + suffix).read_bytes() for suffix in suffixes} == {b"a backup"}


@pytest.mark.parametrize("how", ["moved", "replaced"])
async def test_the_log_of_a_file_that_was_taken_away_meets_no_other(path: Path, how: str) -> None:
    """SQLite would write it into whatever has the name at the next start; put beside its own file, it is whole."""
    kept = path.with_name("elsewhere")
    database = await Database.open(path, now_ms=NOW_MS)
    await database.commit(put("a"))
    kept.hardlink_to(path)
    taken(path, "deleted" if how == "moved" else how)
    with pytest.raises(DatabaseLost):
        await database.commit(put("b"))
    await database.close()
    assert not path.with_name(path.name + "-wal").exists()
    aside = path.with_name(f"{path.name}-wal.of-{kept.stat().st_ino}")
    aside.rename(kept.with_name(kept.name + "-wal"))
    assert ("a", "1") in rows(kept, ALL)


async def test_no_transaction_stays_open_after_an_error(database: Database, path: Path) -> None:
    """A void unit leaves the writer clean; the next unit begins a transaction of its own."""
    with pytest.raises(StatementFailed):
        await database.commit(put("a"), put("a"))
    assert can_be_written(path)
    assert await database.commit(put("a")) == [[]]


async def test_callers_learn_which_expectation_failed(database: Database) -> None:
    """The message holds the statement and both numbers, no parameter."""
    with pytest.raises(ExpectationFailed, match=r"expected 1 row\(s\), found 0: DELETE FROM polar_properties"):
        await database.commit(Statement("DELETE FROM polar_properties\n WHERE name = ?", ("secret",), expect=1))


async def test_who_watches_a_table_is_told_before_the_caller_goes_on(database: Database) -> None:
    """After each commit that names the table, and after no other."""
    told: list[str] = []
    database.watch("polar_properties", lambda: told.append("properties"))
    database.watch("polar_access", lambda: told.append("access"))
    await database.commit(put("a"))
    assert told == ["properties"]
    await database.commit(Statement("DELETE FROM polar_audit"))
    assert told == ["properties"]
    await database.commit(Statement("DELETE FROM polar_audit"), Statement("DELETE FROM polar_access"))
    assert told == ["properties", "access"]


async def test_who_watches_is_told_of_what_another_program_wrote(database: Database, path: Path) -> None:
    """Whatever that was, by the first commit behind it, and once."""
    told: list[str] = []
    database.watch("polar_access", lambda: told.append("access"))
    await database.commit(put("a"))
    assert told == []
    with plain(path) as other:
        other.execute(ADD, ("b", "1"))
    await database.commit(put("c"))
    assert told == ["access"]
    await database.commit(put("d"))
    assert told == ["access"]


async def test_who_watches_is_told_although_the_caller_was_cancelled(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The unit ran all the same."""
    told: list[str] = []
    database.watch("polar_properties", lambda: told.append("properties"))
    gate = Gate(monkeypatch)
    [task] = await waiting(1, database)
    task.cancel()
    await asyncio.wait([task], timeout=30)
    gate.open.set()
    await database.commit(Statement("DELETE FROM polar_audit"))
    assert told == ["properties"]


async def test_a_writer_that_fails_unforeseen_ends_everything_and_says_so(path: Path) -> None:
    """Whoever waits hears of it, nobody waits forever, and the file is closed all the same."""
    opened = await Database.open(path, now_ms=NOW_MS)
    try:
        opened.watch("polar_properties", lambda: exec("1 / 0"))  # noqa: S102
        with pytest.raises(DatabaseLost, match="the writer failed: ZeroDivisionError"):
            await opened.commit(Statement(ADD, ("a", "b")))
        assert opened.lost.is_set()
        with pytest.raises(DatabaseLost):
            await opened.commit(Statement("SELECT 1"))
    finally:
        await opened.close()
    again = await Database.open(path, now_ms=NOW_MS)
    await again.close()
