"""The ledger of runs and the task board that is computed from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import migrations
from storage.database import Database
from storage.location import Location
from storage.statement import Statement
from storage.statuses import RunStatus
from storage.tables.runs import EndedRun, Runs
from tests.second import rows
from tests.storage.files import NOW_MS, plain

TRY = "runId, eventId, traceId, status, startedAtMs, completedAtMs, metadata"
BOARD = "SELECT taskId, source, id, runId, status, reason, sequence, createdAtMs FROM polar_task_board ORDER BY taskId"
STATUSES = list(RunStatus)


@pytest.fixture
def runs(database: Database) -> Runs:
    """The runs of a new database."""
    return Runs(database)


def run(
    run_id: str, status: str = "executed", *, source: str = "automation", subject: str = "j", **output: Any
) -> tuple[Statement, ...]:
    """One run."""
    return Runs.append(
        source=source,
        subject_id=subject,
        run_id=run_id,
        profile_id="profile.default",
        trigger="schedule",
        output={"status": status, **output},
        metadata={"sessionId": "s"},
        now_ms=NOW_MS,
    )


@pytest.mark.parametrize("status", STATUSES)
async def test_a_run_is_a_row_and_a_task(database: Database, runs: Runs, location: Location, status: str) -> None:
    """Executed runs are done, all others are blocked, with their reason."""
    await database.commit(*run("r1", status, reason="because"))
    assert rows(location, "SELECT * FROM polar_run_events") == [
        (
            1,
            "automation",
            "j",
            "r1",
            "profile.default",
            "schedule",
            f'{{"reason":"because","status":"{status}"}}',
            '{"sessionId":"s"}',
            NOW_MS,
        )
    ]
    task = "done" if status == "executed" else "blocked"
    assert rows(location, BOARD) == [("automation:j:r1", "automation", "j", "r1", task, "because", 1, NOW_MS)]
    assert await runs.count_by_task_status() == {task: 1}


async def test_a_run_that_is_entered_twice_is_one_run(database: Database, location: Location) -> None:
    """The first stays, on the board too; the rest of the unit is kept."""
    await database.commit(*run("r1", "executed"))
    before = rows(location, "SELECT * FROM polar_run_events"), rows(location, BOARD)
    await database.commit(
        *run("r1", "failed", reason="again"), Statement("INSERT INTO polar_properties VALUES ('kept', '1')")
    )
    assert (rows(location, "SELECT * FROM polar_run_events"), rows(location, BOARD)) == before
    assert rows(location, "SELECT name FROM polar_properties") == [("kept",)]


async def test_the_same_run_id_of_another_subject_is_another_run(database: Database, location: Location) -> None:
    """Source, subject and run make the key together."""
    await database.commit(*run("r1"), *run("r1", subject="k"), *run("r1", source="heartbeat"), *run("r2"))
    assert len(rows(location, BOARD)) == 4


async def test_the_newest_run_of_a_subject_is_its_last(database: Database, runs: Runs) -> None:
    """With its reason; none before the first, and none of another subject."""
    assert await runs.last("automation", "j") is None
    await database.commit(*run("r1"), *run("r2", RunStatus.SKIPPED, reason="quiet hours"), *run("r3", subject="k"))
    last = EndedRun(status=RunStatus.SKIPPED, reason="quiet hours", entered_at_ms=NOW_MS)
    assert await runs.last("automation", "j") == last


async def test_tries_of_a_run_are_logged_one_by_one(database: Database, runs: Runs, location: Location) -> None:
    """The same try again updates its row; its start stays."""

    def tried(attempt: int, status: RunStatus, completed: int) -> Statement:
        return runs.log_try(
            run_id="r1",
            attempt=attempt,
            event_id="automation:j",
            status=status,
            started_at_ms=completed - 5,
            completed_at_ms=completed,
            metadata={"n": attempt},
        )

    await database.commit(
        tried(1, RunStatus.FAILED, 10), tried(2, RunStatus.FAILED, 20), tried(2, RunStatus.EXECUTED, 30)
    )
    assert rows(location, f"SELECT {TRY} FROM polar_scheduler_run_log ORDER BY runId") == [
        ("r1#1", "automation:j", "r1", "failed", 5, 10, '{"n":1}'),
        ("r1#2", "automation:j", "r1", "executed", 15, 30, '{"n":2}'),
    ]


RUNS = st.lists(
    st.tuples(
        st.sampled_from(["automation", "heartbeat"]),
        st.sampled_from("jk"),
        st.integers(0, 3),
        st.sampled_from(STATUSES),
    ),
    min_size=1,
    max_size=15,
)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(found=RUNS, starts=st.lists(st.integers(-1, 20), max_size=6), wiped=st.booleans())
def test_replaying_from_anywhere_any_number_of_times_gives_the_same_board(
    found: list[tuple[str, str, int, str]], starts: list[int], wiped: bool
) -> None:
    """Also after the whole board was deleted, if the last replay starts at the beginning."""
    with plain(Path(":memory:")) as connection:
        migrations.apply(connection, NOW_MS)
        for source, subject, number, status in found:
            for statement in run(f"r{number}", status, source=source, subject=subject):
                connection.execute(statement.sql, statement.params)
        board = connection.execute(BOARD).fetchall()
        first: dict[tuple[str, str, int], str] = {}
        for source, subject, number, status in found:
            first.setdefault((source, subject, number), status)
        assert {row[0]: row[4] for row in board} == {
            f"{source}:{subject}:r{number}": "done" if status == "executed" else "blocked"
            for (source, subject, number), status in first.items()
        }
        if wiped:
            connection.execute("DELETE FROM polar_task_board")
            starts = [*starts, 0]
        for start in starts:
            replay = Runs.replay(first=start)
            connection.execute(replay.sql, replay.params)
        assert connection.execute(BOARD).fetchall() == board


async def test_replay_mends_a_board_that_was_tampered_with(database: Database, runs: Runs, location: Location) -> None:
    """The ledger is the truth."""
    await database.commit(*run("r1"), *run("r2", "failed"))
    before = rows(location, BOARD)
    await database.commit(Statement("UPDATE polar_task_board SET status = 'blocked', reason = 'forged', sequence = 9"))
    await database.commit(runs.replay())
    assert rows(location, BOARD) == before
