"""The index of words, which SQLite alone has: in order, and at no cost that grows with what others remember."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bot.indexer import Indexer
from storage import memory_index
from storage.database import Database
from storage.sqlite import connections, memory_table
from storage.statement import Statement
from storage.tables.memories import Memories
from tests.second import rows
from tests.storage.files import NOW_MS, plain
from tests.storage.plans import recorded
from tests.storage.remembered import add, found

S = "telegram:chat:1"


async def test_the_index_survives_vacuum(database: Database, path: Path) -> None:
    """VACUUM may number rows anew; the index goes by memoryId."""
    memories = Memories(database)
    for i, fact in enumerate(("first apple", "second pear", "third plum", "fourth quince")):
        await database.commit(*add(memories, f"m{i}", fact))
    for key in ("m0", "m2"):
        memory = await memories.find(key, session_id=S, user_id="7")
        assert memory is not None
        await database.commit(*memories.forget(memory))
    with plain(path) as connection:
        connection.execute("VACUUM")
    assert await found(memories, "pear") == ["m1"]
    assert await found(memories, "quince") == ["m3"]
    assert await found(memories, "apple plum") == []


async def test_memories_of_a_time_without_index_are_found_once_there_is_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run on a SQLite without FTS5 marks the index as stale; the next one that has it rebuilds it."""
    database = await Database.open(path, now_ms=NOW_MS)
    await database.commit(*add(Memories(database), "old", "green tea"))
    await database.close()
    with monkeypatch.context() as without:
        without.setattr(connections, "has_fts5", lambda connection: False)
        database = await Database.open(path, now_ms=NOW_MS)
        assert not database.has_memory_index
        await database.commit(*add(Memories(database), "new", "white tea"))
        assert set(await found(Memories(database), "tea")) == {"old", "new"}
        await database.close()
    for _ in range(2):
        database = await Database.open(path, now_ms=NOW_MS)
        assert database.has_memory_index
        assert set(await found(Memories(database), "tea")) == {"old", "new"}
        await Indexer(database).build()
        assert set(await found(Memories(database), "tea")) == {"old", "new"}
        await database.close()
    assert sorted(rows(path, "SELECT memoryId FROM polar_memory_fts")) == [("new",), ("old",)]


async def test_the_index_is_rebuilt_only_when_it_has_to_be(path: Path) -> None:
    """An index in order is left alone at the next start."""
    database = await Database.open(path, now_ms=NOW_MS)
    await database.commit(Statement(memory_index.ADD, ("only here", "tea", "", "")))
    await database.close()
    await (await Database.open(path, now_ms=NOW_MS)).close()
    assert rows(path, "SELECT memoryId FROM polar_memory_fts") == [("only here",)]


def steps(path: Path, *statements: Statement) -> int:
    """How many hundreds of steps SQLite's machine takes for these."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    with plain(path) as connection:
        connection.execute("BEGIN")
        connection.set_progress_handler(count, 100)
        for statement in statements:
            connection.execute(statement.sql, statement.params).fetchall()
        connection.set_progress_handler(None, 0)
        connection.execute("ROLLBACK")
    return counted


async def test_forgetting_costs_the_same_however_much_others_remember(database: Database, path: Path) -> None:
    """Also where all of them remember the same words, and where a text has no word at all."""
    memories = Memories(database)
    await database.commit(*add(memories, "mine", "green tea"), *add(memories, "sign", "👍"))
    both = [memory for key in ("mine", "sign") if (memory := await memories.find(key, session_id=S, user_id="7"))]
    forgetting = [statement for memory in both for statement in memories.forget(memory)]
    alone = steps(path, *forgetting)
    for batch in range(20):
        others = (add(memories, f"o{batch}-{i}", "green tea", user=f"{batch}-{i}") for i in range(100))
        await database.commit(*(statement for unit in others for statement in unit))
    assert steps(path, *forgetting) <= alone + 3  # of the index; a walk over all of them takes over 100
    await database.commit(*forgetting)
    assert rows(path, "SELECT count(*) FROM polar_memory_fts WHERE memoryId IN ('mine', 'sign')") == [(0,)]


async def test_searching_looks_at_rows_of_this_user_only(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others who remember the same words are not even joined."""
    memories = Memories(database)
    await database.commit(*add(memories, "mine", "green tea"))
    queries = recorded(database, monkeypatch)
    assert await found(memories, "green tea") == ["mine"]
    alone = steps(path, *queries)
    for batch in range(20):
        others = (add(memories, f"o{batch}-{i}", "green tea", user=f"{batch}-{i}") for i in range(100))
        await database.commit(*(statement for unit in others for statement in unit))
    assert steps(path, *queries) < alone + 20  # a join with 2,000 rows takes over 100


async def test_a_beginning_that_fails_leaves_the_index_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one transaction."""
    database = await Database.open(path, now_ms=NOW_MS)
    await database.commit(
        *add(Memories(database), "m", "tea"),
        Statement("INSERT INTO polar_properties VALUES (?, '1')", (memory_index.STALE,)),
    )
    await database.close()
    monkeypatch.setattr(memory_index, "TERMS", "CREATE nonsense")
    with plain(path) as connection:
        with pytest.raises(sqlite3.OperationalError):
            memory_table.prepare(connection)
        assert not connection.in_transaction
        assert connection.execute("SELECT memoryId FROM polar_memory_fts").fetchall() == [("m",)]
