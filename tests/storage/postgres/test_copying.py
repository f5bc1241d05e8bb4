"""A copy from a file to a server's database, and back: the same rows in the same order, and one bot at most."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest

from storage import care, copying, engines, moved
from storage.copying import Copied
from storage.database import Database
from storage.errors import CopyFailed, DatabaseLocked, DatabaseUnusable
from storage.location import Location, ServerUrl
from storage.postgres.locks import OWNING, WRITING
from storage.sqlite import copy_end, lock, opening
from storage.statement import Statement
from storage.steps import OnStep
from storage.tables.properties import Properties
from tests.house import CHECKOUT, House
from tests.storage.files import NOW_MS

pytestmark = pytest.mark.slow
ROWS = 7
AT_ONCE = copying.AT_ONCE
CHECKED = {
    ("polar_access", "role"): "member",
    ("polar_messages", "role"): "user",
    ("polar_delivery_queue", "status"): "sent",
    ("polar_updates", "status"): "done",
    ("polar_pairing_codes", "purpose"): "member",
    ("polar_proposals", "status"): "open",
    ("polar_run_deliveries", "status"): "delivered",
    ("polar_task_board", "status"): "done",
    ("polar_shares", "isShared"): 1,
    ("polar_messages", "origin"): '{"automationId": "a"}',
}
"""What these columns take."""
SQLITE_SCHEMA = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE '%fts%' ORDER BY 1, 2"
ADD = "INSERT INTO polar_users (userId, updatedAtMs) VALUES (?, 1)"


class Killed(Exception):
    """The process ended here."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few rows are many."""
    monkeypatch.setattr(copying, "AT_ONCE", 2)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with rows in each table, in which some are gone."""
    made = tmp_path / "polar-system.db"
    connection, _ = opening.prepare(made, NOW_MS)
    with closing(connection):
        for table in copy_end.tables():
            names = [name for name, _ in table.columns if name != "rowid"]
            sql = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' for _ in names)})"
            kinds = dict(table.columns)
            for number in range(1, ROWS + 1):
                connection.execute(sql, [_value(table.name, name, kinds[name], number) for name in names])
            if not table.name.endswith("_events"):
                connection.execute(
                    f"DELETE FROM {table.name} WHERE {names[0]} = ?", (_value("", names[0], kinds[names[0]], 3),)
                )
    return made


def _value(table: str, name: str, kind: str, number: int) -> Any:
    # Keys that are sorted by another order than that of entry.
    made = {"INTEGER": number * 3, "REAL": number / 7, "TEXT": f"{name} {-number % 5} {number} ü", "BLOB": b"\0\xff"}
    return CHECKED.get((table, name), made[kind])


@pytest.fixture
def remote(empty: str) -> ServerUrl:
    """A database in which nothing is."""
    return ServerUrl(empty)


def copy(source: Location, target: Location, *, skips: bool = False, progress: OnStep = lambda *_: None) -> Copied:
    """All of it."""
    return care.copy(source, target, progress, skips=skips, now_ms=NOW_MS)


def rows(location: Location) -> dict[str, list[tuple[Any, ...]]]:
    """Those of all tables in order, as another program reads them; without marks."""
    tables = copy_end.tables()
    if isinstance(location, Path):
        with closing(sqlite3.connect(location)) as connection:
            return {table.name: connection.execute(table.select(None)).fetchall() for table in tables}
    with psycopg.connect(location.url, options="-c search_path=polar") as remote:
        return {table.name: remote.execute(table.select(None)).fetchall() for table in tables}


def write(path: Path, sql: str, *params: Any) -> None:
    """As another program."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql, params)


def until_rows(count: int) -> OnStep:
    """A step at which the process is killed."""

    def step(done: int, _: int) -> None:
        if done >= count:
            raise Killed

    return step


def start(location: Location) -> None:
    """As a bot does it, which ends at once."""

    async def open_and_close() -> None:
        await (await Database.open(location, now_ms=NOW_MS)).close()

    asyncio.run(open_and_close())


