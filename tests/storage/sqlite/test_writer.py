"""The writer's connection: many units in one transaction, each unit whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import DatabaseBusy, DatabaseLost, ExpectationFailed, StatementFailed
from storage.sqlite.writer import run_batch
from storage.statement import Statement, Unit, UnitRows
from tests.storage.files import plain
from tests.storage.pairs import ADD, DROP, PUT, TABLE, UNITS, Steps, played


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    """A writer's connection with one table."""
    opened = sqlite3.connect(path, isolation_level=None)
    opened.execute("PRAGMA journal_mode = WAL")
    opened.execute(TABLE)
    yield opened
    opened.close()


def pairs(connection: sqlite3.Connection) -> dict[str, int]:
    """What the table holds."""
    return dict(connection.execute("SELECT name, value FROM pairs").fetchall())


def traced(connection: sqlite3.Connection) -> list[str]:
    """The SQL that the connection is about to run, as it runs."""
    lines: list[str] = []
    connection.set_trace_callback(lines.append)
    return lines


def values(answer: UnitRows | Exception) -> list[list[tuple[Any, ...]]]:
    """An answer as plain tuples."""
    assert not isinstance(answer, Exception)
    return [[tuple(row) for row in found] for found in answer]


def refusal(answer: object) -> object:
    """What SQLite has said, where that is the cause; else what there is."""
    return answer.__cause__ if isinstance(answer, StatementFailed) else answer


def test_all_units_of_a_batch_are_one_transaction(connection: sqlite3.Connection) -> None:
    """A hundred units cost one BEGIN IMMEDIATE and one COMMIT."""
    lines = traced(connection)
    run_batch(connection, [(Statement(ADD, (f"n{i}", i)),) for i in range(100)])
    assert [line for line in lines if not line.startswith("INSERT")] == ["BEGIN IMMEDIATE", "COMMIT"]
    assert pairs(connection) == {f"n{i}": i for i in range(100)}


def test_a_unit_that_fails_leaves_nothing_of_itself(connection: sqlite3.Connection) -> None:
    """The first statement of a unit is undone when its second fails."""
    [answer] = run_batch(connection, [(Statement(ADD, ("a", 1)), Statement(ADD, ("a", 2)))])
    assert isinstance(refusal(answer), sqlite3.IntegrityError)
    assert pairs(connection) == {}
    assert not connection.in_transaction


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (Statement(ADD, ("a", 2)), sqlite3.IntegrityError),
        (Statement("INSERT INTO nowhere VALUES (1)"), sqlite3.OperationalError),
        (Statement("nonsense"), sqlite3.OperationalError),
        (Statement(ADD, ("only one",)), sqlite3.ProgrammingError),
        (Statement(ADD, ("a lone surrogate \ud800", 1)), UnicodeEncodeError),
        (Statement(ADD, ("too big", 2**63)), OverflowError),
        (Statement(DROP, ("absent",), expect=1), ExpectationFailed),
        (Statement(ADD, ("a", 2), expect=1), sqlite3.IntegrityError),
    ],
)
def test_a_unit_fails_alone(connection: sqlite3.Connection, bad: Statement, error: type[Exception]) -> None:
    """Its neighbours in the same batch are kept, each has its own answer, and they ran in order."""
    first = (Statement(ADD, ("a", 1)),)
    voided = (Statement(ADD, ("half", 0)), bad)
    last = (Statement("UPDATE pairs SET value = value * 10 WHERE name = 'a' RETURNING value"),)
    answers = run_batch(connection, [first, voided, last])
    assert values(answers[0]) == [[]]
    assert isinstance(refusal(answers[1]), error)
    assert values(answers[2]) == [[(10,)]]
    assert pairs(connection) == {"a": 10}
    assert not connection.in_transaction


def test_a_void_unit_costs_its_whole_group_one_transaction_more(connection: sqlite3.Connection) -> None:
    """However many units there are: the group is tried whole, rolled back, and run once more, and committed once."""
    units: list[Unit] = [(Statement(ADD, (f"n{i}", i)),) for i in range(512)]
    units[300] = (Statement(ADD, ("half", 0)), Statement(ADD, ("n1", 0)))
    lines = traced(connection)
    answers = run_batch(connection, units)
    ends = [line for line in lines if line.startswith(("BEGIN", "COMMIT", "ROLLBACK")) and "TO" not in line]
    assert ends == ["BEGIN IMMEDIATE", "ROLLBACK", "BEGIN IMMEDIATE", "COMMIT"]
    assert [i for i, answer in enumerate(answers) if isinstance(answer, Exception)] == [300]
    assert pairs(connection) == {f"n{i}": i for i in range(512) if i != 300}


