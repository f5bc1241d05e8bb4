"""Memories that the earlier runtime writes, changes, compacts or removes are found as they are, soon, and by ours."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.indexer import Indexer
from storage import memory_index
from storage.database import Database
from storage.errors import StatementFailed
from storage.memory_building import PAGE
from storage.memory_changes import CHANGED, MemoryChanges
from storage.tables.memories import Memories
from tests.clocks import TestClock
from tests.earlier import Earlier
from tests.house import House, until
from tests.looking import tell

S, NOW_MS = "telegram:chat:1", 1_795_000_000_000
NOTHING = "I remember nothing about that."


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """An open database in which nobody indexes by himself."""
    database = await Database.open(tmp_path / "polar-system.db", now_ms=NOW_MS)
    yield database
    await database.close()


async def found(database: Database, words: str, user: str = "7") -> list[str]:
    """The ids that a search finds."""
    memories = await Memories(database).search(words, session_id=S, user_id=user, limit=500)
    return [memory.memory_id for memory in memories]


async def entries(database: Database) -> list[tuple[str, bool]]:
    """The memory of each entry of the index, and whether it is one of ours."""
    rows = await database.fetch("SELECT memoryId, keys IS NOT NULL FROM polar_memory_fts ORDER BY memoryId, rowid")
    return [(row[0], bool(row[1])) for row in rows]


async def waiting(database: Database) -> int:
    """How many memories are still to be looked at."""
    [row] = await database.fetch("SELECT count(*) FROM polar_memory_changes")
    return int(row[0])


async def test_what_the_earlier_runtime_wrote_while_the_bot_was_stopped_is_found(house: House) -> None:
    """By search and by recall; also in a file that it has made, and after what it removed."""
    earlier = Earlier(house.path)
    ann, chat = house.chat()
    session = f"telegram:chat:{chat.id}"
    earlier.remember("m1", session, ann.id, {"fact": "Keeps bees"}, at_ms=1)
    async with house.bot(TestClock()):
        assert "Keeps bees" in (await tell(house, chat, ann, "/memory search bees"))[0]
    earlier.remember("m2", session, ann.id, {"type": "place", "summary": "has an apiary by the river"}, at_ms=2)
    earlier.remember("m1", session, ann.id, {"fact": "Keeps wasps"}, at_ms=3)
    async with house.bot(TestClock(), responder="local"):
        await until(lambda: house.rows("SELECT count(*) FROM polar_memory_changes WHERE looks = 0") == [(0,)])
        assert "apiary by the river" in (await tell(house, chat, ann, "/memory search river"))[0]
        assert "apiary by the river" in str(await tell(house, chat, ann, "where is my apiary?"))
        assert "Keeps wasps" in (await tell(house, chat, ann, "/memory search wasps"))[0]
        assert await tell(house, chat, ann, "/memory search bees") == [NOTHING]


async def test_what_it_does_beside_the_bot_is_found(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it compacts or deletes is noticed as well; forgetting removes what it has written."""
    monkeypatch.setattr("bot.indexer.LOOK_EVERY_S", 0.001)
    earlier = Earlier(house.path)
    ann, chat = house.chat()
    session = f"telegram:chat:{chat.id}"

    async def settled() -> None:
        await until(lambda: house.rows("SELECT count(*) FROM polar_memory_changes") == [(0,)])

    async with house.bot(TestClock()):
        for number, fact in enumerate(("likes tea", "rides a bike", "sings", "paints")):
            earlier.remember(f"mem_{number}", session, ann.id, {"fact": fact}, at_ms=number + 1)
        await settled()
        assert "rides a bike" in (await tell(house, chat, ann, "/memory search bike"))[0]
        earlier.compact("compact_1", session, ann.id, oldest=2, at_ms=9)
        earlier.remember("compact_12", session, ann.id, {"summary": "owns a boat"}, at_ms=10)
        house.write("DELETE FROM polar_memory WHERE memoryId = 'mem_2'")
        await settled()
        [line] = await tell(house, chat, ann, "/memory search bike")
        assert line == "• compacted_summary likes tea; rides a bike"
        assert await tell(house, chat, ann, "/memory search sings") == [NOTHING]
        assert house.rows("SELECT memoryId FROM polar_memory_fts ORDER BY 1") == [
            ("compact_1",),
            ("compact_12",),
            ("mem_3",),
        ]
        for memory_id in ("compact_1", "mem_3"):
            assert await tell(house, chat, ann, f"/memory forget {memory_id}") == ["Forgotten."]
    assert house.rows("SELECT memoryId FROM polar_memory_fts") == [("compact_12",)]


async def test_entries_that_it_makes_behind_ours_do_not_hide_a_memory(database: Database) -> None:
    """Its own come in later statements, and remove ours: so what has changed is looked at again, and theirs go."""
    indexer, earlier = Indexer(database), Earlier(Path(database.label))
    earlier.remember("m", S, 7, {"fact": "green tea"}, at_ms=1)
    await indexer.look()
    assert await found(database, "tea") == ["m"]
    with earlier.open() as connection:
        connection.execute("DELETE FROM polar_memory_fts WHERE memoryId = 'm'")
        connection.execute("INSERT INTO polar_memory_fts (memoryId, searchableText) VALUES ('m', 'green tea')")
    assert await found(database, "tea") == []
    for _ in range(2):
        await indexer.settle()
    assert await found(database, "tea") == ["m"]
    assert await entries(database) == [("m", True)]
    assert await waiting(database) == 0


