"""The tables that other programs read, column by column as they were specified."""

from __future__ import annotations

import pytest

from storage.database import Database

# table: (column, declared type, NOT NULL, default, position in the primary key)
TABLES: dict[str, list[tuple[str, str, bool, str | None, int]]] = {
    "polar_memory": [
        ("memoryId", "TEXT", False, None, 1),
        ("sessionId", "TEXT", True, None, 0),
        ("userId", "TEXT", True, None, 0),
        ("scope", "TEXT", True, None, 0),
        ("type", "TEXT", True, None, 0),
        ("record", "TEXT", True, None, 0),
        ("metadata", "TEXT", True, None, 0),
        ("createdAtMs", "INTEGER", True, None, 0),
        ("updatedAtMs", "INTEGER", True, None, 0),
    ],
    "polar_scheduler_events": [
        ("eventId", "TEXT", True, None, 1),
        ("queue", "TEXT", True, None, 2),
        ("sequence", "INTEGER", True, "0", 0),
        ("payload", "TEXT", True, None, 0),
        ("createdAtMs", "INTEGER", True, None, 0),
    ],
    "polar_scheduler_run_log": [
        ("runId", "TEXT", False, None, 1),
        ("eventId", "TEXT", True, None, 0),
        ("traceId", "TEXT", False, None, 0),
        ("status", "TEXT", False, None, 0),
        ("startedAtMs", "INTEGER", True, None, 0),
        ("completedAtMs", "INTEGER", False, None, 0),
        ("metadata", "TEXT", False, None, 0),
    ],
    "polar_budget_policies": [
        ("scope", "TEXT", True, None, 1),
        ("targetId", "TEXT", True, None, 2),
        ("maxLimitUsd", "REAL", True, None, 0),
        ("resetIntervalMs", "INTEGER", False, None, 0),
        ("enforceBlocking", "INTEGER", False, "1", 0),
    ],
    "polar_budget_usage": [
        ("scope", "TEXT", True, None, 1),
        ("targetId", "TEXT", True, None, 2),
        ("accumulatedUsd", "REAL", True, "0", 0),
        ("lastResetAtMs", "INTEGER", True, None, 0),
        ("updatedAtMs", "INTEGER", True, None, 0),
    ],
    "polar_feedback_events": [
        ("id", "TEXT", False, None, 1),
        ("type", "TEXT", True, None, 0),
        ("sessionId", "TEXT", True, None, 0),
        ("messageId", "TEXT", False, None, 0),
        ("emoji", "TEXT", False, None, 0),
        ("polarity", "TEXT", False, None, 0),
        ("payload", "TEXT", False, None, 0),
        ("createdAtMs", "INTEGER", True, None, 0),
    ],
    "polar_run_events": [
        ("sequence", "INTEGER", False, None, 1),
        ("source", "TEXT", True, None, 0),
        ("id", "TEXT", True, None, 0),
        ("runId", "TEXT", True, None, 0),
        ("profileId", "TEXT", True, None, 0),
        ("trigger", "TEXT", True, None, 0),
        ("output", "TEXT", True, None, 0),
        ("metadata", "TEXT", False, None, 0),
        ("createdAtMs", "INTEGER", True, None, 0),
    ],
    "polar_automation_jobs": [
        ("id", "TEXT", False, None, 1),
        ("ownerUserId", "TEXT", True, None, 0),
        ("sessionId", "TEXT", True, None, 0),
        ("schedule", "TEXT", True, None, 0),
        ("promptTemplate", "TEXT", True, None, 0),
        ("enabled", "INTEGER", True, None, 0),
        ("quietHoursJson", "TEXT", False, None, 0),
        ("limitsJson", "TEXT", False, None, 0),
        ("createdAtMs", "INTEGER", True, None, 0),
        ("updatedAtMs", "INTEGER", True, None, 0),
    ],
    "polar_personality_profiles": [
        ("profileId", "TEXT", False, None, 1),
        ("scope", "TEXT", True, None, 0),
        ("userId", "TEXT", False, None, 0),
        ("sessionId", "TEXT", False, None, 0),
        ("name", "TEXT", False, None, 0),
        ("prompt", "TEXT", True, None, 0),
        ("createdAtMs", "INTEGER", True, None, 0),
        ("updatedAtMs", "INTEGER", True, None, 0),
    ],
}
# (table, indexed columns, unique)
INDEXES = [
    ("polar_memory", ["sessionId", "userId", "scope"], False),
    ("polar_memory", ["memoryId"], True),
    ("polar_scheduler_events", ["eventId", "queue"], True),
    ("polar_scheduler_events", ["queue", "sequence"], False),
    ("polar_scheduler_run_log", ["runId"], True),
    ("polar_scheduler_run_log", ["traceId"], False),
    ("polar_budget_policies", ["scope", "targetId"], True),
    ("polar_budget_usage", ["scope", "targetId"], True),
    ("polar_feedback_events", ["id"], True),
    ("polar_feedback_events", ["sessionId", "createdAtMs"], False),
    ("polar_feedback_events", ["type", "createdAtMs"], False),
    ("polar_run_events", ["source", "id", "runId"], True),
    ("polar_automation_jobs", ["id"], True),
    ("polar_automation_jobs", ["sessionId", "enabled"], False),
    ("polar_automation_jobs", ["enabled"], False),
    ("polar_personality_profiles", ["profileId"], True),
    ("polar_personality_profiles", ["userId", "scope"], False),
    ("polar_personality_profiles", ["sessionId", "userId", "scope"], False),
]
NAMED = {
    "idx_memory_search": ["sessionId", "userId", "scope"],
    "idx_personality_user": ["userId", "scope"],
    "idx_personality_session": ["sessionId", "userId", "scope"],
}


