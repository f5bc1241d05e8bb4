"""A database of the earlier runtime: opened, brought up to date, and not a row of it lost or changed."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from storage import migrations
from storage.database import Database
from storage.sqlite import opening
from storage.tables.jobs import Jobs
from storage.tables.memories import Memories
from storage.totals import Totals
from storage.views.chat_feedback import ChatFeedback
from tests.earlier import DECLARATIONS
from tests.storage.files import NOW_MS, plain, rows

SESSION = "telegram:chat:4711"
RECORDS: dict[str, Any] = {
    "m-fact": {"fact": "Prefers aubergines"},
    "m-many": {"fact": "Keeps bees", "type": "hobby", "summary": "an apiary of nine hives", "content": "honey jars"},
    "m-summary": {"summary": "Talked about glaciers", "turns": 12},
    "m-other": {"note": "only a zeppelin here"},
}
MEMORIES = [
    (key, SESSION, "7", "session", "fact", json.dumps(record), '{"source": "earlier"}', 1000 + i, 2000 + i)
    for i, (key, record) in enumerate(RECORDS.items())
]
SCHEDULES = ("every 5 minutes", "daily at 09:30", "weekly Mon 10:00")
ROWS: dict[str, list[tuple[Any, ...]]] = {
    "polar_memory": [
        *MEMORIES,
        ("m-broken", SESSION, "7", "session", "fact", "{no json about walruses", "{}", 1, 1),
        ("m-number", SESSION, "7", "session", "fact", 42, "{}", 1, 1),
    ],
    "polar_memory_embeddings": [("m-fact", b"\x00\x01\xff", "e5"), ("m-many", b"", None)],
    "polar_scheduler_events": [
        ("e1", "processed", 1, '{"a": 1}', 5),
        ("e1", "retry", 0, "{}", 6),
        ("e2", "dead_letter", 3, "[]", 7),
    ],
    "polar_scheduler_run_log": [("run1", "e1", "t1", "done", 1, 2, "{}"), ("run2", "e2", None, None, 3, None, None)],
    "polar_budget_policies": [("global", "", 5.5, None, 1), ("user", "7", 0.1, 86_400_000, 0)],
    "polar_budget_usage": [("global", "", 1.25, 1, 2), ("user", "7", 0.0, 3, 4)],
    "polar_feedback_events": [
        ("f1", "reaction_added", SESSION, "msg_a_1", "👍", "positive", '{"targetMessageText": "Hello"}', 1),
        ("f2", "reaction_added", SESSION, "msg_a_1", "👎", "negative", "{}", 2),
        ("f3", "reaction_removed", SESSION, "msg_a_1", "👎", "negative", "{}", 3),
        ("f4", "command_executed", SESSION, None, None, "positive", '{"command": "/status"}', 4),
        ("f5", "command_executed", SESSION, None, None, "positive", "{}", 5),
        ("f6", "reaction_added", "telegram:chat:1", "msg_a_9", "👍", "positive", "{}", 6),
    ],
    "polar_run_events": [
        (3, "automation", "j0", "r1", "profile.default", "schedule", '{"status":"executed"}', '{"sessionId":"s"}', 1),
        (9, "heartbeat", "h1", "r2", "profile.default", "heartbeat", '{"status":"skipped"}', None, 2),
    ],
    "polar_automation_jobs": [
        (f"j{i}", "7", SESSION, schedule, "Say hello", i % 2, quiet, limits, 1 + i, 2 + i)
        for i, (schedule, quiet, limits) in enumerate(
            zip(
                SCHEDULES,
                (None, '{"startHour":22,"endHour":7,"timezone":"UTC"}', None),
                (None, '{"maxNotificationsPerDay":3}', None),
                strict=True,
            )
        )
    ],
    "polar_personality_profiles": [
        ("personality:global", "global", None, None, None, "Be brief.", 1, 1),
        ("personality:user:7", "user", "7", None, "mine", "Be kind.\n", 2, 2),
        (f"personality:session:7:{SESSION}", "session", "7", SESSION, None, "Be a pirate.", 3, 3),
    ],
}


@pytest.fixture
def earlier(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """A file as the earlier runtime leaves it; returns every row of it with its storage classes."""
    with plain(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        connection.executescript(DECLARATIONS)
        for table, values in ROWS.items():
            marks = ", ".join("?" * len(values[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", values)
        for rowid, (key, *_, record, _, _, _) in enumerate(MEMORIES, 1):
            connection.execute(
                "INSERT INTO polar_memory_fts (rowid, memoryId, searchableText) VALUES (?, ?, ?)", (rowid, key, record)
            )
        assert connection.execute("SELECT memoryId FROM polar_memory_fts").fetchall() == [(None,)] * len(MEMORIES)
    return contents(path)


def contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Each table's rows, each value with its storage class, in order of rowid, and its declaration."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for table in ROWS:
        names = [row[1] for row in rows(path, f"PRAGMA table_info({table})")]
        columns = ", ".join(f"{name}, typeof({name}), hex(CAST({name} AS BLOB))" for name in names)
        declared = rows(path, "SELECT sql FROM sqlite_master WHERE name = ?", table)
        found[table] = declared + rows(path, f"SELECT rowid, {columns} FROM {table} ORDER BY rowid")
    return found


async def adopt(path: Path) -> Database:
    """Open it as the bot does."""
    assert opening.check(path) == 0
    return await Database.open(path, now_ms=NOW_MS)


async def test_every_row_is_kept_byte_for_byte(path: Path, earlier: dict[str, list[tuple[Any, ...]]]) -> None:
    """All nine tables and the one that is unknown to us, their declarations included; also the second time."""
    assert {table: len(found) - 1 for table, found in earlier.items()} == {t: len(v) for t, v in ROWS.items()}
    for _ in range(2):
        database = await Database.open(path, now_ms=NOW_MS)
        await database.close()
        assert contents(path) == earlier
    assert opening.check(path) == migrations.newest()
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


FOUND = [
    ("aubergine", ["m-fact"]),
    ("bees", ["m-many"]),
    ("hobby", ["m-many"]),
    ("apiary", ["m-many"]),
    ("honey", ["m-many"]),
    ("glacier", ["m-summary"]),
    ("zeppelin", ["m-other"]),
    ("walruses", ["m-broken"]),
    ("42", ["m-number"]),
    ("absent", []),
]


async def test_old_memories_are_found_by_any_of_their_words(
    path: Path, earlier: dict[str, list[tuple[Any, ...]]]
) -> None:
    """By fact, type, summary or content; a record with none of them by its JSON, even if that is broken."""
    for _ in range(2):
        database = await Database.open(path, now_ms=NOW_MS)
        for word, found in FOUND:
            memories = await Memories(database).search(word, session_id=SESSION, user_id="7", limit=10)
            assert [memory.memory_id for memory in memories] == found
        await database.close()


async def test_old_memories_are_shown(path: Path, earlier: dict[str, list[tuple[Any, ...]]]) -> None:
    """As their fact where they have one, else as what a search looks at."""
    database = await adopt(path)
    listed = await Memories(database).list_recent(session_id=SESSION, user_id="7", limit=10)
    await database.close()
    assert {memory.memory_id: memory.text for memory in listed} == {
        "m-fact": "Prefers aubergines",
        "m-many": "Keeps bees",
        "m-summary": "Talked about glaciers",
        "m-other": '{"note": "only a zeppelin here"}',
        "m-broken": "{no json about walruses",
        "m-number": "42",
    }


async def test_new_memories_and_old_ones_are_found_together(
    path: Path, earlier: dict[str, list[tuple[Any, ...]]]
) -> None:
    """The rebuilt index takes new entries and lets old ones go."""
    database = await adopt(path)
    memories = Memories(database)
    await database.commit(
        *memories.add(memory_id="m-new", session_id=SESSION, user_id="7", fact="More bees", now_ms=NOW_MS)
    )
    both = await memories.search("bees", session_id=SESSION, user_id="7", limit=10)
    old = next(memory for memory in both if memory.memory_id == "m-many")
    await database.commit(*memories.forget(old))
    after = await memories.search("bees", session_id=SESSION, user_id="7", limit=10)
    await database.close()
    assert {memory.memory_id for memory in both} == {"m-new", "m-many"}
    assert [memory.memory_id for memory in after] == ["m-new"]


async def test_totals_count_reactions_only(path: Path, earlier: dict[str, list[tuple[Any, ...]]]) -> None:
    """Commands that were stored with polarity `positive` are no praise."""
    database = await adopt(path)
    feedback = ChatFeedback(database)
    assert await feedback.totals(SESSION) == Totals(positive=1, negative=0, neutral=0)
    assert [event.id for event in await feedback.list_recent(SESSION, limit=10)] == ["f3", "f2", "f1"]
    assert (await feedback.list_recent(SESSION, limit=10))[-1].payload == {"targetMessageText": "Hello"}
    await database.close()


async def test_its_ledgers_become_append_only(path: Path, earlier: dict[str, list[tuple[Any, ...]]]) -> None:
    """Any program is refused from then on; sequence numbers go on from where they were."""
    await (await adopt(path)).close()
    with plain(path) as connection:
        for table in ("polar_feedback_events", "polar_run_events"):
            for attack in (f"UPDATE {table} SET createdAtMs = 0", f"DELETE FROM {table}"):
                with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                    connection.execute(attack)
        connection.execute("REPLACE INTO polar_feedback_events VALUES ('f1', 'x', 's', NULL, NULL, 'neutral', '{}', 0)")
        connection.execute("REPLACE INTO polar_run_events VALUES (3, 'x', 'x', 'x', 'x', 'x', '{}', NULL, 0)")
        assert contents(path) == earlier
        connection.execute(
            "INSERT INTO polar_run_events (source, id, runId, profileId, trigger, output, createdAtMs) "
            "VALUES ('automation', 'j1', 'new', 'p', 'manual', '{}', 1)"
        )
        assert connection.execute("SELECT max(sequence) FROM polar_run_events").fetchone() == (10,)


async def test_its_jobs_are_read_with_schedule_quiet_hours_and_limits(
    path: Path, earlier: dict[str, list[tuple[Any, ...]]]
) -> None:
    """They wait to be planned when they are enabled."""
    database = await adopt(path)
    listed = await Jobs(database).list_of(SESSION, "7")
    unplanned = await Jobs(database).list_unplanned()
    await database.close()
    assert [job.schedule for job in listed] == list(SCHEDULES)
    assert listed[1].quiet_hours == {"startHour": 22, "endHour": 7, "timezone": "UTC"}
    assert listed[1].limits == {"maxNotificationsPerDay": 3}
    assert [job.id for job in unplanned] == ["j1"]


async def test_the_specified_indexes_are_added(path: Path, earlier: dict[str, list[tuple[Any, ...]]]) -> None:
    """Where the earlier runtime had none."""
    await (await adopt(path)).close()
    names = {row[0] for row in rows(path, "SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert names >= {"polar_feedback_session", "polar_scheduler_due", "idx_memory_search", "idx_personality_user"}
