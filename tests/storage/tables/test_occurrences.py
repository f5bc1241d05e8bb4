"""The next instant of each job: planned, due, taken once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from storage.database import Database
from storage.errors import ExpectationFailed
from storage.statement import Statement
from storage.tables.leases import Leases
from storage.tables.occurrences import RETRY, Occurrence, Occurrences
from tests.storage.files import NOW_MS, rows


@pytest.fixture
def occurrences(database: Database) -> Occurrences:
    """The queue of a new database."""
    return Occurrences(database)


def of(job_id: str, at_ms: int, attempts: int = 0) -> Occurrence:
    """The next occurrence of a job."""
    return Occurrence(source="automation", subject_id=job_id, at_ms=at_ms, due_ms=at_ms, attempts=attempts)


async def test_what_is_due_comes_earliest_first(database: Database, occurrences: Occurrences) -> None:
    """Up to and including this instant, no more than asked for; other queues are none of ours."""
    await database.commit(
        *[occurrences.plan(of(f"j{at}", NOW_MS + at), now_ms=NOW_MS) for at in (5, -7, 0, 1, -3)],
        Statement("INSERT INTO polar_scheduler_events VALUES ('automation:x', 'retry', 1, '{}', 1)"),
    )
    assert [o.subject_id for o in await occurrences.list_due(now_ms=NOW_MS, limit=10)] == ["j-7", "j-3", "j0"]
    assert [o.subject_id for o in await occurrences.list_due(now_ms=NOW_MS, limit=2)] == ["j-7", "j-3"]


async def test_a_job_has_one_next_occurrence(database: Database, occurrences: Occurrences) -> None:
    """Planning again moves it and forgets the failed tries."""
    await database.commit(occurrences.plan(of("j", 5, attempts=2), now_ms=1))
    await database.commit(occurrences.plan(of("j", 9), now_ms=2))
    assert await occurrences.list_due(now_ms=100, limit=10) == [of("j", 9, attempts=0)]


async def test_an_occurrence_is_taken_once(database: Database, occurrences: Occurrences) -> None:
    """The second taker's unit is void, and so is that of one who saw another instant."""
    due = of("j", 5)
    await database.commit(occurrences.plan(due, now_ms=1))
    for other in (4, 6):
        with pytest.raises(ExpectationFailed):
            await database.commit(occurrences.take(replace(due, due_ms=other)))
    await database.commit(occurrences.take(due))
    with pytest.raises(ExpectationFailed):
        await database.commit(occurrences.take(due))
    assert await occurrences.list_due(now_ms=100, limit=10) == []


async def test_taking_and_planning_are_one_unit(database: Database, occurrences: Occurrences) -> None:
    """A run replaces its occurrence by the next one."""
    due = of("j", 5)
    await database.commit(occurrences.plan(due, now_ms=1))
    await database.commit(occurrences.take(due), occurrences.plan(of("j", 10), now_ms=6))
    assert [o.at_ms for o in await occurrences.list_due(now_ms=100, limit=10)] == [10]


async def test_a_try_is_counted_before_it_is_made(database: Database, occurrences: Occurrences) -> None:
    """Of this very occurrence only, and once by each who saw it."""
    due = of("j", 5)
    await database.commit(occurrences.plan(due, now_ms=1))
    await database.commit(occurrences.begin_try(due))
    [again] = await occurrences.list_due(now_ms=5, limit=10)
    assert again == replace(due, attempts=1)
    for stale in (due, replace(again, due_ms=4), replace(again, due_ms=6)):
        with pytest.raises(ExpectationFailed):
            await database.commit(occurrences.begin_try(stale))
    await database.commit(occurrences.begin_try(again))
    assert [o.attempts for o in await occurrences.list_due(now_ms=5, limit=10)] == [2]


async def test_retries_and_extra_runs_stand_beside_the_next_occurrence(
    database: Database, occurrences: Occurrences
) -> None:
    """Each under its own key, all of them due by their instants."""
    extra = replace(of("j", 3), is_extra=True)
    manual = replace(of("j", 4), is_extra=True, trigger="manual")
    again = replace(of("j", 2), is_extra=True, queue=RETRY, due_ms=6)
    for occurrence in (of("j", 9), extra, manual, again):
        await database.commit(occurrences.plan(occurrence, now_ms=1))
    assert await occurrences.list_due(now_ms=9, limit=10) == [extra, manual, again, of("j", 9)]
    assert len({occurrence.run_id for occurrence in (extra, manual, again)}) == 3


async def test_a_lease_is_held_by_one_until_it_expires(database: Database) -> None:
    """Another takes it over only then, and its former holder's commit is void."""

    async def take(holder: str, now_ms: int) -> None:
        await database.commit(Leases.take("r", holder, attempt=1, now_ms=now_ms, expires_at_ms=now_ms + 10))

    await take("a", 0)
    with pytest.raises(ExpectationFailed):
        await take("b", 9)
    await take("b", 10)
    with pytest.raises(ExpectationFailed):
        await database.commit(Leases.give_up("r", "a"))
    await database.commit(Leases.give_up("r", "b"))
    await take("c", 11)
    await database.commit(*Leases.release_all())
    await take("d", 12)


async def test_a_cancelled_job_has_no_occurrence(database: Database, occurrences: Occurrences, path: Path) -> None:
    """In our queue; what other queues hold of it stays, and cancelling again is harmless."""
    await database.commit(
        occurrences.plan(of("j", 5), now_ms=1),
        occurrences.plan(of("k", 6), now_ms=1),
        Statement("INSERT INTO polar_scheduler_events VALUES ('automation:j', 'processed', 1, '{}', 1)"),
    )
    for _ in range(2):
        await database.commit(occurrences.cancel("automation", "j"))
    assert rows(path, "SELECT eventId, queue FROM polar_scheduler_events ORDER BY eventId") == [
        ("automation:j", "processed"),
        ("automation:k", "scheduled"),
    ]


def test_the_run_follows_from_job_and_instant() -> None:
    """So that one occurrence can be entered in the ledger of runs only once."""
    assert of("j", 5).run_id == of("j", 5, attempts=3).run_id
    assert of("j", 5).run_id != of("j", 6).run_id
