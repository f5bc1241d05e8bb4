"""The two ledgers, attacked by a second program: no row that was written ever changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.database import Database
from storage.location import Location
from tests.second import REFUSED, Program, program

FEEDBACK = "INSERT INTO polar_feedback_events (id, type, sessionId, createdAtMs) VALUES"
RUN = "INSERT INTO polar_run_events (source, id, runId, profileId, trigger, output, createdAtMs) VALUES"
NUMBERED = "INSERT INTO polar_run_events (sequence, source, id, runId, profileId, trigger, output, createdAtMs) VALUES"
ABORTED = (
    "UPDATE {table} SET createdAtMs = 0",
    "UPDATE {table} SET {key} = '9'",
    "UPDATE {table} SET createdAtMs = 0 WHERE {key} = '1'",
    "DELETE FROM {table}",
    "DELETE FROM {table} WHERE {key} = '1'",
)
IGNORED = (
    f"{FEEDBACK} ('1', 'forged', 's', 0)",
    f"{FEEDBACK} ('1', 'forged', 's', 0) ON CONFLICT (id) DO NOTHING",
    f"{FEEDBACK} ('1', 'forged', 's', 0) ON CONFLICT (id) DO UPDATE SET type = 'forged'",
    f"{RUN} ('automation', 'j', '1', 'p', 'manual', '{{}}', 0)",
    f"{RUN} ('automation', 'j', '1', 'p', 'manual', '{{}}', 0) "
    "ON CONFLICT (source, id, runId) DO UPDATE SET output = 'forged'",
    f"{NUMBERED} (2, 'automation', 'j', '9', 'p', 'manual', '{{}}', 0) "
    "ON CONFLICT (sequence) DO UPDATE SET output = 'forged'",
)
KEYS = {"polar_feedback_events": "id", "polar_run_events": "runId"}


@pytest.fixture
def other(database: Database, location: Location) -> Iterator[Program]:
    """A second program, and ledgers with two rows each."""
    with program(location) as opened:
        opened.execute(f"{FEEDBACK} ('1', 'reaction_added', 's', 1), ('2', 'reaction_removed', 's', 2)")
        run = "('automation', 'j', {}, 'p', 'schedule', '{{}}', 1)"
        opened.execute(f"{RUN} {run.format(1)}, {run.format(2)}")
        yield opened


def ledgers(other: Program) -> list[list[tuple[object, ...]]]:
    """Every row of both."""
    return [other.execute(f"SELECT * FROM {table} ORDER BY {key}").fetchall() for table, key in KEYS.items()]


@pytest.mark.parametrize("table", KEYS)
@pytest.mark.parametrize("attack", ABORTED)
async def test_changing_and_deleting_are_aborted(other: Program, table: str, attack: str) -> None:
    """The statement fails and says why; every row is what it was."""
    before = ledgers(other)
    with pytest.raises(REFUSED, match=f"{table} is append-only"):
        other.execute(attack.format(table=table, key=KEYS[table]))
    assert ledgers(other) == before


@pytest.mark.parametrize("attack", IGNORED)
async def test_a_key_that_exists_is_not_written_again(other: Program, attack: str) -> None:
    """Neither does it fail, nor does it do anything."""
    before = ledgers(other)
    assert all(len(ledger) == 2 for ledger in before)
    other.execute(attack)
    assert ledgers(other) == before


async def test_new_rows_are_appended(other: Program) -> None:
    """Beside one that is there already, in one statement."""
    other.execute(f"{FEEDBACK} ('1', 'forged', 's', 0), ('3', 'reaction_added', 's', 3)")
    other.execute(f"{RUN} ('heartbeat', 'j', '1', 'p', 'heartbeat', '{{}}', 3)")
    feedback, runs = ledgers(other)
    assert [row[:2] for row in feedback] == [
        ("1", "reaction_added"),
        ("2", "reaction_removed"),
        ("3", "reaction_added"),
    ]
    assert sorted(str(row[1]) for row in runs) == ["automation", "automation", "heartbeat"]