@pytest.mark.parametrize("table", TABLES)
async def test_a_table_has_exactly_the_specified_columns(database: Database, table: str) -> None:
    """In order, with type, NOT NULL, default and primary key; no column more, none less."""
    found = await database.fetch(f"PRAGMA table_info({table})")
    assert [(r["name"], r["type"], bool(r["notnull"]), r["dflt_value"], r["pk"]) for r in found] == TABLES[table]


@pytest.mark.parametrize(("table", "columns", "unique"), INDEXES)
async def test_a_table_has_its_indexes(database: Database, table: str, columns: list[str], unique: bool) -> None:
    """Over the specified columns in the specified order, unique where it is a key."""
    found = []
    for index in await database.fetch(f"PRAGMA index_list({table})"):
        info = await database.fetch(f"PRAGMA index_info({index['name']})")
        found.append(([row["name"] for row in info], bool(index["unique"]), index["partial"]))
    assert (columns, unique, 0) in found


@pytest.mark.parametrize("name", NAMED)
async def test_indexes_with_a_specified_name_have_it(database: Database, name: str) -> None:
    """The name belongs to the interface as well."""
    assert [row["name"] for row in await database.fetch(f"PRAGMA index_info({name})")] == NAMED[name]


async def test_runs_are_numbered_without_reuse(database: Database) -> None:
    """`sequence` is AUTOINCREMENT: a number is never given twice."""
    row = await database.fetch_one("SELECT sql FROM sqlite_master WHERE name = 'polar_run_events'")
    assert row is not None
    assert "sequence INTEGER PRIMARY KEY AUTOINCREMENT" in row["sql"]


async def test_all_further_tables_are_named_as_ours(database: Database) -> None:
    """What the nine tables cannot hold is in tables whose name starts with `polar_`."""
    found = await database.fetch("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    names = {row["name"] for row in found}
    assert names >= set(TABLES)
    assert all(name.startswith("polar_") for name in names)


async def test_the_delivery_queue_has_the_planned_columns(database: Database) -> None:
    """It starts from the earlier runtime's plan, its index included."""
    found = {row["name"]: row["type"] for row in await database.fetch("PRAGMA table_info(polar_delivery_queue)")}
    planned = ("deliveryId", "sessionId", "channel", "payload", "status", "createdAtMs", "updatedAtMs")
    assert [found[name] for name in planned] == ["TEXT"] * 5 + ["INTEGER"] * 2
    index = await database.fetch("PRAGMA index_info(polar_delivery_status)")
    assert [row["name"] for row in index] == ["status", "createdAtMs"]
