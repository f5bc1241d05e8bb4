"""A new index of words is made while the bot runs, in pages, and is asked when it is whole."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytest_asyncio

from bot.indexer import Indexer
from storage.database import Database
from storage.engines import connect_readers
from storage.erasure import Erasure
from storage.json_text import encode
from storage.memory_building import FORMER_ROWS, MERGED, PAGE, MemoryBuilding
from storage.memory_changes import CHANGED, MemoryChanges
from storage.statement import Statement
from storage.tables.chats import Chats
from storage.tables.memories import Memories
from storage.traces import Traces
from storage.views import memory_listings
from tests.storage.files import NOW_MS, plain, rows

S = "telegram:chat:1"
OWN = {"session_id": S, "user_id": "7"}
FORMERS = {
    "missing": None,
    "of an older version": "fts5(memoryId UNINDEXED, searchableText, keys, tokenize='porter unicode61')",
    "contentless": "fts5(memoryId, searchableText, content='', tokenize='porter unicode61')",
    "damaged": "fts5(memoryId UNINDEXED, searchableText, keys, tokenize='porter unicode61')",
}


async def found(database: Database, text: str, *, user: str = "7") -> list[str]:
    """The ids that a search finds."""
    memories = await Memories(database).search(text, session_id=S, user_id=user, limit=500)
    return sorted(memory.memory_id for memory in memories)


async def entries(database: Database) -> list[str]:
    """The memories in the index, one an entry."""
    return sorted(row[0] for row in await database.fetch("SELECT memoryId FROM polar_memory_fts"))


def holds(path: Path, words: bytes) -> bool:
    """Whether they are anywhere in the file."""
    return words in path.read_bytes()


async def is_whole(database: Database) -> bool:
    """Whether the index is asked."""
    return await MemoryBuilding(database).progress() is None


def leave(path: Path, count: int, former: str = "of an older version", *, user: str = "7") -> list[str]:
    """A database with so many memories of tea and an index of another make; the ids."""
    ids = [f"m{number:04}" for number in range(count)]
    with plain(path) as connection:
        connection.execute("BEGIN")
        for memory_id in ids:
            row = (memory_id, S, user, "session", "fact", encode({"fact": f"green téa of {memory_id}"}), "{}", 1, 1)
            connection.execute("INSERT INTO polar_memory VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        connection.execute("DELETE FROM polar_memory_changes")
        connection.execute("DROP TABLE polar_memory_fts")
        if (declared := FORMERS[former]) is not None:
            connection.execute(f"CREATE VIRTUAL TABLE polar_memory_fts USING {declared}")
            words = ((memory_id, f"green téa of {memory_id}") for memory_id in ids)
            connection.executemany("INSERT INTO polar_memory_fts (memoryId, searchableText) VALUES (?, ?)", words)
        connection.execute("COMMIT")
        if former == "damaged":
            connection.execute("DROP TABLE polar_memory_fts_idx")
    return ids


@pytest_asyncio.fixture
async def old(path: Path) -> Path:
    """A file of today's version that nobody has open."""
    await (await Database.open(path, now_ms=NOW_MS)).close()
    return path


@pytest.mark.parametrize("former", FORMERS)
async def test_an_index_of_another_make_is_made_anew(old: Path, former: str) -> None:
    """What it held is found from the first instant, and nothing of it is left in the end."""
    ids = leave(old, 3, former)
    database = await Database.open(old, now_ms=NOW_MS)
    assert await found(database, "tea") == ids
    assert not await is_whole(database)
    indexer = Indexer(database)
    await indexer.empty_former()
    await indexer.build()
    assert await is_whole(database)
    assert await found(database, "tea") == await entries(database) == ids
    assert rows(old, "SELECT v FROM polar_memory_fts_config WHERE k = 'automerge'") == [(4,)]
    memory = await Memories(database).find("m0001", **OWN)
    assert memory is not None
    await database.commit(*Memories(database).forget(memory))
    assert await found(database, "tea") == await entries(database) == ["m0000", "m0002"]
    await database.close()
    assert rows(old, "SELECT name FROM sqlite_master WHERE name GLOB 'polar_memory_fts_old*'") == []


async def test_a_process_that_ends_goes_on_where_it_was(old: Path) -> None:
    """After any page: nothing is done again, nothing is left out, nothing is there twice."""
    ids = leave(old, PAGE * 2 + 7)
    pages = []
    while True:
        database = await Database.open(old, now_ms=NOW_MS)  # as a new process does
        if await is_whole(database):
            break
        page, behind = await MemoryBuilding(database).page()
        pages.append([row[0] for row in page])
        await database.commit(*MemoryBuilding.index(page, behind))
        assert await found(database, "tea") == ids
        await database.close()
    assert [memory_id for page in pages for memory_id in page] == ids
    assert await entries(database) == await found(database, "tea") == ids
    await database.close()