def test_what_succeeds_has_no_savepoints(connection: sqlite3.Connection) -> None:
    """They are for the second run alone."""
    lines = traced(connection)
    run_batch(connection, [(Statement(ADD, (f"n{i}", i)),) for i in range(3)])
    assert not [line for line in lines if "SAVEPOINT" in line]


def test_a_unit_that_ends_the_transaction_takes_no_other_with_it(connection: sqlite3.Connection) -> None:
    """Nothing of it runs outside of a transaction, and the units before and behind it are committed."""
    connection.execute(
        "CREATE TRIGGER harsh BEFORE INSERT ON pairs WHEN NEW.value < 0 BEGIN SELECT RAISE(ROLLBACK, 'no'); END"
    )
    bad = (Statement(ADD, ("half", 0)), Statement(ADD, ("bad", -1)), Statement(ADD, ("late", 0)))
    units = [(Statement(ADD, ("a", 1)),), bad, (Statement(ADD, ("b", 2)),), bad, (Statement(ADD, ("c", 3)),)]
    answers = run_batch(connection, units)
    assert [isinstance(refusal(answer), sqlite3.IntegrityError) for answer in answers] == [
        False,
        True,
        False,
        True,
        False,
    ]
    assert pairs(connection) == {"a": 1, "b": 2, "c": 3}
    assert not connection.in_transaction


@pytest.mark.parametrize("count", [1, 3])
def test_a_lock_of_another_program_is_nobodys_failure(connection: sqlite3.Connection, path: Path, count: int) -> None:
    """Nothing is done, and the same units succeed once it is free."""
    connection.execute("PRAGMA busy_timeout = 0")
    units = [(Statement(ADD, (f"n{i}", i)),) for i in range(count)]
    with plain(path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy):
            run_batch(connection, units)
        assert not connection.in_transaction
    assert run_batch(connection, units) == [[[]]] * count
    assert pairs(connection) == {f"n{i}": i for i in range(count)}


def test_any_kind_of_error_is_its_own_units_alone(connection: sqlite3.Connection) -> None:
    """An error that no one listed, here of a parameter's own code, reaches its caller and nobody else."""

    class Broken(dict[str, Any]):
        def __missing__(self, key: str) -> Any:
            raise ValueError(key)

    bad = Statement("INSERT INTO pairs VALUES (:name, :value)", Broken())
    answers = run_batch(connection, [(Statement(ADD, ("a", 1)),), (bad,), (Statement(ADD, ("b", 2)),)])
    assert isinstance(answers[1], Exception)
    assert pairs(connection) == {"a": 1, "b": 2}
    assert not connection.in_transaction


def test_nothing_is_reordered(connection: sqlite3.Connection) -> None:
    """Upsert, delete, upsert of one row leaves the last upsert, though first and last are the same SQL."""
    run_batch(connection, [(Statement(PUT, ("a", 1)), Statement(DROP, ("a",)), Statement(PUT, ("a", 2)))])
    assert pairs(connection) == {"a": 2}
    run_batch(connection, [(Statement(PUT, ("a", 3)),), (Statement(DROP, ("a",)),), (Statement(PUT, ("b", 4)),)])
    assert pairs(connection) == {"b": 4}


