"""What each verb does to a job's rows, whoever uses it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.automations import verbs
from bot.schedules.errors import ScheduleError
from storage.database import Database
from storage.tables.jobs import Job, Jobs
from tests.storage.files import NOW_MS, rows

DAY_MS = 86_400_000
JOB = Job(
    id="j",
    owner_user_id="7",
    session_id="telegram:chat:7",
    schedule="DTSTART:20200101T000000Z\nRRULE:FREQ=DAILY;INTERVAL=1",
    prompt="tea",
    enabled=True,
)
ENDED = replace(JOB, schedule=f"{JOB.schedule};COUNT=1")
DUE = "SELECT eventId, queue FROM polar_scheduler_events ORDER BY eventId"
ENABLED = "SELECT enabled FROM polar_automation_jobs"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is."""
    return tmp_path / "polar-system.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    """With one job, which is due within a day."""
    opened = await Database.open(path, now_ms=NOW_MS)
    try:
        await opened.commit(Jobs.add(JOB, now_ms=NOW_MS), verbs.plan(JOB, now_ms=NOW_MS))
        yield opened
    finally:
        await opened.close()


async def test_a_paused_job_stays_and_is_not_due(database: Database, path: Path) -> None:
    """Pausing it again changes nothing."""
    for _ in range(2):
        await database.commit(*verbs.pause(JOB, now_ms=NOW_MS))
        assert rows(path, ENABLED) == [(0,)]
        assert rows(path, DUE) == []


async def test_a_resumed_job_is_due_from_now_on(database: Database, path: Path) -> None:
    """What was due while it was paused is not made up for."""
    await database.commit(*verbs.pause(JOB, now_ms=NOW_MS))
    later_ms = NOW_MS + 10 * DAY_MS
    await database.commit(*verbs.resume(replace(JOB, enabled=False), now_ms=later_ms))
    assert rows(path, ENABLED) == [(1,)]
    [(due_ms,)] = rows(path, "SELECT sequence FROM polar_scheduler_events")
    assert later_ms < due_ms <= later_ms + DAY_MS


async def test_a_job_that_is_never_due_again_is_not_resumed(database: Database) -> None:
    """Nor is one whose schedule cannot be read; there is nothing to commit."""
    with pytest.raises(verbs.ScheduleEnded):
        verbs.resume(ENDED, now_ms=NOW_MS)
    with pytest.raises(ScheduleError):
        verbs.resume(replace(JOB, schedule="nonsense"), now_ms=NOW_MS)


async def test_a_deleted_job_is_gone_with_what_was_due(database: Database, path: Path) -> None:
    """Both in one commit."""
    await database.commit(*verbs.delete(JOB))
    assert rows(path, ENABLED) == rows(path, DUE) == []


async def test_a_job_runs_by_hand_beside_its_schedule(database: Database, path: Path) -> None:
    """Its next occurrence stays; one that is paused can be run, too. Asked for twice at once it runs once."""
    await database.commit(*verbs.run_now(JOB.id, now_ms=NOW_MS), *verbs.run_now(JOB.id, now_ms=NOW_MS + 1))
    by_hand = ("automation:j:manual", "scheduled")
    assert rows(path, DUE) == [("automation:j", "scheduled"), by_hand]
    await database.commit(*verbs.pause(JOB, now_ms=NOW_MS))
    assert rows(path, DUE) == [by_hand]
