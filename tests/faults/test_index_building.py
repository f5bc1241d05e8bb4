"""The index of memories is made anew while its process is killed, again and again."""

from __future__ import annotations

import json
from functools import partial

import pytest

from middleware.texts import say
from storage import memory_index
from tests.clocks import TestClock
from tests.house import House, until
from tests.killing import kill, start_asking
from tests.looking import tell

pytestmark = pytest.mark.slow

MEMORIES, OWN_EVERY = 30_000, 20
FILL = """
WITH RECURSIVE n (x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n WHERE x < ? - 1)
INSERT INTO polar_memory
SELECT printf('m%05d', x), ?, iif(x % ? = 0, ?, 'another'), 'session', 'fact',
  json_object('fact', printf('tea number%05d', x)), '{}', 1, 1 FROM n
"""
FORMER = (
    "CREATE VIRTUAL TABLE polar_memory_fts USING fts5(memoryId UNINDEXED, searchableText, tokenize='porter unicode61')"
)
FORMER_ENTRIES = "INSERT INTO polar_memory_fts SELECT memoryId, json_extract(record, '$.fact') FROM polar_memory"


def next_one(house: House) -> str | None:
    """The memory at which the making goes on; None where the index is whole."""
    rows = house.rows("SELECT value FROM polar_properties WHERE name = ?", memory_index.BUILDING)
    return rows[0][0] if rows else None


def has_reached(house: House, goal: str) -> bool:
    """Whether the making has got so far."""
    reached = next_one(house)
    return reached is None or reached >= goal


def indexed(house: House) -> list[str]:
    """The memories in the index, one an entry."""
    return [row[0] for row in house.rows("SELECT memoryId FROM polar_memory_fts ORDER BY memoryId, rowid")]


async def test_a_process_that_is_killed_while_it_is_made_goes_on_where_it_was(house: House) -> None:
    """Nothing is lost, doubled or done again; meanwhile searches are right, and what was forgotten stays so."""
    ann, chat = house.chat()
    async with house.bot(TestClock()):
        await tell(house, chat, ann, "hello")
    house.write(FILL, MEMORIES, f"telegram:chat:{chat.id}", OWN_EVERY, str(ann.id))
    for statement in ("DROP TABLE polar_memory_fts", FORMER, FORMER_ENTRIES, "DELETE FROM polar_memory_changes"):
        house.write(statement)
    reached, goals = "", [f"m{MEMORIES * part // 3:05}" for part in (1, 2)]
    for life, goal in enumerate(goals):
        process = await start_asking(house, responder="local")
        assert (await tell(house, chat, ann, f"/remember honey{life} keeps"))[0].startswith("Noted")
        for number in (life * OWN_EVERY, MEMORIES - (life + 1) * OWN_EVERY):  # one behind, one before it
            [found] = await tell(house, chat, ann, f"/memory search number{number:05}")
            assert f"number{number:05}" in found
            assert await tell(house, chat, ann, f"/memory forget m{number:05}") == ["Forgotten."]
            assert f"number{number:05}" not in (await tell(house, chat, ann, f"/memory search number{number:05}"))[0]
        await until(partial(has_reached, house, goal))
        await kill(process)
        stopped = next_one(house)
        assert stopped is not None
        assert reached < stopped
        entries = indexed(house)
        assert len(entries) == len({*entries})
        assert [one for one in entries if one.startswith("m") and one < stopped] == [
            row[0]
            for row in house.rows(
                "SELECT memoryId FROM polar_memory WHERE memoryId GLOB 'm*' AND memoryId < ? ORDER BY 1", stopped
            )
        ]
        reached = stopped
    async with house.bot(responder="local"):
        await until(lambda: next_one(house) is None)
        for word, count in (("honey", len(goals)), ("number00100", 1)):
            [found] = await tell(house, chat, ann, f"/memory search {word}")
            assert len(found.splitlines()) == count, found
        assert await tell(house, chat, ann, "/memory search number00000") == [say("memory.not_found")]
    left = house.rows("SELECT memoryId, record FROM polar_memory ORDER BY memoryId")
    assert indexed(house) == [row[0] for row in left]
    assert len(left) == MEMORIES + len(goals) - 2 * len(goals)
    assert {json.loads(record)["fact"] for _, record in left} >= {f"honey{life} keeps" for life in range(len(goals))}
    assert house.rows("SELECT term FROM polar_memory_fts_terms WHERE term LIKE '%number00000'") == []
    assert house.rows("SELECT name FROM sqlite_master WHERE name GLOB 'polar_memory_fts_old*'") == []