class Spy(sqlite3.Connection):
    """A connection that notes how many parameter sets each `executemany` had."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.many: list[tuple[str, int]] = []

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        """Note it, then do it."""
        self.many.append((sql, len(parameters)))
        return super().executemany(sql, parameters)


def test_only_adjacent_equal_plain_statements_are_run_together(path: Path) -> None:
    """Equal SQL in a row without rows to give back and without expectation; each still has its own answer."""
    returning = ADD + " RETURNING value"
    spy = sqlite3.connect(path, isolation_level=None, factory=Spy)
    assert isinstance(spy, Spy)
    try:
        spy.execute(TABLE)
        unit = (
            Statement(ADD, ("a", 1)),
            Statement(ADD, ("b", 2)),
            Statement(DROP, ("a",)),
            Statement(ADD, ("c", 3)),
            Statement(ADD, ("d", 4), expect=1),
            Statement(ADD, ("e", 5), expect=1),
            Statement(returning, ("f", 6)),
            Statement(returning, ("g", 7)),
        )
        [answer] = run_batch(spy, [unit])
        assert [each for each in spy.many if each[1] > 1] == [(ADD, 2)]
        assert values(answer) == [[], [], [], [], [], [], [(6,)], [(7,)]]
        assert pairs(spy) == {"b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7}
    finally:
        spy.close()


def test_rows_come_back_for_the_statement_that_asked(connection: sqlite3.Connection) -> None:
    """Statements without rows answer an empty list, RETURNING and SELECT answer theirs, in order."""
    [answer] = run_batch(
        connection,
        [
            (
                Statement(ADD, ("a", 1)),
                Statement(ADD, ("b", 2)),
                Statement("UPDATE pairs SET value = value + 1 RETURNING name, value"),
                Statement("SELECT count(*) FROM pairs"),
                Statement("DELETE FROM pairs WHERE name = 'zzz' RETURNING name"),
            )
        ],
    )
    assert values(answer) == [[], [], [("a", 2), ("b", 3)], [(2,)], []]


@pytest.mark.parametrize("sql", ["UPDATE pairs SET value = 5", "UPDATE pairs SET value = 5 RETURNING name"])
@pytest.mark.parametrize("expected", [1, 3])
def test_another_number_of_rows_than_expected_voids_the_unit(
    connection: sqlite3.Connection, sql: str, expected: int
) -> None:
    """Too few and too many both void it, with and without RETURNING; the error says which and how many."""
    connection.execute("INSERT INTO pairs VALUES ('a', 1), ('b', 2)")
    [answer] = run_batch(
        connection, [(Statement(ADD, ("c", 3)), Statement(DROP, ("c",)), Statement(sql, (), expected))]
    )
    assert isinstance(answer, ExpectationFailed)
    assert (answer.expected, answer.found, answer.sql) == (expected, 2, sql)
    assert pairs(connection) == {"a": 1, "b": 2}
    [right] = run_batch(connection, [(Statement(sql, (), 2),)])
    assert not isinstance(right, Exception)


def test_a_full_disk_ends_everything(connection: sqlite3.Connection) -> None:
    """SQLITE_FULL is no unit's own failure: the whole batch is lost, none of it is kept, nothing stays open."""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    units = [(Statement(ADD, ("small", 1)),), (Statement(ADD, ("x" * 100_000, 2)),), (Statement(ADD, ("late", 3)),)]
    with pytest.raises(DatabaseLost, match="disk is full") as caught:
        run_batch(connection, units)
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    assert pairs(connection) == {}
    assert not connection.in_transaction


def test_a_disk_that_is_full_in_the_second_run_ends_everything_too(connection: sqlite3.Connection) -> None:
    """It ends all savepoints with the transaction: none of the group is kept, and no unit is told that it was."""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    void, big = (Statement("nonsense"),), (Statement(ADD, ("x" * 100_000, 2)),)
    with pytest.raises(DatabaseLost, match="disk is full"):
        run_batch(connection, [(Statement(ADD, ("small", 1)),), void, big, (Statement(ADD, ("late", 3)),)])
    assert pairs(connection) == {}
    assert not connection.in_transaction


def test_a_lost_file_is_told_from_a_bad_statement(connection: sqlite3.Connection) -> None:
    """A file that refuses every write is lost as well, also for a single unit."""
    connection.execute("PRAGMA query_only = ON")
    with pytest.raises(DatabaseLost):
        run_batch(connection, [(Statement(ADD, ("a", 1)),)])
    assert not connection.in_transaction


@settings(deadline=None)
@given(units=UNITS, cuts=st.lists(st.integers(1, 4), max_size=8))
def test_units_in_batches_of_any_size_do_what_they_do_one_by_one(units: list[Steps], cuts: list[int]) -> None:
    """Whatever the batching and whoever fails, the table is that of a dict to which whole units were applied."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(TABLE)
    table, expected, succeeded = played(units, cuts, lambda batch: run_batch(connection, batch))
    assert pairs(connection) == table
    assert succeeded == expected
    connection.close()
