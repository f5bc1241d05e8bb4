"""Automations that people opted into."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.database import Database
from storage.errors import ExpectationFailed
from storage.location import Location
from storage.statement import Statement
from storage.tables.jobs import Job, Jobs
from storage.tables.occurrences import Occurrence, Occurrences
from tests.second import rows
from tests.storage.files import NOW_MS

S = "telegram:chat:1"
JOB = Job(
    id="j1",
    owner_user_id="7",
    session_id=S,
    schedule="daily at 09:00",
    prompt="Say hello",
    enabled=True,
    created_at_ms=NOW_MS,
)


@pytest.fixture
def jobs(database: Database) -> Jobs:
    """The jobs of a new database."""
    return Jobs(database)


async def test_a_job_is_found_as_it_was_added(database: Database, jobs: Jobs) -> None:
    """By its id; nobody else's id finds anything."""
    await database.commit(jobs.add(JOB, now_ms=NOW_MS))
    assert await jobs.find("j1") == JOB
    assert await jobs.find("j2") is None


async def test_a_person_sees_the_jobs_that_are_theirs_here(database: Database, jobs: Jobs) -> None:
    """Not those of others in the session nor their own elsewhere; oldest first."""
    others = (
        replace(JOB, id="j2", owner_user_id="8"),
        replace(JOB, id="j3", session_id="telegram:chat:2"),
    )
    await database.commit(jobs.add(replace(JOB, id="j9"), now_ms=NOW_MS + 1), jobs.add(JOB, now_ms=NOW_MS))
    await database.commit(*[jobs.add(job, now_ms=NOW_MS) for job in others])
    assert [job.id for job in await jobs.list_of(S, "7")] == ["j1", "j9"]


async def test_a_job_can_be_paused_resumed_and_removed(database: Database, jobs: Jobs) -> None:
    """A job that does not exist voids the unit."""
    await database.commit(jobs.add(JOB, now_ms=NOW_MS))
    for statement, enabled in ((jobs.pause("j1", now_ms=NOW_MS + 1), False), (jobs.resume("j1", now_ms=NOW_MS), True)):
        await database.commit(statement)
        found = await jobs.find("j1")
        assert found is not None
        assert found.enabled is enabled
    await database.commit(jobs.remove("j1"))
    assert await jobs.find("j1") is None
    for statement in (jobs.remove("j1"), jobs.resume("j1", now_ms=NOW_MS), jobs.pause("j1", "left", now_ms=NOW_MS)):
        with pytest.raises(ExpectationFailed):
            await database.commit(statement)


@pytest.mark.parametrize("limits", [None, "not json", "[1]", '{"missed":"skip"}'])
async def test_a_job_keeps_why_others_paused_it_until_it_goes_on(
    database: Database, jobs: Jobs, location: Location, limits: str | None
) -> None:
    """Beside its limits, whatever another program left there; its owner's own pausing takes no reason away."""
    await database.commit(jobs.add(JOB, now_ms=NOW_MS))
    set_limits = Statement("UPDATE polar_automation_jobs SET limitsJson = ?", (limits,))
    await database.commit(set_limits, jobs.pause("j1", "moderated", now_ms=1), jobs.pause("j1", now_ms=2))
    paused = await jobs.find("j1")
    assert paused is not None
    assert paused.paused_because == "moderated"
    await database.commit(jobs.resume("j1", now_ms=3))
    resumed = await jobs.find("j1")
    assert resumed is not None
    assert resumed.paused_because is None
    assert (resumed.limits or {}) == ({"missed": "skip"} if limits is not None and "skip" in limits else {})


async def test_the_jobs_of_one_person_are_paused_in_one_session_or_in_all(
    database: Database, jobs: Jobs, location: Location
) -> None:
    """Those that go on, with their next occurrences; others' are left as they are."""
    occurrences = Occurrences(database)
    found = [
        JOB,
        replace(JOB, id="j2", enabled=False),
        replace(JOB, id="j3", session_id="telegram:chat:2"),
        replace(JOB, id="j4", owner_user_id="8"),
    ]
    await database.commit(
        *[jobs.add(job, now_ms=NOW_MS) for job in found],
        *[
            occurrences.plan(Occurrence(source="automation", subject_id=job.id, at_ms=5, due_ms=5), now_ms=1)
            for job in found
        ],
    )
    state = "SELECT id, limitsJson FROM polar_automation_jobs WHERE enabled = 0 ORDER BY id"
    await database.commit(*jobs.pause_of("7", "left", session_id=S, now_ms=NOW_MS))
    assert rows(location, state) == [("j1", '{"paused":"left"}'), ("j2", None)]
    await database.commit(*jobs.pause_of("7", "unpaired", now_ms=NOW_MS))
    assert rows(location, state) == [("j1", '{"paused":"left"}'), ("j2", None), ("j3", '{"paused":"unpaired"}')]
    due = [o.subject_key for o in await occurrences.list_due(now_ms=5, limit=10)]
    assert due == ["automation:j2", "automation:j4"]


async def test_a_chat_that_cannot_be_written_to_has_its_jobs_paused(
    database: Database, jobs: Jobs, location: Location
) -> None:
    """All of them, with their next occurrences; other chats' go on."""
    occurrences = Occurrences(database)
    found = [JOB, replace(JOB, id="j2", owner_user_id="8"), replace(JOB, id="j3", session_id="telegram:chat:2")]
    await database.commit(
        *[jobs.add(job, now_ms=NOW_MS) for job in found],
        *[
            occurrences.plan(Occurrence(source="automation", subject_id=job.id, at_ms=5, due_ms=5), now_ms=1)
            for job in found
        ],
    )
    for _ in range(2):
        await database.commit(*jobs.pause_session(S, now_ms=NOW_MS + 1))
    assert rows(location, "SELECT id, enabled, updatedAtMs FROM polar_automation_jobs ORDER BY id") == [
        ("j1", 0, NOW_MS + 1),
        ("j2", 0, NOW_MS + 1),
        ("j3", 1, NOW_MS),
    ]
    assert [o.subject_key for o in await occurrences.list_due(now_ms=5, limit=10)] == ["automation:j3"]


async def test_enabled_jobs_without_a_next_occurrence_are_told(database: Database, jobs: Jobs) -> None:
    """Those that are paused or planned are not."""
    await database.commit(
        jobs.add(JOB, now_ms=NOW_MS),
        jobs.add(replace(JOB, id="j2"), now_ms=NOW_MS),
        jobs.add(replace(JOB, id="j3", enabled=False), now_ms=NOW_MS),
        Occurrences(database).plan(Occurrence(source="automation", subject_id="j2", at_ms=5, due_ms=5), now_ms=1),
    )
    assert [job.id for job in await jobs.list_unplanned()] == ["j1"]