def test_all_rows_are_the_same_both_ways(file: Path, remote: ServerUrl, tmp_path: Path) -> None:
    """In order, with the totals as they were; nothing is counted again, and a file's tables are as in a new one."""
    before, back = rows(file), tmp_path / "back.db"
    copied = copy(file, remote)
    assert rows(remote) == before == rows(file)
    assert [table.rows for table in copied.tables] == [len(found) for found in before.values()]
    assert all(before.values())
    assert [table.sha256 for table in copy(remote, back).tables] == [table.sha256 for table in copied.tables]
    assert rows(back) == before
    with closing(sqlite3.connect(file)) as one, closing(sqlite3.connect(back)) as other:
        assert one.execute(SQLITE_SCHEMA).fetchall() == other.execute(SQLITE_SCHEMA).fetchall()
    assert care.find_problems(back) == care.find_problems(remote) == []


def test_one_bot_starts_on_one_of_both(file: Path, remote: ServerUrl) -> None:
    """On the target alone, which is told by the other one; nobody writes there, nor migrates; doctor tells it too."""
    copy(file, remote)
    with pytest.raises(DatabaseUnusable, match=str(remote)):
        start(file)
    for refused in (lambda: care.migrate(file, now_ms=1), engines.beside(file).__enter__, lambda: copy(file, remote)):
        with pytest.raises(DatabaseUnusable, match=f"was moved to {remote}"):
            refused()
    assert str(remote) in care.look_at(file).trouble
    start(remote)
    assert care.look_at(remote).trouble == ""


def test_a_server_that_was_moved_tells_where_to(file: Path, remote: ServerUrl, tmp_path: Path) -> None:
    """As a file does; the index of words is made anew there by the bot."""
    back = tmp_path / "back.db"
    copy(file, remote)
    copy(remote, back)
    with pytest.raises(DatabaseUnusable, match=str(back)):
        start(remote)
    assert str(back) in care.look_at(remote).trouble
    with closing(sqlite3.connect(back)) as connection:
        opening.prepare(back, NOW_MS)[0].close()
        assert connection.execute("SELECT value FROM polar_properties WHERE name = 'memory_index_next'").fetchall()


