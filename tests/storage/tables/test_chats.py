"""A group that became a supergroup takes along what is its own."""

from __future__ import annotations

from typing import Any

import pytest

from bot.indexer import Indexer
from storage.database import Database
from storage.location import Location
from storage.payloads import SendMessage
from storage.statement import Statement
from storage.tables.access import Permissions
from storage.tables.chats import Chats
from storage.tables.deliveries import Deliveries
from storage.tables.feedback import FeedbackLedger
from storage.tables.jobs import Job, Jobs
from storage.tables.memories import Memories
from storage.tables.messages import Messages
from storage.tables.personalities import Personalities, ProfileTarget
from storage.tables.runs import Runs
from tests.second import rows
from tests.storage.files import NOW_MS

OLD, NEW, OTHER = "telegram:chat:-5", "telegram:chat:-1005", "telegram:chat:-6"
MOVED = {
    "polar_automation_jobs": "SELECT sessionId FROM polar_automation_jobs ORDER BY id",
    "polar_delivery_queue": "SELECT sessionId FROM polar_delivery_queue ORDER BY sequence",
    "polar_memory": "SELECT sessionId FROM polar_memory ORDER BY memoryId",
    "polar_personality_profiles": "SELECT sessionId FROM polar_personality_profiles ORDER BY createdAtMs",
    "polar_budget_policies": "SELECT targetId FROM polar_budget_policies ORDER BY maxLimitUsd",
    "polar_budget_usage": "SELECT targetId FROM polar_budget_usage ORDER BY accumulatedUsd",
    "polar_access": "SELECT subject FROM polar_access ORDER BY createdAtMs",
}
KEPT = {
    "polar_feedback_events": "SELECT sessionId FROM polar_feedback_events ORDER BY rowid",
    "polar_messages": "SELECT sessionId FROM polar_messages ORDER BY sequence",
    "polar_run_events": "SELECT metadata FROM polar_run_events ORDER BY sequence",
}


async def settle(database: Database, session: str, number: int) -> None:
    """One row of everything for a chat; `number` sorts it."""
    at = NOW_MS + number
    job = Job(id=f"j{number}", owner_user_id="7", session_id=session, schedule="x", prompt="x", enabled=True)
    await database.commit(
        Jobs(database).add(job, now_ms=at),
        *[
            Deliveries(database).add(
                delivery_id=f"d{number}",
                session_id=session,
                payload=SendMessage(text=""),
                reply_id="r",
                head_start=0,
                now_ms=at,
            )
        ],
        *Memories(database).add(memory_id=f"m{number}", session_id=session, user_id="7", fact="tea", now_ms=at),
        Statement(
            "INSERT INTO polar_personality_profiles VALUES (?, 'session', '7', ?, NULL, 'x', ?, ?)",
            (f"personality:session:7:{session}", session, at, at),
        ),
        Statement("INSERT INTO polar_budget_policies VALUES ('session', ?, ?, NULL, 1)", (session, number)),
        Statement("INSERT INTO polar_budget_usage VALUES ('session', ?, ?, 1, 1)", (session, number)),
        Permissions(database).grant(session, "group", granted_by="1", now_ms=at),
        FeedbackLedger(database).append(
            event_id=f"f{number}", event_type="x", session_id=session, message_id=None, payload={}, now_ms=at
        ),
        Messages(database).add_received(
            session_id=session,
            telegram_message_id=1,
            turn_id="t",
            thread_key="t",
            user_id="7",
            kind="text",
            text="x",
            attachment=None,
            now_ms=at,
        ),
        *Runs(database).append(
            source="automation",
            subject_id=f"j{number}",
            run_id="r",
            profile_id="p",
            trigger="schedule",
            output={"status": "executed"},
            metadata={"sessionId": session},
            now_ms=at,
        ),
    )


def seen(location: Location, queries: dict[str, str]) -> dict[str, list[Any]]:
    """The chats that the rows of each table name, the old chat's row first."""
    return {table: [row[0] for row in rows(location, sql)] for table, sql in queries.items()}


@pytest.fixture
async def settled(database: Database) -> None:
    """Two chats with one row of everything each."""
    await settle(database, OLD, 1)
    await settle(database, OTHER, 2)