async def test_what_changes_while_it_is_indexed_is_looked_at_again(database: Database) -> None:
    """Nothing that was read before counts as done."""
    earlier, changes = Earlier(Path(database.label)), MemoryChanges(database)
    earlier.remember("m", S, 7, {"fact": "green tea"}, at_ms=1)
    page = await changes.page(CHANGED)
    earlier.remember("m", S, 7, {"fact": "black coffee"}, at_ms=2)
    await database.commit(*changes.index(page, CHANGED))
    await Indexer(database).look()
    assert (await found(database, "coffee"), await found(database, "tea")) == (["m"], [])


async def test_our_own_memories_leave_nothing_to_do(database: Database) -> None:
    """What is indexed in the commit that writes it is not looked at again; nor what is forgotten."""
    memories = Memories(database)
    await database.commit(*memories.add(memory_id="m", session_id=S, user_id="7", fact="green tea", now_ms=1))
    assert await waiting(database) == 0
    memory = await memories.find("m", session_id=S, user_id="7")
    assert memory is not None
    await database.commit(*memories.forget(memory))
    assert await waiting(database) == 0
    assert await entries(database) == []


async def test_many_are_indexed_in_pages(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """No commit is longer than a page, no query of the index either; broken records and another's are no exception."""
    monkeypatch.setattr("storage.memory_changes.INDEX_PAGE", 50)
    earlier, longest = Earlier(Path(database.label)), 0
    with earlier.open() as connection:
        connection.execute("BEGIN")
        for number in range(150):
            row = (f"m{number}", S, str(number % 2), "session", "fact", "{broken tea", "{}", 1, 1)
            connection.execute("INSERT INTO polar_memory VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            connection.execute("INSERT INTO polar_memory_fts (memoryId, searchableText) VALUES (?, 'tea')", row[:1])
        connection.execute("COMMIT")
    commit = database.commit

    async def counting(*statements: object) -> object:
        nonlocal longest
        longest = max(longest, len(statements))
        return await commit(*statements)  # type: ignore[arg-type]

    monkeypatch.setattr(database, "commit", counting)
    indexer = Indexer(database)
    await indexer.look()
    assert len(await found(database, "tea", user="1")) == 75
    for _ in range(2):
        await indexer.settle()
    assert longest <= 3 * 64
    assert len(await entries(database)) == 150
    assert all(is_ours for _, is_ours in await entries(database))


async def test_the_marks_stay_out_of_the_other_programs_way(database: Database) -> None:
    """Whatever way it writes in: replacing, many at once, one whose id is missing, a SQLite of its own."""
    with sqlite3.connect(Path(database.label)) as connection:
        row = (S, "7", "session", "fact", '{"fact":"tea"}', "{}", 1, 1)
        for memory_id in ("m", "m", None, None):
            connection.execute(
                "INSERT OR REPLACE INTO polar_memory VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (memory_id, *row)
            )
        connection.execute("UPDATE polar_memory SET memoryId = 'n' WHERE memoryId = 'm'")
        connection.execute("UPDATE polar_memory SET userId = '8'")
        odd = (b"\xffid", S, "8", "session", "fact", b"\xff coffee", "{}", 1, 1)
        connection.execute("INSERT INTO polar_memory VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", odd)
    connection.close()
    indexer = Indexer(database)
    await indexer.look()
    for _ in range(2):
        await indexer.settle()
    assert await waiting(database) == 0
    assert len(await entries(database)) == 2
    assert (await found(database, "tea", user="8"), await found(database, "tea")) == (["n"], [])


async def test_the_bot_answers_while_it_is_made_and_says_how_far_it_is(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """From a file of an older version, in its log."""
    monkeypatch.setattr("bot.indexer.TOLD_EVERY", PAGE)
    caplog.set_level("INFO", "polar.indexing")
    async with house.bot(TestClock()):
        ann, chat = house.chat()
    with Earlier(house.path).open() as connection:
        connection.execute("BEGIN")
        for number in range(PAGE * 2 + 1):
            row = (f"m{number:04}", f"telegram:chat:{chat.id}", str(ann.id), "session", "fact", f"bees {number:04}")
            connection.execute("INSERT INTO polar_memory VALUES (?, ?, ?, ?, ?, ?, '{}', 1, 1)", row)
        connection.execute("DROP TABLE polar_memory_fts")
        connection.execute("COMMIT")
    async with house.bot(TestClock()):
        [answer] = await tell(house, chat, ann, "/memory search 0128")
        assert "bees 0128" in answer
        await until(lambda: house.rows("SELECT 1 FROM polar_properties WHERE name = ?", memory_index.BUILDING) == [])
        assert await tell(house, chat, ann, "/memory search 0128") == [answer]
    assert [record.getMessage() for record in caplog.records if record.name == "polar.indexing"] == [
        "the index of memories is being made: 0 of 129 are in it",
        "the index of memories is being made: 64 of 129 are in it",
        "the index of memories is being made: 128 of 129 are in it",
        "the index of memories is whole, with 129 in it",
    ]


async def test_a_former_index_that_cannot_be_removed_does_not_keep_the_new_one_from_being_made(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is tried by itself."""
    tried: list[str] = []

    async def fail(indexer: Indexer) -> None:
        tried.append("former")
        raise StatementFailed("damaged")

    async def build(indexer: Indexer) -> None:
        tried.append("build")

    async def look(indexer: Indexer) -> None:
        tried.append("look")
        database.has_memory_index = len(tried) < 5

    monkeypatch.setattr("bot.indexer.PAUSE_S", 0.001)
    for name, work in (("empty_former", fail), ("build", build), ("look", look)):
        monkeypatch.setattr(Indexer, name, work)
    running = asyncio.create_task(Indexer(database).run())
    await until(lambda: not database.has_memory_index)
    running.cancel()
    assert tried == ["former", "build", "look", "former", "look"]
