"""The next instant of each job: planned, due, taken once."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from storage.database import Database
from storage.errors import ExpectationFailed
from storage.location import Location
from storage.statement import Statement
from storage.tables.occurrences import RETRY, SCHEDULED, Claim, ForeignRow, Occurrence, Occurrences
from tests.second import rows
from tests.storage.files import NOW_MS


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
        Statement("INSERT INTO polar_scheduler_events VALUES ('automation:x', 'processed', 1, '{}', 1)"),
    )
    found = [of(f"j{at}", NOW_MS + at) for at in (-7, -3, 0)]
    assert await occurrences.list_due(now_ms=NOW_MS, limit=10) == found
    assert await occurrences.list_due(now_ms=NOW_MS, limit=2) == found[:2]


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
    assert await occurrences.list_due(now_ms=100, limit=10) == [of("j", 10)]


async def test_an_occurrence_is_taken_as_it_was_seen(database: Database, occurrences: Occurrences) -> None:
    """Who saw it before another try was counted takes nothing."""
    due = of("j", 5)
    counted = replace(due, attempts=1)
    await database.commit(occurrences.plan(due, now_ms=1))
    await database.commit(occurrences.take(due), occurrences.plan(counted, now_ms=1))
    with pytest.raises(ExpectationFailed):
        await database.commit(occurrences.take(due))
    assert await occurrences.list_due(now_ms=5, limit=10) == [counted]


async def test_a_run_is_read_as_it_was_claimed(database: Database, occurrences: Occurrences) -> None:
    """With all that it needs; nothing else is asked for it."""
    claim = Claim(
        session_id="telegram:chat:7",
        user_id="7",
        prompt="tea",
        topic_id=3,
        silent=True,
        checks={"failures": {"above": 1}},
        rules={"cap": 2},
    )
    run = of("j", 5).claimed(claim, now_ms=6)
    await database.commit(occurrences.plan(run, now_ms=6))
    assert await occurrences.list_due(now_ms=6, limit=10) == [run]


async def test_the_rows_of_some_subjects_are_passed_over(database: Database, occurrences: Occurrences) -> None:
    """However many they are, they take no room of the others."""
    by_hand = [Occurrence.by_hand("automation", "j", now_ms=at) for at in range(20)]
    await database.commit(*[occurrences.plan(each, now_ms=1) for each in (*by_hand, of("k", 50))])
    assert await occurrences.list_due(now_ms=99, limit=2, besides=["automation:j"]) == [of("k", 50)]


async def test_a_run_asked_for_again_while_it_waits_is_one(database: Database, occurrences: Occurrences) -> None:
    """The first stays as it is; one in the place of a failed run stands for itself."""
    first, second = (Occurrence.by_hand("automation", "j", now_ms=at) for at in (1, 2))
    retried = Occurrence.by_hand("automation", "j", now_ms=3, retry_of="run:j:0")
    await database.commit(*(occurrences.ask(each, now_ms=1) for each in (first, second, retried)))
    assert await occurrences.list_due(now_ms=9, limit=9) == [first, retried]
    assert await occurrences.find_by_hand("automation", "j") == first
    await database.commit(occurrences.take(first))
    assert await occurrences.find_by_hand("automation", "j") is None


async def test_what_the_earlier_runtime_left_in_its_queue_is_not_due(
    database: Database, occurrences: Occurrences
) -> None:
    """Its rows tell no instant; one that does is read as ours."""
    insert = "INSERT INTO polar_scheduler_events VALUES (?, 'retry', 0, ?, 1)"
    rows_of_it = [Statement(insert, (f"e{n}", payload)) for n, payload in enumerate(("{}", "no", '{"a":1}'))]
    await database.commit(*rows_of_it, Statement(insert, ("x", '{"atMs":1}')))
    assert await occurrences.list_due(now_ms=9, limit=10) == [ForeignRow("x", RETRY, 0)]


@pytest.mark.parametrize("payload", ["", "no", "[]", "{}", '{"atMs":1}', "[" * 5000, '{"source":"automation","id":5}'])
async def test_a_row_that_is_none_is_told_and_set_aside(
    database: Database, occurrences: Occurrences, location: Location, payload: str
) -> None:
    """In `dead_letter`, with what it held and the reason; those behind it are found."""
    insert = "INSERT INTO polar_scheduler_events VALUES ('x', 'scheduled', 1, ?, 1)"
    await database.commit(Statement(insert, (payload,)), occurrences.plan(of("j", 5), now_ms=1))
    foreign, due = await occurrences.list_due(now_ms=9, limit=10)
    assert (foreign, due) == (ForeignRow("x", SCHEDULED, 1), of("j", 5))
    await database.commit(*occurrences.set_aside_foreign(ForeignRow("x", SCHEDULED, 1), now_ms=9))
    assert await occurrences.list_due(now_ms=9, limit=10) == [due]
    [(kept,)] = rows(location, "SELECT payload FROM polar_scheduler_events WHERE queue = 'dead_letter'")
    found = json.loads(kept)
    assert found.pop("reason") == "unreadable"
    assert found == (json.loads(payload) if payload.startswith("{") else {"payload": payload})


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


async def test_a_cancelled_job_has_no_occurrence(
    database: Database, occurrences: Occurrences, location: Location
) -> None:
    """In our queue; what other queues hold of it stays, and cancelling again is harmless."""
    await database.commit(
        occurrences.plan(of("j", 5), now_ms=1),
        occurrences.plan(of("k", 6), now_ms=1),
        Statement("INSERT INTO polar_scheduler_events VALUES ('automation:j', 'processed', 1, '{}', 1)"),
    )
    for _ in range(2):
        await database.commit(occurrences.cancel("automation", "j"))
    assert rows(location, "SELECT eventId, queue FROM polar_scheduler_events ORDER BY eventId") == [
        ("automation:j", "processed"),
        ("automation:k", "scheduled"),
    ]


def test_the_run_follows_from_job_and_instant() -> None:
    """So that one occurrence can be entered in the ledger of runs only once."""
    assert of("j", 5).run_id == of("j", 5, attempts=3).run_id
    assert of("j", 5).run_id != of("j", 6).run_id
