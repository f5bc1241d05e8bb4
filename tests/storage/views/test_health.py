"""What the heartbeat's checks count, and that counting costs no walk over what was ever stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from storage.database import Database
from storage.location import Location
from storage.statement import Statement
from storage.tables.heartbeats import HeartbeatPolicies, HeartbeatPolicy
from storage.tables.runs import Runs
from storage.views.health import FailedRuns, Health, Spent, Undelivered
from tests.second import program
from tests.storage import ON_SQLITE
from tests.storage.files import DAY_MS, NOW_MS, plain
from tests.storage.plans import asked, plan

SINCE = NOW_MS - DAY_MS
POLICY = HeartbeatPolicy(id="h", session_id="s", schedule="x", active_hours=None, checks={}, enabled=True)


@pytest.fixture
def health(database: Database) -> Health:
    """The queries, on a new database."""
    return Health(database)


def entered(number: int, status: str, at_ms: int, subject: str = "j", source: str = "automation") -> list[Statement]:
    """A run of the ledger."""
    return list(
        Runs.append(
            source=source,
            subject_id=subject,
            run_id=f"r{number}",
            profile_id="p",
            trigger="schedule",
            output={"status": status},
            metadata={"scheduledAtMs": at_ms - 7},
            now_ms=at_ms,
        )
    )


def delivery(number: int, status: str, *, created: int, updated: int) -> Statement:
    """A row of the queue."""
    return Statement(
        "INSERT INTO polar_delivery_queue (deliveryId, sessionId, channel, payload, status, createdAtMs, updatedAtMs, "
        "sequence, replyId) VALUES (?, 's', 'telegram', '{}', ?, ?, ?, ?, 'r')",
        (f"d{number}", status, created, updated, number),
    )


def reaction(number: int, kind: str, polarity: str, at_ms: int) -> Statement:
    """A row of the feedback ledger."""
    return Statement(
        "INSERT INTO polar_feedback_events VALUES (?, ?, 's', 'm', '👎', ?, '{}', ?)",
        (f"f{number}", kind, polarity, at_ms),
    )


def update(number: int, status: str, finished: int | None) -> Statement:
    """A row of the journal."""
    return Statement(
        "INSERT INTO polar_updates (updateId, sequence, status, kind, lane, receivedAtMs, finishedAtMs) "
        "VALUES (?, ?, ?, 'message', 'l', 1, ?)",
        (number, number, status, finished),
    )


def budget(scope: str, target: str, limit: float, spent: float | None, **options: int | None) -> list[Statement]:
    """A budget and what is used of it, last reset a day ago."""
    row = (scope, target, limit, options.get("every"), options.get("blocks", 1))
    statements = [Statement("INSERT INTO polar_budget_policies VALUES (?, ?, ?, ?, ?)", row)]
    if spent is not None:
        used = (scope, target, spent, SINCE, SINCE)
        statements.append(Statement("INSERT INTO polar_budget_usage VALUES (?, ?, ?, ?, ?)", used))
    return statements


async def test_failed_runs_are_counted_by_subject(database: Database, health: Health) -> None:
    """The most frequent first; other statuses and earlier failures do not count."""
    assert await health.failed_runs(since_ms=SINCE) == []
    await database.commit(
        *entered(1, "failed", SINCE - 1),
        *entered(2, "failed", SINCE),
        *entered(3, "executed", NOW_MS),
        *entered(4, "skipped", NOW_MS),
        *entered(5, "failed", NOW_MS, subject="k", source="heartbeat"),
        *entered(6, "failed", NOW_MS, subject="k", source="heartbeat"),
    )
    assert await health.failed_runs(since_ms=SINCE) == [
        FailedRuns(source="heartbeat", subject_id="k", count=2),
        FailedRuns(source="automation", subject_id="j", count=1),
    ]


async def test_a_ledger_row_whose_json_is_damaged_harms_nobody(
    database: Database, health: Health, location: Location
) -> None:
    """It can be written, as before, and is no failure."""
    with program(location) as connection:
        connection.execute(
            "INSERT INTO polar_run_events (source, id, runId, profileId, trigger, output, createdAtMs) "
            "VALUES ('automation', 'j', 'r', 'p', 'schedule', 'not JSON', ?)",
            (NOW_MS,),
        )
    assert await health.failed_runs(since_ms=SINCE) == []


async def test_the_last_beat_is_found_past_rows_of_another_program(
    database: Database, health: Health, location: Location
) -> None:
    """Damaged JSON is no beat; an executed one without an instant counts from when it was entered."""
    insert = (
        "INSERT INTO polar_run_events (source, id, runId, profileId, trigger, output, metadata, createdAtMs) "
        "VALUES ('heartbeat', 'h', ?, 'p', 'heartbeat', ?, ?, ?)"
    )
    with program(location) as connection:
        connection.execute(insert, ("r1", '{"status":"executed"}', "not JSON", SINCE))
        connection.execute(insert, ("r2", "not JSON", None, NOW_MS))
    assert [entry.last for entry in await HeartbeatPolicies(database).survey()] == []
    await database.commit(HeartbeatPolicies.put(POLICY, now_ms=1))
    assert [entry.last for entry in await HeartbeatPolicies(database).survey()] == [None]
    assert await health.last_beat_ms("h") == SINCE


async def test_undelivered_is_what_failed_lately_and_what_waits_for_long(database: Database, health: Health) -> None:
    """A failure counts when it happened, however old the message is."""
    await database.commit(
        delivery(1, "failed", created=1, updated=SINCE),
        delivery(2, "failed", created=1, updated=SINCE - 1),
        delivery(3, "sent", created=1, updated=NOW_MS),
        delivery(4, "pending", created=NOW_MS - 900_001, updated=NOW_MS),
        delivery(5, "sending", created=NOW_MS - 900_001, updated=NOW_MS),
        delivery(6, "pending", created=NOW_MS - 900_000, updated=NOW_MS),
    )
    found = await health.undelivered(failed_since_ms=SINCE, waiting_since_ms=NOW_MS - 900_000)
    assert found == Undelivered(failed=1, waiting=2)


async def test_negative_feedback_is_additions_less_removals(database: Database, health: Health) -> None:
    """Never below nothing, when what is taken back was given before."""
    await database.commit(reaction(1, "reaction_removed", "negative", NOW_MS))
    assert await health.negative_feedback(since_ms=SINCE) == 0
    await database.commit(
        *(reaction(n, "reaction_added", "negative", SINCE) for n in range(2, 6)),
        reaction(6, "reaction_added", "negative", SINCE - 1),
        reaction(7, "reaction_added", "positive", NOW_MS),
        reaction(8, "command_executed", "negative", NOW_MS),
    )
    assert await health.negative_feedback(since_ms=SINCE) == 3


async def test_dead_updates_are_counted_since_they_were_set_aside(database: Database, health: Health) -> None:
    """Not the finished ones."""
    await database.commit(
        update(1, "dead", SINCE - 1), update(2, "dead", SINCE), update(3, "done", NOW_MS), update(4, "pending", None)
    )
    assert await health.dead_updates(since_ms=SINCE) == 1


async def test_the_room_that_it_takes_is_told(health: Health) -> None:
    """In bytes, whatever it is made of."""
    assert (await health.room()).size > 0


@ON_SQLITE
async def test_the_file_is_measured_without_opening_it(health: Health) -> None:
    """Sizes in bytes, of whole pages."""
    facts = await health.room()
    assert facts.size > 0
    assert facts.size % 512 == 0
    assert 0 <= facts.unused < facts.size
    assert facts.disk_free is not None
    assert facts.disk_free > 0


async def test_budgets_are_told_from_a_share_on(database: Database, health: Health) -> None:
    """What was spent in an interval that has ended no longer counts."""
    await database.commit(
        *budget("global", "", 10, 8),
        *budget("user", "7", 10, 7.99),
        *budget("user", "8", 10, None),
        *budget("session", "s", 10, 9, every=DAY_MS),
        *budget("session", "t", 10, 12, every=DAY_MS + 1),
        *budget("session", "zero", 0, 0),
    )
    assert await health.budgets_used(share=0.8, now_ms=NOW_MS) == [
        Spent(scope="global", target_id="", limit_usd=10, spent_usd=8),
        Spent(scope="session", target_id="t", limit_usd=10, spent_usd=12),
    ]


@pytest.mark.parametrize(
    ("scope", "spent", "every", "blocks", "exceeded"),
    [
        ("global", 10.0, None, 1, True),
        ("global", 10.0, None, None, True),
        ("global", 9.99, None, 1, False),
        ("global", None, None, 1, False),
        ("global", 10.0, None, 0, False),
        ("global", 10.0, DAY_MS, 1, False),
        ("global", 10.0, DAY_MS + 1, 1, True),
        ("user", 10.0, None, 1, False),
    ],
)
async def test_only_a_used_up_global_budget_that_blocks_is_exceeded(
    database: Database,
    health: Health,
    scope: str,
    spent: float | None,
    every: int | None,
    blocks: int | None,
    exceeded: bool,
) -> None:
    """In the interval that runs now."""
    await database.commit(*budget(scope, "", 10, spent, every=every, blocks=blocks))
    assert await health.is_budget_exceeded(now_ms=NOW_MS) is exceeded


@pytest.mark.parametrize("kind", ["updates", "deliveries"])
async def test_a_backlog_is_more_than_the_limit_of_either(database: Database, health: Health, kind: str) -> None:
    """Exactly the limit is none."""

    def row(number: int) -> Statement:
        if kind == "updates":
            return update(number, "pending", None)
        return delivery(number, "pending", created=1, updated=1)

    await database.commit(*(row(n) for n in range(3)))
    assert await health.is_backed_up(limit=3) is False
    await database.commit(row(3))
    assert await health.is_backed_up(limit=3) is True


async def test_the_last_beat_is_the_last_that_looked(database: Database, health: Health) -> None:
    """By the instant that it was planned for; skipped ones saw nothing."""
    assert await health.last_beat_ms("h") is None
    await database.commit(
        *entered(1, "executed", SINCE, subject="h", source="heartbeat"),
        *entered(2, "skipped", NOW_MS, subject="h", source="heartbeat"),
        *entered(3, "executed", NOW_MS, subject="other", source="heartbeat"),
    )
    assert await health.last_beat_ms("h") == SINCE - 7


READS: dict[str, Callable[[Database], Awaitable[Any]]] = {
    "failed_runs": lambda db: Health(db).failed_runs(since_ms=1),
    "undelivered": lambda db: Health(db).undelivered(failed_since_ms=1, waiting_since_ms=1),
    "negative_feedback": lambda db: Health(db).negative_feedback(since_ms=1),
    "dead_updates": lambda db: Health(db).dead_updates(since_ms=1),
    "budgets_used": lambda db: Health(db).budgets_used(share=0.8, now_ms=1),
    "is_budget_exceeded": lambda db: Health(db).is_budget_exceeded(now_ms=1),
    "is_backed_up": lambda db: Health(db).is_backed_up(limit=100),
    "last_beat_ms": lambda db: Health(db).last_beat_ms("h"),
    "find": lambda db: Runs(db).find("heartbeat", "h", "r"),
    "list_unplanned": lambda db: HeartbeatPolicies(db).list_unplanned(),
}
# Rows that the operator writes, one row, or an index that holds the open rows alone and is left at the limit.
SMALL = (
    "SCAN CONSTANT ROW",
    "SCAN policy",
    "SCAN polar_heartbeat_policies",
    "SCAN polar_updates USING INDEX polar_updates_pending",
    "SCAN polar_delivery_queue USING INDEX polar_delivery_open",
    "SCAN found",
)


@ON_SQLITE
@pytest.mark.parametrize("name", READS)
async def test_no_query_walks_over_a_big_table(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Each step is a search by an index, or goes over what is small by its nature."""
    query = await asked(database, READS[name], monkeypatch)
    steps = plan(path, query.sql, query.params)
    assert [step for step in steps if step.startswith("SCAN") and not step.startswith(SMALL)] == []


@ON_SQLITE
async def test_failures_are_found_by_time_in_an_index_of_the_failures(database: Database, path: Path) -> None:
    """However many runs went well."""
    with plain(path) as connection:
        indexes = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL"))
    for name in ("polar_run_failed", "polar_delivery_failed", "polar_updates_set_aside"):
        assert "WHERE" in indexes[name]
