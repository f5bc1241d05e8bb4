"""The next instant of each job: planned, due, taken once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from storage.database import Database
from storage.errors import ExpectationFailed
from storage.occurrences import Occurrence, Occurrences
from storage.statement import Statement
from tests.storage.files import NOW_MS, rows


@pytest.fixture
def occurrences(database: Database) -> Occurrences:
    """The queue of a new database."""
    return Occurrences(database)


async def test_what_is_due_comes_earliest_first(database: Database, occurrences: Occurrences) -> None:
    """Up to and including this instant, no more than asked for; other queues are none of ours."""
    await database.commit(
        *[occurrences.plan(Occurrence(job_id=f"j{at}", at_ms=NOW_MS + at), now_ms=NOW_MS) for at in (5, -7, 0, 1, -3)],
        Statement("INSERT INTO polar_scheduler_events VALUES ('automation:x', 'retry', 1, '{}', 1)"),
    )
    assert [o.job_id for o in await occurrences.list_due(now_ms=NOW_MS, limit=10)] == ["j-7", "j-3", "j0"]
    assert [o.job_id for o in await occurrences.list_due(now_ms=NOW_MS, limit=2)] == ["j-7", "j-3"]
    assert await occurrences.next_instant(after_ms=NOW_MS) == NOW_MS + 1
    assert await occurrences.next_instant(after_ms=NOW_MS + 5) is None


async def test_a_job_has_one_next_occurrence(database: Database, occurrences: Occurrences) -> None:
    """Planning again moves it and forgets the failed tries."""
    await database.commit(occurrences.plan(Occurrence(job_id="j", at_ms=5, attempts=2), now_ms=1))
    await database.commit(occurrences.plan(Occurrence(job_id="j", at_ms=9), now_ms=2))
    assert await occurrences.list_due(now_ms=100, limit=10) == [Occurrence(job_id="j", at_ms=9, attempts=0)]


async def test_an_occurrence_is_taken_once(database: Database, occurrences: Occurrences) -> None:
    """The second taker's unit is void, and so is that of one who saw another instant."""
    due = Occurrence(job_id="j", at_ms=5)
    await database.commit(occurrences.plan(due, now_ms=1))
    for other in (4, 6):
        with pytest.raises(ExpectationFailed):
            await database.commit(occurrences.take(replace(due, at_ms=other)))
    await database.commit(occurrences.take(due))
    with pytest.raises(ExpectationFailed):
        await database.commit(occurrences.take(due))
    assert await occurrences.list_due(now_ms=100, limit=10) == []


async def test_taking_and_planning_are_one_unit(database: Database, occurrences: Occurrences) -> None:
    """A run replaces its occurrence by the next one."""
    due = Occurrence(job_id="j", at_ms=5)
    await database.commit(occurrences.plan(due, now_ms=1))
    await database.commit(occurrences.take(due), occurrences.plan(replace(due, at_ms=10), now_ms=6))
    assert [o.at_ms for o in await occurrences.list_due(now_ms=100, limit=10)] == [10]


async def test_a_failed_try_is_counted_and_stays_due(database: Database, occurrences: Occurrences) -> None:
    """Of this very occurrence only."""
    due = Occurrence(job_id="j", at_ms=5)
    await database.commit(occurrences.plan(due, now_ms=1))
    await database.commit(occurrences.record_failure(due))
    [again] = await occurrences.list_due(now_ms=5, limit=10)
    assert again == replace(due, attempts=1)
    await database.commit(occurrences.record_failure(again))
    assert [o.attempts for o in await occurrences.list_due(now_ms=5, limit=10)] == [2]
    for other in (4, 6):
        with pytest.raises(ExpectationFailed):
            await database.commit(occurrences.record_failure(replace(due, at_ms=other)))


async def test_a_cancelled_job_has_no_occurrence(database: Database, occurrences: Occurrences, path: Path) -> None:
    """In our queue; what other queues hold of it stays, and cancelling again is harmless."""
    await database.commit(
        occurrences.plan(Occurrence(job_id="j", at_ms=5), now_ms=1),
        occurrences.plan(Occurrence(job_id="k", at_ms=6), now_ms=1),
        Statement("INSERT INTO polar_scheduler_events VALUES ('automation:j', 'processed', 1, '{}', 1)"),
    )
    for _ in range(2):
        await database.commit(occurrences.cancel("j"))
    assert rows(path, "SELECT eventId, queue FROM polar_scheduler_events ORDER BY eventId") == [
        ("automation:j", "processed"),
        ("automation:k", "scheduled"),
    ]


def test_the_run_follows_from_job_and_instant() -> None:
    """So that one occurrence can be entered in the ledger of runs only once."""
    assert Occurrence(job_id="j", at_ms=5).run_id == Occurrence(job_id="j", at_ms=5, attempts=3).run_id
    assert Occurrence(job_id="j", at_ms=5).run_id != Occurrence(job_id="j", at_ms=6).run_id
