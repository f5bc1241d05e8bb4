"""Heartbeat policies as rows."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from storage.database import Database
from storage.errors import ExpectationFailed
from storage.location import Location
from storage.tables.chats import Chats
from storage.tables.heartbeats import HeartbeatPolicies, HeartbeatPolicy, PolicyDamaged
from storage.tables.occurrences import Occurrence, Occurrences
from storage.tables.runs import Runs
from tests.second import program, rows
from tests.storage.files import NOW_MS

POLICY = HeartbeatPolicy(
    id="night",
    session_id="telegram:chat:5",
    schedule="every 30 minutes",
    active_hours={"start": "22:00", "end": "06:00", "timezone": "Europe/Berlin"},
    checks={"failed_runs": {}, "negative_feedback": {"threshold": 5}},
    enabled=True,
)


@pytest.fixture
def heartbeats(database: Database) -> HeartbeatPolicies:
    """The store, on a new database."""
    return HeartbeatPolicies(database)


async def test_a_policy_comes_back_as_it_was_put(database: Database, heartbeats: HeartbeatPolicies) -> None:
    """With and without active hours."""
    plainest = HeartbeatPolicy(id="a", session_id="s", schedule="x", active_hours=None, checks={}, enabled=False)
    await database.commit(heartbeats.put(POLICY, now_ms=1), heartbeats.put(plainest, now_ms=1))
    assert await heartbeats.find("night") == POLICY
    assert await heartbeats.find("a") == plainest
    assert await heartbeats.find("other") is None


async def test_putting_a_policy_again_replaces_it(
    database: Database, heartbeats: HeartbeatPolicies, location: Location
) -> None:
    """When it was created stays."""
    changed = replace(POLICY, checks={}, enabled=False, active_hours=None)
    await database.commit(heartbeats.put(POLICY, now_ms=1))
    await database.commit(heartbeats.put(changed, now_ms=2))
    assert await heartbeats.find("night") == changed
    assert rows(location, "SELECT createdAtMs, updatedAtMs FROM polar_heartbeat_policies") == [(1, 2)]


async def test_a_policy_is_switched_off_and_removed(database: Database, heartbeats: HeartbeatPolicies) -> None:
    """Removing what is not there voids its unit."""
    await database.commit(heartbeats.put(POLICY, now_ms=1))
    await database.commit(heartbeats.switch_off("night", now_ms=2))
    assert await heartbeats.find("night") == replace(POLICY, enabled=False)
    await database.commit(heartbeats.remove("night"))
    with pytest.raises(ExpectationFailed):
        await database.commit(heartbeats.remove("night"))


async def test_what_has_no_next_occurrence_is_listed(database: Database, heartbeats: HeartbeatPolicies) -> None:
    """Only what is enabled; an extra run is no next occurrence."""
    beat = Occurrence(source="heartbeat", subject_id="planned", at_ms=9, due_ms=9)
    extra = replace(beat, subject_id="night", trigger="manual", is_extra=True)
    await database.commit(
        heartbeats.put(POLICY, now_ms=1),
        heartbeats.put(replace(POLICY, id="planned"), now_ms=1),
        heartbeats.put(replace(POLICY, id="off", enabled=False), now_ms=1),
        Occurrences.plan(beat, now_ms=1),
        Occurrences.plan(extra, now_ms=1),
    )
    assert await heartbeats.list_unplanned() == ["night"]


async def test_the_survey_shows_the_next_and_the_last_beat(database: Database, heartbeats: HeartbeatPolicies) -> None:
    """By id; None where there is none."""
    await database.commit(
        heartbeats.put(POLICY, now_ms=1),
        heartbeats.put(replace(POLICY, id="a"), now_ms=1),
        Occurrences.plan(Occurrence(source="heartbeat", subject_id="a", at_ms=9, due_ms=9), now_ms=1),
    )
    for number, status in enumerate(("executed", "skipped")):
        await database.commit(
            *Runs.append(
                source="heartbeat",
                subject_id="night",
                run_id=f"r{number}",
                profile_id="p",
                trigger="heartbeat",
                output={"status": status},
                metadata={},
                now_ms=NOW_MS,
            )
        )
    found = await heartbeats.survey()
    assert [(entry.policy.id, entry.next_ms, entry.last) for entry in found] == [
        ("a", 9, None),
        ("night", None, {"status": "skipped"}),
    ]


async def test_reports_follow_a_chat_that_has_moved(database: Database, heartbeats: HeartbeatPolicies) -> None:
    """A group that became a supergroup has another id; other chats stay where they are."""
    other = replace(POLICY, id="other", session_id="telegram:chat:6")
    await database.commit(heartbeats.put(POLICY, now_ms=1), heartbeats.put(other, now_ms=1))
    await database.commit(*Chats.migrate("telegram:chat:5", "telegram:chat:-1005", now_ms=2))
    assert await heartbeats.find("night") == replace(POLICY, session_id="telegram:chat:-1005")
    assert await heartbeats.find("other") == other


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("checksJson", "not JSON"),
        ("checksJson", json.dumps(["failed_runs"])),
        ("checksJson", json.dumps({"failed_runs": 3})),
        ("activeHoursJson", "{"),
        ("activeHoursJson", json.dumps("08:00-22:00")),
    ],
)
async def test_a_damaged_policy_says_which_it_is(
    database: Database, heartbeats: HeartbeatPolicies, location: Location, column: str, value: str
) -> None:
    """And what to do about it."""
    await database.commit(heartbeats.put(POLICY, now_ms=1))
    with program(location) as connection:
        connection.execute(f"UPDATE polar_heartbeat_policies SET {column} = ?", (value,))
    assert await heartbeats.exists("night")
    assert not await heartbeats.exists("other")
    with pytest.raises(PolicyDamaged, match=r"policy night cannot be read .* set it anew or delete it"):
        await heartbeats.find("night")