@pytest.mark.usefixtures("settled")
async def test_what_belongs_to_a_chat_moves_with_it(database: Database, location: Location) -> None:
    """Jobs, waiting deliveries, memories, personalities, budgets, access; the ledgers tell what was, where it was."""
    ledgers = seen(location, KEPT)
    await database.commit(*Chats.migrate(OLD, NEW, now_ms=NOW_MS))
    assert seen(location, MOVED) == {table: [NEW, OTHER] for table in MOVED}
    assert seen(location, KEPT) == ledgers
    assert ledgers["polar_feedback_events"] == [OLD, OTHER]
    await Indexer(database).look()  # as the bot does each second
    found = await Memories(database).search("tea", session_id=NEW, user_id="7", limit=5)
    assert [memory.memory_id for memory in found] == ["m1"]


@pytest.mark.usefixtures("settled")
async def test_moving_again_changes_nothing(database: Database, location: Location) -> None:
    """Telegram tells of it in both chats, and every refused call tells of it once more."""
    await database.commit(*Chats.migrate(OLD, NEW, now_ms=NOW_MS))
    before = {**seen(location, MOVED), "aliases": rows(location, "SELECT * FROM polar_chat_aliases")}
    await database.commit(*Chats.migrate(OLD, NEW, now_ms=NOW_MS + 5))
    await database.commit(*Chats.migrate(OLD, NEW, now_ms=NOW_MS + 5), *Chats.migrate(OLD, NEW, now_ms=NOW_MS + 6))
    assert {**seen(location, MOVED), "aliases": rows(location, "SELECT * FROM polar_chat_aliases")} == before


@pytest.mark.usefixtures("settled")
async def test_a_new_chat_that_has_rows_already_is_no_obstacle(database: Database, location: Location) -> None:
    """Both chats' rows are kept where there may be several; a budget of the new one wins, nothing is void."""
    await settle(database, NEW, 3)
    await database.commit(*Chats.migrate(OLD, NEW, now_ms=NOW_MS))
    after = seen(location, MOVED)
    for table in ("polar_automation_jobs", "polar_delivery_queue", "polar_memory"):
        assert after[table] == [NEW, OTHER, NEW]
    assert rows(location, "SELECT maxLimitUsd FROM polar_budget_policies WHERE targetId = ?", NEW) == [(3.0,)]
    assert rows(location, "SELECT accumulatedUsd FROM polar_budget_usage WHERE targetId = ?", NEW) == [(3.0,)]
    assert sorted(after["polar_access"]) == [NEW, OTHER]


@pytest.mark.usefixtures("settled")
async def test_deliveries_that_are_over_stay_where_they_were_sent(database: Database, location: Location) -> None:
    """What waits and what is in flight moves; what was sent does not."""
    deliveries = Deliveries(database)
    first = next(iter(await deliveries.list_next(OLD)), None)
    assert first is not None
    sent = [deliveries.claim(first, now_ms=NOW_MS), deliveries.finish(first, reason=None, now_ms=NOW_MS)]
    await database.commit(
        *sent,
        deliveries.add(
            delivery_id="flying",
            session_id=OLD,
            payload=SendMessage(text=""),
            reply_id="x",
            head_start=0,
            now_ms=NOW_MS,
        ),
    )
    flying = next(iter(await deliveries.list_next(OLD)), None)
    assert flying is not None
    await database.commit(deliveries.claim(flying, now_ms=NOW_MS), *Chats.migrate(OLD, NEW, now_ms=NOW_MS))
    assert rows(location, "SELECT deliveryId, sessionId, status FROM polar_delivery_queue ORDER BY deliveryId") == [
        ("d1", OLD, "sent"),
        ("d2", OTHER, "pending"),
        ("flying", NEW, "sending"),
    ]


@pytest.mark.usefixtures("settled")
async def test_a_personality_gets_the_id_that_belongs_to_its_new_chat(database: Database, location: Location) -> None:
    """So that setting it there replaces it; where the person has one there already, that one counts."""
    personalities = Personalities(database)
    there = ProfileTarget(scope="session", user_id="8", session_id=NEW)
    await database.commit(
        *personalities.set(ProfileTarget(scope="session", user_id="8", session_id=OLD), "old", now_ms=NOW_MS),
        *personalities.set(there, "new", now_ms=NOW_MS),
        *Chats.migrate(OLD, NEW, now_ms=NOW_MS),
        *Chats.migrate(OLD, NEW, now_ms=NOW_MS),
    )
    moved = "SELECT profileId, prompt FROM polar_personality_profiles WHERE sessionId = ? ORDER BY userId"
    assert rows(location, moved, NEW) == [(f"personality:session:7:{NEW}", "x"), (there.profile_id, "new")]
    await database.commit(
        *personalities.set(ProfileTarget(scope="session", user_id="7", session_id=NEW), "y", now_ms=NOW_MS)
    )
    assert rows(location, moved, NEW) == [(f"personality:session:7:{NEW}", "y"), (there.profile_id, "new")]