async def test_no_step_is_long(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is at most 64 memories, or 256 KiB, and is merged by itself; a former index goes by 500 rows at most."""
    leave(old, FORMER_ROWS * 2 + 5)
    with plain(old) as connection:
        for number in range(3):
            row = (f"n{number}", S, "7", "session", "fact", "large " * 50_000, "{}", 1, 1)
            connection.execute("INSERT INTO polar_memory VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    database = await Database.open(old, now_ms=NOW_MS)
    commit, changed, statements = database.commit, [], []

    async def counting(*unit: Statement) -> object:
        total = Statement("SELECT total_changes()")
        (first,), *_, (last,) = await commit(total, *unit, total)
        changed.append(last[0] - first[0])
        statements.append(len(unit))
        return []

    monkeypatch.setattr(database, "commit", counting)
    indexer = Indexer(database)
    await indexer.empty_former()
    assert max(changed) <= FORMER_ROWS
    assert len(changed) >= 6
    statements.clear()
    changed.clear()
    await indexer.build()
    assert max(statements) == 2 * PAGE + 1
    assert statements[-6:] == [1, 3, 1, 3, 1, 4]
    whole = [rows for rows, number in zip(changed, statements, strict=True) if number == 2 * PAGE + 1]
    assert max(whole) - min(whole) < 8  # none of them merges what others have made
    assert max(changed[1::2]) < 2 * MERGED
    await database.close()


async def test_what_is_written_while_it_is_made_is_in_it(old: Path) -> None:
    """Behind the page, before it and within it, between the reading of it and its commit."""
    leave(old, PAGE + 10)
    database = await Database.open(old, now_ms=NOW_MS)
    memories, building = Memories(database), MemoryBuilding(database)
    for wave in range(2):
        page, behind = await building.page()
        made = building.index(page, behind)
        for place in (0, PAGE + 1 if wave == 0 else PAGE + 5):
            await database.commit(*memories.replace(f"m{place + wave:04}", fact="black coffee", now_ms=2, **OWN))
            await database.commit(*memories.remove(f"m{place + wave + 2:04}", **OWN))
        for name in (f"a{wave}", f"m0003{wave}", f"z{wave}"):
            await database.commit(*memories.add(memory_id=name, fact="black coffee", now_ms=2, **OWN))
        await database.commit(*made)
    assert await is_whole(database)
    assert await entries(database) == [
        row[0] for row in await database.fetch("SELECT memoryId FROM polar_memory ORDER BY 1")
    ]
    coffee = ["a0", "a1", "m0000", "m0001", "m00030", "m00031", "m0065", "m0070", "z0", "z1"]
    assert await found(database, "coffee") == coffee
    assert len(await found(database, "tea")) == PAGE + 10 - 4 - 4
    await database.close()


async def test_nothing_that_is_forgotten_while_it_is_looked_at_comes_back(database: Database) -> None:
    """Nor in its former words: whoever has changed a row has seen to its entry."""
    memories, changes = Memories(database), MemoryChanges(database)
    with plain(Path(database.label)) as connection:
        for name in ("a", "b"):
            row = (name, S, "7", "session", "fact", '{"fact":"green tea"}', "{}", 1, 1)
            connection.execute("INSERT INTO polar_memory VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    page = await changes.page(CHANGED)
    await database.commit(*memories.remove("a", **OWN))
    await database.commit(*memories.replace("b", fact="black coffee", now_ms=2, **OWN))
    await database.commit(*changes.index(page, CHANGED))
    await database.commit(*memories.replace("b", fact="black coffee", now_ms=2, **OWN))
    await Indexer(database).look()
    assert (await found(database, "tea"), await found(database, "coffee")) == ([], ["b"])
    assert await entries(database) == ["b"]


async def test_no_word_of_somebody_who_is_erased_is_left(old: Path) -> None:
    """Not in the index that is made, though a page of theirs is in hand; and a former one counts as a trace."""
    leave(old, 5)
    with plain(old) as connection:
        row = ("x", S, "8", "session", "fact", '{"fact":"tulip seven"}', "{}", 1, 1)
        connection.execute("INSERT INTO polar_memory VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    database = await Database.open(old, now_ms=NOW_MS)
    building, traces = MemoryBuilding(database), Traces(database)
    page, behind = await building.page()
    await database.commit(*Erasure(database).of("7", now_ms=NOW_MS))
    assert await traces.are_in_former()
    await database.commit(*building.index(page, behind))
    await Indexer(database).empty_former()
    assert not await traces.are_in_former()
    assert await entries(database) == ["x"]
    terms = await database.fetch("SELECT term FROM polar_memory_fts_terms WHERE term LIKE '%tea' OR term LIKE '%m000_'")
    assert terms == []
    await database.close()
    assert not holds(old, b"green")


async def test_what_moves_to_another_session_is_found_there(database: Database) -> None:
    """Its entry goes by the session."""
    memories = Memories(database)
    await database.commit(*memories.add(memory_id="m", fact="green tea", now_ms=1, **OWN))
    await database.commit(*Chats.migrate(S, "telegram:chat:2", now_ms=2))
    await Indexer(database).look()
    assert await found(database, "tea") == []
    [memory] = await memories.search("tea", session_id="telegram:chat:2", user_id="7", limit=5)
    assert memory.memory_id == "m"


async def test_the_operators_search_finds_all_meanwhile(old: Path) -> None:
    """By the same words."""
    leave(old, 5)
    database = await Database.open(old, now_ms=NOW_MS)
    readers = await connect_readers(old)
    for _ in range(2):
        page = await memory_listings.memories(readers, text="TEA gre", user="7")
        assert sorted(memory.memory_id for memory, _ in page.rows) == [f"m{number:04}" for number in range(5)]
        assert (await memory_listings.memories(readers, text="tea coffee")).rows == []
        await Indexer(database).build()
    await readers.close()
    await database.close()
