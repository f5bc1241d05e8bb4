"""The earlier runtime's exporter, stores and memory search read a database that this one has written to."""

from __future__ import annotations

import json
from contextlib import closing

from emulator import Chat, Person
from tests.automating import HOUR, create, pass_time
from tests.clocks import TestClock
from tests.earlier import Earlier
from tests.house import House, until
from tests.looking import awake, reactions, tell

# What its exporter and its stores ask for, a query each; and what else its rows must hold for them.
EXPORTED = {
    "polar_feedback_events": "id, type, sessionId, messageId, emoji, polarity, payload, createdAtMs",
    "polar_run_events": "sequence, id, runId, profileId, trigger, output, metadata, createdAtMs, source",
    "polar_memory": "memoryId, sessionId, userId, scope, type, record, metadata, createdAtMs, updatedAtMs",
    "polar_personality_profiles": "profileId, scope, userId, sessionId, name, prompt, createdAtMs, updatedAtMs",
    "polar_automation_jobs": "id, ownerUserId, sessionId, schedule, promptTemplate, enabled, quietHoursJson, "
    "limitsJson, createdAtMs, updatedAtMs",
    "polar_budget_policies": "scope, targetId, maxLimitUsd, resetIntervalMs, enforceBlocking",
    "polar_budget_usage": "scope, targetId, accumulatedUsd, lastResetAtMs, updatedAtMs",
    "polar_scheduler_events": "eventId, queue, sequence, payload, createdAtMs",
    "polar_scheduler_run_log": "runId, eventId, traceId, status, startedAtMs, completedAtMs, metadata",
}
JSON = ("payload", "output", "metadata", "record", "quietHoursJson", "limitsJson")


async def live(house: House, ann: Person, chat: Chat) -> str:
    """A little of everything, after a start on a file of the earlier runtime; gives back a job's id."""
    clock = TestClock()
    async with house.bot(clock) as bot:
        await awake(house)
        await tell(house, chat, ann, "/remember I keep bees")
        await tell(house, chat, ann, "/personality set Be a pirate.")
        job = await create(house, chat, ann)
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
        house.world.react(chat, ann, house.world.sent(chat)[-1]["message_id"], "👍")
        await until(lambda: [event.emoji for event in reactions(house)] == ["👍"])
        await tell(house, chat, ann, f"/automations limit {job} 2 a day")
    return job


async def test_each_of_its_tables_is_read_as_it_was(house: House) -> None:
    """By its own columns, its JSON and its types; its declarations, which it makes at each start, change nothing."""
    earlier = Earlier(house.path)
    ann, chat = house.chat()
    session = f"telegram:chat:{chat.id}"
    earlier.remember("mem_old", session, ann.id, {"fact": "rides a bike"}, at_ms=1)
    job = await live(house, ann, chat)
    with earlier.open() as connection:
        found = {
            table: [dict(row) for row in connection.execute(f"SELECT {columns} FROM {table}")]
            for table, columns in EXPORTED.items()
        }
    for rows in found.values():
        for row in rows:
            assert all(json.loads(row[name]) is not None for name in JSON if row.get(name) is not None)
    [liked] = [row for row in found["polar_feedback_events"] if row["type"] == "reaction_added"]
    assert (liked["emoji"], liked["polarity"], liked["sessionId"]) == ("👍", "positive", session)
    [run] = found["polar_run_events"]
    assert (run["source"], run["id"], json.loads(run["output"])["status"]) == ("automation", job, "executed")
    assert json.loads(run["metadata"])["sessionId"] == session
    facts = {json.loads(row["record"])["fact"] for row in found["polar_memory"]}
    assert facts == {"rides a bike", "I keep bees"}
    assert [row["prompt"] for row in found["polar_personality_profiles"]] == ["Be a pirate."]
    [stored] = found["polar_automation_jobs"]
    assert json.loads(stored["limitsJson"])["maxNotificationsPerDay"] == 2


async def test_its_memory_search_and_its_stores_go_on(house: House) -> None:
    """It finds what was remembered here and there, adds memories, jobs, runs and events, and changes no ledger."""
    earlier = Earlier(house.path)
    ann, chat = house.chat()
    session = f"telegram:chat:{chat.id}"
    earlier.remember("mem_old", session, ann.id, {"fact": "rides a bike"}, at_ms=1)
    job = await live(house, ann, chat)
    assert earlier.search("bike", session, ann.id) == ["mem_old"]
    [bees] = earlier.search("bees", session, ann.id)
    earlier.remember(bees, session, ann.id, {"fact": "I keep wasps"}, at_ms=2)
    assert earlier.search("wasps", session, ann.id) == [bees]
    assert earlier.search("bees", session, ann.id) == []
    earlier.job("new", "every 2h", owner=ann.id, session=session)
    earlier.ran(job, "theirs", 3)
    with earlier.open() as connection, closing(connection.cursor()) as cursor:
        cursor.execute(
            "INSERT INTO polar_feedback_events VALUES ('f', 'reaction_added', 's', NULL, '👍', 'positive', '{}', 1)"
        )
        cursor.execute("UPDATE polar_automation_jobs SET enabled = 0, updatedAtMs = 5 WHERE id = ?", (job,))
        assert cursor.rowcount == 1
        counted = "SELECT count(*), max(createdAtMs) FROM polar_run_events WHERE source = 'automation' AND id = ?"
        assert cursor.execute(counted, (job,)).fetchone()[0] == 2
        assert cursor.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
