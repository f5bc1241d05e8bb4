"""What people asked us to remember: found by words, with or without an index, and by nobody else."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import memory_entries, words
from storage.database import Database
from storage.errors import ExpectationFailed
from storage.location import Location
from storage.statement import Statement
from storage.tables.memories import Memories, Memory
from tests.second import rows
from tests.storage.files import NOW_MS
from tests.storage.remembered import add, found

S = "telegram:chat:1"


@pytest.fixture(params=["with the index", "without FTS5"])
def memories(database: Database, request: pytest.FixtureRequest) -> Memories:
    """The memories of a new database, both ways of searching."""
    if request.param == "without FTS5":
        database.has_memory_index = False
    elif not database.has_memory_index:
        pytest.skip("this SQLite build has no FTS5")
    return Memories(database)


async def test_a_memory_is_found_by_any_of_its_words(database: Database, memories: Memories) -> None:
    """Upper and lower case alike; other words find nothing."""
    await database.commit(*add(memories, "a", "Likes Jasmine tea"), *add(memories, "b", "Rides a bicycle"))
    assert await found(memories, "jasmine") == ["a"]
    assert await found(memories, "TEA or coffee?") == ["a"]
    assert await found(memories, "bicycle") == ["b"]
    assert await found(memories, "whisky") == []
    [memory] = await memories.search("tea", session_id=S, user_id="7", limit=5)
    assert memory == Memory(
        memory_id="a",
        session_id=S,
        user_id="7",
        scope="session",
        type="fact",
        text="Likes Jasmine tea",
        created_at_ms=NOW_MS,
    )


async def test_the_best_match_comes_first(database: Database, memories: Memories) -> None:
    """More of the words is better; there are no more than asked for."""
    await database.commit(
        *add(memories, "one", "green paint", at=2),
        *add(memories, "both", "green tea"),
        *add(memories, "none", "black coffee", at=3),
    )
    assert (await found(memories, "green tea"))[0] == "both"
    assert set(await found(memories, "green tea")) == {"one", "both"}
    assert await found(memories, "green tea", limit=1) == ["both"]


async def test_no_call_reaches_the_memories_of_another_user_or_session(
    database: Database, memories: Memories, location: Location
) -> None:
    """Search, list, find, count and forget alike, whether one of the two or both differ."""
    await database.commit(*add(memories, "mine", "green tea"))
    for session, user in ((S, "8"), ("telegram:chat:2", "7"), ("telegram:chat:2", "8")):
        where = {"session_id": session, "user_id": user}
        assert await memories.search("green tea", **where, limit=10) == []
        assert await memories.list_recent(**where, limit=10, after=0) == []
        assert await memories.find("mine", **where) is None
        assert await memories.count(**where) == 0
        stolen = Memory(memory_id="mine", scope="session", type="fact", text="", created_at_ms=0, **where)
        with pytest.raises(ExpectationFailed):
            await database.commit(*memories.forget(stolen))
    assert await found(memories, "tea") == ["mine"]
    assert await memories.count(session_id=S, user_id="7") == 1


async def test_a_forgotten_memory_is_gone_from_row_and_index(
    database: Database, memories: Memories, location: Location
) -> None:
    """Only that one; forgetting it again voids the unit."""
    await database.commit(*add(memories, "a", "green tea"), *add(memories, "b", "green paint"))
    memory = await memories.find("a", session_id=S, user_id="7")
    assert memory is not None
    await database.commit(*memories.forget(memory))
    assert await found(memories, "green") == ["b"]
    assert rows(location, "SELECT memoryId FROM polar_memory") == [("b",)]
    if database.has_memory_index:
        assert rows(location, "SELECT memoryId FROM polar_memory_fts") == [("b",)]
    with pytest.raises(ExpectationFailed):
        await database.commit(*memories.forget(memory))


async def test_the_newest_memories_come_first(database: Database, memories: Memories) -> None:
    """No more than asked for."""
    for i in range(4):
        await database.commit(*add(memories, f"m{i}", "x", at=i))
    listed = await memories.list_recent(session_id=S, user_id="7", limit=3)
    assert [m.memory_id for m in listed] == ["m3", "m2", "m1"]


async def test_a_memory_is_found_by_an_unambiguous_start_of_its_id(database: Database, memories: Memories) -> None:
    """Two that start alike are none; signs of LIKE are letters like others."""
    await database.commit(*add(memories, "ab12", "x"), *add(memories, "ab34", "y"), *add(memories, "c%_", "z"))
    for prefix, key in (("ab1", "ab12"), ("ab34", "ab34"), ("c%", "c%_"), ("ab", None), ("%", None), ("a_", None)):
        memory = await memories.find(prefix, session_id=S, user_id="7")
        assert (memory and memory.memory_id) == key


FINDING_TEA = [
    'tea" OR "1',
    "NEAR(tea coffee, 5)",
    "^tea",
    "-tea",
    "tea*",
    "searchableText:tea",
    "{tea}",
    "tea + coffee",
    "tea AND coffee",
    "💡 tea 💡",
    "tea\x00coffee",
    "tea " * 5000,
    "tea " + " ".join(f"word{i}" for i in range(5000)),
]
FINDING_NOTHING = [
    '"',
    '"""',
    "OR",
    "AND NOT",
    "NEAR(",
    "*",
    "memoryId : m",
    "'; DROP TABLE polar_memory; --",
    "👍",
    "\\",
    "%",
    "_",
    "a_b",
    "(",
    "",
    "   \n",
    " ".join(f"word{i}" for i in range(5000)),
]


