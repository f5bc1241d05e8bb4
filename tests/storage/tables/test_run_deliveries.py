"""What became of what a run has said: one row, entered with the end of the last call that it queued."""

from __future__ import annotations

import pytest

from storage.database import Database
from storage.ids import task_id
from storage.location import Location
from storage.payloads import SendMessage
from storage.statement import Statement
from storage.statuses import RunStatus
from storage.tables.deliveries import Deliveries
from storage.tables.run_deliveries import RunDeliveries, UnheardRun
from storage.tables.runs import Runs
from tests.second import rows
from tests.storage.files import NOW_MS

S = "telegram:chat:1"
TOLD = "SELECT source, id, runId, status, reason FROM polar_run_deliveries ORDER BY runId"


def task(run_id: str) -> str:
    """The task of a run of the job."""
    return task_id("automation", "j", run_id)


def ran(run_id: str, *replies: str, status: RunStatus = RunStatus.EXECUTED) -> tuple[Statement, ...]:
    """A run that has queued these replies."""
    entered = Runs.append(
        source="automation",
        subject_id="j",
        run_id=run_id,
        profile_id="p",
        trigger="schedule",
        output={"status": status},
        metadata={},
        now_ms=NOW_MS,
    )
    queued = (
        Deliveries.add(
            delivery_id=reply,
            session_id=S,
            payload=SendMessage(text="words"),
            reply_id=reply,
            head_start=0,
            task_id=task(run_id),
            now_ms=NOW_MS,
        )
        for reply in replies
    )
    return (*entered, *queued)


async def end(database: Database, delivery_id: str, *, fails: bool = False, reason: str | None = None) -> None:
    """The end of a call, with what the sender commits beside it."""
    found = await Deliveries(database).find(delivery_id)
    assert found is not None and found.task_id is not None
    how = (
        Deliveries.fail(found, reason="chat not found", now_ms=NOW_MS)
        if fails
        else (Deliveries.finish(found, reason=reason, now_ms=NOW_MS),)
    )
    entered = RunDeliveries.enter(found.task_id, reason="BadRequest" if fails else "erased", now_ms=NOW_MS)
    await database.commit(Deliveries.claim(found, now_ms=NOW_MS), *how, entered)


async def test_it_is_entered_with_the_last_call_and_delivered_when_one_has_arrived(
    database: Database, location: Location
) -> None:
    """In whatever order they end."""
    await database.commit(*ran("r", "a", "b", "c"))
    await end(database, "a", fails=True)
    await end(database, "b")
    assert rows(location, TOLD) == []
    await end(database, "c", fails=True)
    assert rows(location, TOLD) == [("automation", "j", "r", "delivered", None)]


async def test_what_was_erased_before_it_went_has_not_arrived(database: Database, location: Location) -> None:
    """The reason is a code, as is any other; no text of anybody's."""
    await database.commit(*ran("r", "a"), *ran("s", "b"))
    await end(database, "a", reason="it was not there")
    await end(database, "b", fails=True)
    assert [row[2:] for row in rows(location, TOLD)] == [
        ("r", "undelivered", "erased"),
        ("s", "undelivered", "BadRequest"),
    ]


async def test_a_run_that_failed_has_delivered_nothing_and_has_no_row(database: Database, location: Location) -> None:
    """What is said of the failure is not what it was to say."""
    await database.commit(*ran("r", "a", status=RunStatus.FAILED))
    await end(database, "a")
    assert rows(location, TOLD) == []


async def test_once_something_has_arrived_that_stays_so(database: Database, location: Location) -> None:
    """What is retried later and fails changes nothing; what arrives then does."""
    await database.commit(*ran("r", "a", "b"), *ran("s", "c"))
    await end(database, "a")
    for name in ("b", "c"):
        await end(database, name, fails=True)
        failed = await Deliveries(database).find(name)
        assert failed is not None
        await database.commit(Deliveries.retry(failed, now_ms=NOW_MS))
    await database.commit(Statement("DELETE FROM polar_delivery_queue WHERE deliveryId = 'a'"))
    await end(database, "b", fails=True)
    await end(database, "c")
    assert [row[3] for row in rows(location, TOLD)] == ["delivered", "delivered"]


@pytest.mark.parametrize(("other", "is_unheard"), [("open", False), ("sent", False), ("failed", True)])
async def test_a_run_is_unheard_once_nothing_of_it_can_arrive(database: Database, other: str, is_unheard: bool) -> None:
    """As far as it is known before the end of a call is committed."""
    await database.commit(*ran("r", "a", "b"))
    if other != "open":
        await end(database, "a", fails=other == "failed")
    found = await RunDeliveries(database).unheard(task("r"), delivery_id="b", reply_id="b")
    assert found == (UnheardRun("automation", "j", "r") if is_unheard else None)


async def test_runs_that_reached_nobody_count_as_failed(database: Database) -> None:
    """Back to the last that did, or that had nothing to say; from a run on, where that is asked."""
    runs = Runs(database)
    await database.commit(*ran("r1", "a1"), *ran("r2", "a2"), *ran("r3", status=RunStatus.FAILED), *ran("r4", "a4"))
    await end(database, "a1")
    await end(database, "a2", fails=True)
    assert await runs.failures_in_a_row("automation", "j", limit=9, before="r4") == 2
    assert await runs.failures_in_a_row("automation", "j", limit=9) == 0
    await end(database, "a4", fails=True)
    assert await runs.failures_in_a_row("automation", "j", limit=9) == 3