@pytest.mark.parametrize("is_back", [False, True], ids=["to the server", "back"])
def test_it_goes_on_wherever_it_was_killed(file: Path, remote: ServerUrl, tmp_path: Path, is_back: bool) -> None:
    """Until it is done a bot can start on the source alone."""
    source: Location = file
    target: Location = remote
    if is_back:
        copy(file, remote)
        source, target = remote, tmp_path / "back.db"
    before = rows(source)
    for count in (1, sum(map(len, before.values())) // 2, sum(map(len, before.values())) + 1):
        with pytest.raises(Killed):
            copy(source, target, progress=until_rows(count))
        with pytest.raises(DatabaseUnusable, match="beginning of a copy"):
            start(target)
        start(source)
    steps: list[tuple[int, int]] = []
    copy(source, target, progress=lambda done, of: steps.append((done, of)))
    assert rows(target) == before
    assert all(one <= other for one, other in pairwise(steps))
    assert {of for _, of in steps} == {2 * sum(map(len, before.values()))}
    assert steps[-1][0] == steps[-1][1]


@pytest.mark.parametrize("is_back", [False, True], ids=["to the server", "back"])
def test_it_survives_kills(
    file: Path, remote: ServerUrl, tmp_path: Path, is_back: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the real command, at whatever instant, several times: in the end all is there once, in order."""
    monkeypatch.setattr(copying, "AT_ONCE", AT_ONCE)
    write(file, MANY)
    back = tmp_path / "back.db"
    before, source, target = rows(file), str(file), str(remote)
    if is_back:
        copy(file, remote)
        source, target = target, str(back)
    end: Location = back if is_back else remote
    copied = [0]
    for _ in range(2):
        with subprocess.Popen(House.command("db", "copy", source, target), cwd=CHECKOUT) as process:
            while process.poll() is None and _audited(end) <= copied[-1]:
                time.sleep(0.005)
            process.kill()
        copied.append(_audited(end))
    assert len(before["polar_audit"]) > copied[1] > 0
    assert copied == sorted(set(copied))
    done = subprocess.run(House.command("db", "copy", source, target), cwd=CHECKOUT, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert rows(end) == before
    start(end)


MANY = """
WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 30000)
INSERT INTO polar_audit (turnId, attempt, kind, sessionId, userId, outcome, durationMs, createdAtMs)
SELECT 'turn ' || n, 1, 'message', 'chat', 'user', 'answered', n, n FROM numbers
"""


def _audited(location: Location) -> int:
    """The rows that are there, of a database that may not be there."""
    sql = "SELECT count(*) FROM polar_audit"
    try:
        if isinstance(location, Path):
            with closing(sqlite3.connect(f"file:{location}?mode=ro", uri=True)) as file:
                return int(file.execute(sql).fetchone()[0])
        with psycopg.connect(location.url, options="-c search_path=polar") as remote:
            return sum(remote.execute(sql).fetchone() or ())
    except (sqlite3.OperationalError, psycopg.errors.UndefinedTable):
        return 0


def test_it_goes_on_from_between_both_marks(file: Path, remote: ServerUrl) -> None:
    """The source is moved before the target is free; called again, it says so."""
    with pytest.raises(Killed):
        copy(file, remote, progress=until_rows(400))
    write(file, "INSERT INTO polar_properties VALUES (?, ?)", moved.TO, str(remote))
    assert copy(file, remote).is_finished
    assert care.look_at(remote).trouble == ""


def test_what_changed_in_between_is_copied_anew(file: Path, remote: ServerUrl) -> None:
    """A bot may have run on the source since the copy was killed."""
    total = sum(map(len, rows(file).values()))
    with pytest.raises(Killed):
        copy(file, remote, progress=until_rows(total + 1))
    write(file, "UPDATE polar_users SET timezone = 'Europe/Berlin'")
    write(file, "DELETE FROM polar_memory WHERE rowid = 5")
    copy(file, remote)
    assert rows(remote) == rows(file)


def test_a_target_with_something_in_it_is_refused(file: Path, remote: ServerUrl, tmp_path: Path) -> None:
    """Nothing of it is changed; nor is another copy's beginning."""
    care.migrate(remote, now_ms=NOW_MS)
    with engines.beside(remote) as database:
        database.commit(Statement(ADD, ("7",)))
    before = rows(remote)
    with pytest.raises(DatabaseUnusable, match="not empty"):
        copy(file, remote)
    assert rows(remote) == before
    target = tmp_path / "back.db"
    with pytest.raises(Killed):
        copy(remote, target, progress=until_rows(1))
    write(target, "UPDATE polar_properties SET value = replace(value, '/test_', '/other_') WHERE name = ?", moved.FROM)
    with pytest.raises(DatabaseUnusable, match="other_"):
        copy(remote, target)


@pytest.mark.parametrize("twice", [Path.cwd, lambda: ServerUrl("postgresql://db/polar")], ids=["files", "servers"])
def test_both_ends_of_one_engine_are_refused(twice: Any) -> None:
    """Other commands copy those."""
    with pytest.raises(DatabaseUnusable, match="pg_dump"):
        copy(twice(), twice())


def test_what_the_target_cannot_hold_is_told(file: Path, remote: ServerUrl) -> None:
    """By table and key; nothing is moved, until it is mended or left out; a table that had such begins anew."""
    write(file, "INSERT INTO polar_users VALUES (?, NULL, 1)", "a\0b")
    write(file, "UPDATE polar_memory SET record = CAST(x'61ff' AS TEXT) WHERE rowid = 2")
    write(file, "UPDATE polar_chat_aliases SET newSessionId = x'00' WHERE rowid = 4")
    write(file, "UPDATE polar_budget_policies SET resetIntervalMs = 1e300 WHERE rowid = 1")
    write(file, "UPDATE polar_keys SET purpose = hex(randomblob(9000)) WHERE rowid = 6")
    first = copy(file, remote)
    assert not first.is_finished
    told = {(row.table, row.reason.partition(" ")[0]): (row.key, row.reason) for row in first.refused}
    assert told.pop(("polar_users", "userId:")) == ('["a\\u0000b"]', "userId: text with a NUL character")
    assert told.pop(("polar_memory", "record:"))[1] == "record: text that is not UTF-8"
    assert told.pop(("polar_chat_aliases", "newSessionId:"))[1] == "newSessionId: bytes where text belongs"
    assert told.pop(("polar_budget_policies", "resetIntervalMs:"))[1].endswith("a number where a whole number belongs")
    [((table, _), (_, reason))] = told.items()
    assert table == "polar_keys"
    assert "index row" in reason
    assert care.look_at(file).trouble == ""
    write(file, "UPDATE polar_chat_aliases SET newSessionId = 'mended' WHERE rowid = 4")
    with pytest.raises(Killed):
        copy(file, remote, skips=True, progress=until_rows(400))
    write(file, "UPDATE polar_memory SET record = '{}' WHERE rowid = 2")
    second = copy(file, remote, skips=True)
    assert second.is_finished
    assert sorted(row.table for row in second.refused) == ["polar_budget_policies", "polar_keys", "polar_users"]
    left_out = {"polar_budget_policies": 1, "polar_keys": 6, "polar_users": ROWS + 1}
    kept = {name: [row for row in found if row[0] != left_out.get(name)] for name, found in rows(file).items()}
    assert rows(remote) == kept


def test_no_more_rows_are_left_out_than_can_be_told(
    file: Path, remote: ServerUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are kept in memory."""
    monkeypatch.setattr(copying, "MOST_REFUSED", 3)
    write(file, "UPDATE polar_memory SET record = x'00'")
    with pytest.raises(CopyFailed, match="more than 3 rows"):
        copy(file, remote, skips=True)


def test_what_is_no_number_stays_on_the_server(remote: ServerUrl, tmp_path: Path) -> None:
    """SQLite would keep nothing in its place."""
    care.migrate(remote, now_ms=NOW_MS)
    with engines.beside(remote) as database:
        database.commit(Statement("INSERT INTO polar_budget_policies VALUES ('global', '', ?)", (float("nan"),)))
    [row] = copy(remote, tmp_path / "back.db").refused
    assert (row.key, row.reason) == ('["global", ""]', "maxLimitUsd: it is no number")


def test_rows_are_numbered_from_where_they_were(file: Path, remote: ServerUrl) -> None:
    """Whatever gives the numbers."""
    copy(file, remote)
    audited = "INSERT INTO polar_audit (turnId, attempt, kind, sessionId, userId, outcome, durationMs, createdAtMs) "
    with engines.beside(remote) as database:
        [_, _, [[given]]] = database.commit(
            Statement(ADD, ("new",)),
            Properties.set("a", "b"),
            Statement(f"{audited} VALUES ('', 1, '', '', '', '', 1, 1) RETURNING sequence"),
        )
    assert given == ROWS * 3 + 1
    for table in ("polar_users", "polar_properties"):
        numbers = [row[0] for row in rows(remote)[table]]
        assert numbers[-1] == numbers[-2] + 1


def test_both_are_held(file: Path, remote: ServerUrl, tmp_path: Path) -> None:
    """No bot can start on either, and nobody of ours writes in the source."""
    with lock.exclusive(file), pytest.raises(DatabaseLocked):
        copy(file, remote)

    async def copy_beside_a_bot() -> None:
        database = await Database.open(remote, now_ms=NOW_MS)
        with pytest.raises(DatabaseLocked):
            await asyncio.to_thread(copy, file, remote)
        await database.close()

    asyncio.run(copy_beside_a_bot())
    tried: list[bool] = []
    with psycopg.connect(remote.url, autocommit=True) as other:

        def is_free(number: int) -> bool:
            [found] = other.execute("SELECT pg_try_advisory_lock(%s)", (number,)).fetchone() or ()
            return bool(found)

        def try_both(_done: int, _of: int) -> None:
            with pytest.raises(DatabaseLocked):
                lock.take(file)
            with closing(sqlite3.connect(file, timeout=0)) as a, pytest.raises(sqlite3.OperationalError, match="lock"):
                a.execute("DELETE FROM polar_users")
            tried.append(is_free(OWNING))

        copy(file, remote, progress=try_both)
        assert set(tried) == {False}
        tried.clear()
        copy(remote, tmp_path / "back.db", progress=lambda *_: tried.extend(map(is_free, (OWNING, WRITING))))
        assert set(tried) == {False}


@pytest.mark.parametrize("is_back", [False, True], ids=["a file", "a server"])
def test_who_was_moved_can_be_gone_on_with(file: Path, remote: ServerUrl, tmp_path: Path, is_back: bool) -> None:
    """By adopting it, which ends what was open: the other one may have done that. A beginning cannot be adopted."""
    source: Location = file
    if is_back:
        copy(file, remote)
        source = remote
    target: Location = tmp_path / "back.db" if is_back else remote
    with pytest.raises(Killed):
        copy(source, target, progress=until_rows(1))
    with pytest.raises(DatabaseUnusable, match="beginning of a copy"):
        care.adopt(target, [], now_ms=NOW_MS)
    copy(source, target)
    care.adopt(source, [], now_ms=NOW_MS)
    start(source)