@pytest.mark.parametrize("words", FINDING_TEA)
async def test_signs_between_a_users_words_are_no_query_syntax(
    database: Database, memories: Memories, words: str
) -> None:
    """Quotes, operators and signs around a word, or thousands of words beside it: it is found."""
    await database.commit(*add(memories, "m", "green tea"), *add(memories, "n", "black bread"))
    assert await found(memories, words) == ["m"]


@pytest.mark.parametrize("words", FINDING_NOTHING)
async def test_signs_alone_are_never_an_error(database: Database, memories: Memories, words: str) -> None:
    """They find nothing and break nothing."""
    await database.commit(*add(memories, "m", "green tea"))
    assert await found(memories, words) == []
    assert await found(memories, "tea") == ["m"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(words=st.text(max_size=40))
async def test_any_text_can_be_searched_for(database: Database, words: str) -> None:
    """Both ways, whatever Unicode holds."""
    for indexed in (True, False):
        database.has_memory_index = indexed
        assert await found(Memories(database), words) == []


async def test_of_who_has_no_memory_no_text_is_taken_apart(
    database: Database, memories: Memories, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What most people write costs a look-up by a key, and nothing that grows with it."""
    taken: list[str] = []
    sought = words.sought

    def noting(text: str) -> list[words.Spellings]:
        taken.append(text)
        return sought(text)

    monkeypatch.setattr(words, "sought", noting)
    await database.commit(*add(memories, "a", "Likes Jasmine tea"))
    assert await memories.recall("Who likes tea?", session_id=S, user_id="8", limit=5) == []
    assert await memories.search("Who likes tea?", session_id=S, user_id="8", limit=5) == []
    assert taken == []
    assert await memories.recall("Who likes tea?", session_id=S, user_id="7", limit=5)
    assert "Who likes tea?" in taken


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ('{"fact": "a", "type": "b", "summary": "c", "content": "d"}', "a b c d"),
        ('{"content": "d", "fact": "a"}', "a d"),
        ('{"fact": "", "summary": null, "content": "d"}', "d"),
        ('{"note": "x"}', '{"note": "x"}'),
        ('["a"]', '["a"]'),
        ("42", "42"),
        ("{broken", "{broken"),
    ],
)
def test_a_records_text_is_its_named_fields_or_all_of_it(record: str, text: str) -> None:
    """All of fact, type, summary and content that it has, joined; else its whole JSON."""
    assert memory_entries.searchable_text(record) == text


async def test_a_memory_is_replaced_and_removed_by_its_own_user_where_it_was_made(
    database: Database, memories: Memories
) -> None:
    """Row and entry of the index alike; of what is not there, or is another's, nothing changes."""
    await database.commit(*add(memories, "mine", "green tea"))
    for user, session in (("8", S), ("7", "telegram:chat:2")):
        foreign = {"session_id": session, "user_id": user}
        await database.commit(*memories.replace("mine", fact="black tea", now_ms=NOW_MS, **foreign))
        await database.commit(*memories.remove("mine", **foreign))
    own = {"session_id": S, "user_id": "7"}
    assert [found.text for found in await memories.search("green", limit=5, **own)] == ["green tea"]
    await database.commit(*memories.replace("mine", fact="black tea", now_ms=NOW_MS, **own))
    await database.commit(*memories.replace("other", fact="black coffee", now_ms=NOW_MS, **own))
    assert [found.text for found in await memories.search("black", limit=5, **own)] == ["black tea"]
    assert await memories.search("green", limit=5, **own) == []
    await database.commit(*memories.remove("mine", **own))
    assert await memories.search("tea", limit=5, **own) == []


async def test_what_was_found_in_a_message_is_known_by_it(memories: Memories, database: Database) -> None:
    """A message of the same number where the chat has moved to is another one; what is no JSON is none."""
    told = memories.add(memory_id="m", session_id=S, user_id="7", fact="tea", now_ms=NOW_MS, told_in="msg_u_5")
    await database.commit(*told)
    await database.commit(*add(memories, "n", "tea"), *add(memories, "o", "figs"))
    await database.commit(Statement("UPDATE polar_memory SET metadata = 'no JSON' WHERE memoryId = 'o'"))
    own = {"session_id": S, "user_id": "7"}
    assert await memories.list_told_in("msg_u_5", **own) == ["m"]
    assert await memories.list_told_in("msg_u_5", session_id=S, user_id="8") == []
    await database.commit(Statement("UPDATE polar_memory SET sessionId = 'telegram:chat:-100'"))
    assert await memories.list_told_in("msg_u_5", session_id="telegram:chat:-100", user_id="7") == []


async def test_a_memory_is_found_exactly_or_not_at_all(memories: Memories, database: Database) -> None:
    """By the whole of its id, or of its fact, of its own person here."""
    await database.commit(*add(memories, "mem_12", "green tea"))
    own = {"session_id": S, "user_id": "7"}
    found_it = await memories.find_exactly("mem_12", **own)
    assert found_it is not None and found_it.text == "green tea"
    assert await memories.find_exactly("mem_1", **own) is None
    assert await memories.find_exactly("mem_12", session_id=S, user_id="8") is None
    assert [await memories.has(fact, **own) for fact in ("green tea", "tea", "Green tea")] == [True, False, False]
    assert not await memories.has("green tea", session_id="telegram:chat:2", user_id="7")
