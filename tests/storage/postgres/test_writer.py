"""The writer's connection to a server: many units in one transaction, each unit whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.errors import DatabaseBusy, DatabaseLost, ExpectationFailed, StatementFailed
from storage.location import ServerUrl
from storage.postgres import connections
from storage.postgres.locks import WRITING
from storage.postgres.rows import ServerConnection
from storage.postgres.writer import LISTEN, TELL, rehearse, run_batch
from storage.statement import Bulk, Order, Statement, Unit, UnitRows
from tests import cluster
from tests.storage.pairs import ADD, DROP, PUT, TABLE, UNITS, Steps, played

_WAITING = "SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted"
LEASE = Statement("SELECT 1 FROM leases WHERE holder = ? FOR KEY SHARE", ("me",))


@pytest.fixture(scope="module")
def home(server: str) -> Iterator[ServerUrl]:
    """A database for all of these tests, as making one takes longer than what they do."""
    with cluster.database(server) as url:
        yield ServerUrl(url)


@pytest.fixture
def link(home: ServerUrl) -> Iterator[ServerConnection]:
    """A writer's connection with one table, and nothing else there."""
    with connections.connect_writer(home, lock_ms=50) as opened:
        opened.execute("DROP SCHEMA IF EXISTS polar CASCADE; CREATE SCHEMA polar")
        opened.execute(TABLE)
        yield opened


@pytest.fixture
def other(home: ServerUrl, link: ServerConnection) -> Iterator[ServerConnection]:
    """Another program's connection."""
    del link  # it comes first
    with connections.connect_writer(home, lock_ms=10_000) as opened:
        yield opened


def pairs(link: ServerConnection) -> dict[str, int]:
    """What the table holds."""
    return dict(link.execute("SELECT name, value FROM pairs"))


def values(answer: UnitRows | Exception) -> list[list[tuple[Any, ...]]]:
    """An answer as plain tuples."""
    assert not isinstance(answer, Exception)
    return [[tuple(row) for row in found] for found in answer]


def test_all_units_of_a_batch_are_one_transaction(link: ServerConnection) -> None:
    """A hundred units take one transaction's number, and every row has it."""
    run_batch(link, [(Statement(ADD, (f"n{i}", i)),) for i in range(100)])
    [[transactions]] = link.execute("SELECT count(DISTINCT xmin::text) FROM pairs")
    assert transactions == 1
    assert pairs(link) == {f"n{i}": i for i in range(100)}


def test_a_unit_that_fails_leaves_nothing_of_itself(link: ServerConnection) -> None:
    """The first statement of a unit is undone when its second fails."""
    [answer] = run_batch(link, [(Statement(ADD, ("a", 1)), Statement(ADD, ("a", 2)))])
    assert isinstance(answer, StatementFailed)
    assert isinstance(answer.__cause__, psycopg.errors.UniqueViolation)
    assert pairs(link) == {}


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (Statement(ADD, ("a", 2)), StatementFailed),
        (Statement("INSERT INTO nowhere VALUES (1)"), StatementFailed),
        (Statement("nonsense"), StatementFailed),
        (Statement(ADD, ("only one",)), StatementFailed),
        (Statement(ADD, ("no number", "words of somebody")), StatementFailed),
        (Statement(ADD, ("too big", 2**63)), OverflowError),
        (Statement(DROP, ("absent",), expect=1), ExpectationFailed),
        (Statement(ADD, ("a", 2), expect=1), StatementFailed),
    ],
)
def test_a_unit_fails_alone(link: ServerConnection, bad: Statement, error: type[Exception]) -> None:
    """Its neighbours in the same batch are kept, each has its own answer, and they ran in order."""
    first = (Statement(ADD, ("a", 1)),)
    voided = (Statement(ADD, ("half", 0)), bad)
    last = (Statement("UPDATE pairs SET value = value * 10 WHERE name = 'a' RETURNING value"),)
    answers = run_batch(link, [first, voided, last])
    assert values(answers[0]) == [[]]
    assert isinstance(answers[1], error)
    assert "somebody" not in str(answers[1])
    assert values(answers[2]) == [[(10,)]]
    assert pairs(link) == {"a": 10}


def test_a_failure_quotes_nothing_of_the_rows(link: ServerConnection) -> None:
    """What the server adds to it, the values of a key say, may be somebody's words, and errors go into the log."""
    run_batch(link, [(Statement(ADD, ("secret", 1)),)])
    [answer] = run_batch(link, [(Statement(ADD, ("secret", 1)),)])
    assert str(answer) == 'duplicate key value violates unique constraint "pairs_pkey"'


def test_a_void_unit_costs_its_whole_group_one_transaction_more(link: ServerConnection) -> None:
    """However many units there are: the group is tried whole, rolled back, and run once more, and committed once."""
    units: list[Unit] = [(Statement(ADD, (f"n{i}", i)),) for i in range(64)]
    units[40] = (Statement(ADD, ("half", 0)), Statement(ADD, ("n1", 0)))
    answers = run_batch(link, units)
    assert [i for i, answer in enumerate(answers) if isinstance(answer, Exception)] == [40]
    assert pairs(link) == {f"n{i}": i for i in range(64) if i != 40}


def test_nothing_is_reordered(link: ServerConnection) -> None:
    """Upsert, delete, upsert of one row leaves the last upsert, though first and last are the same SQL."""
    run_batch(link, [(Statement(PUT, ("a", 1)), Statement(DROP, ("a",)), Statement(PUT, ("a", 2)))])
    assert pairs(link) == {"a": 2}


def test_rows_come_back_for_the_statement_that_asked(link: ServerConnection) -> None:
    """Statements without rows answer an empty list, RETURNING and SELECT answer theirs, in order."""
    [answer] = run_batch(
        link,
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
    assert [sorted(found) for found in values(answer)] == [[], [], [("a", 2), ("b", 3)], [(2,)], []]


@pytest.mark.parametrize("sql", ["UPDATE pairs SET value = 5", "UPDATE pairs SET value = 5 RETURNING name"])
@pytest.mark.parametrize("expected", [1, 3])
def test_another_number_of_rows_than_expected_voids_the_unit(link: ServerConnection, sql: str, expected: int) -> None:
    """Too few and too many both void it, with and without RETURNING; the error says which and how many."""
    link.execute("INSERT INTO pairs VALUES ('a', 1), ('b', 2)")
    [answer] = run_batch(link, [(Statement(ADD, ("c", 3)), Statement(DROP, ("c",)), Statement(sql, (), expected))])
    assert isinstance(answer, ExpectationFailed)
    assert (answer.expected, answer.found, answer.sql) == (expected, 2, sql)
    assert pairs(link) == {"a": 1, "b": 2}
    [right] = run_batch(link, [(Statement(sql, (), 2),)])
    assert not isinstance(right, Exception)


def test_what_may_run_as_one_is_entered_in_order(link: ServerConnection) -> None:
    """However the server would join it: a statement that a store has marked does what it does by itself."""
    link.execute("CREATE TABLE ledger (name TEXT, rowid BIGINT GENERATED BY DEFAULT AS IDENTITY)")
    joined = Bulk(
        "WITH given (name) AS (VALUES ",
        "(?)",
        ") INSERT INTO ledger (name) SELECT given.name FROM given LEFT JOIN pairs ON pairs.name = given.name",
        order=Order.EVENT,
    )
    names = [f"n{i * 37 % 64}" for i in range(64)]
    run_batch(link, [(joined.of(name),) for name in names])
    assert [row[0] for row in link.execute("SELECT name FROM ledger ORDER BY rowid")] == names


def test_a_row_may_be_changed_twice_by_what_may_run_as_one(link: ServerConnection) -> None:
    """PostgreSQL refuses that within one statement."""
    put = Bulk("INSERT INTO pairs VALUES ", "(?, ?)", " ON CONFLICT (name) DO UPDATE SET value = excluded.value")
    answers = run_batch(link, [(put.of("a", value),) for value in (1, 2, 3)])
    assert answers == [[[]], [[]], [[]]]
    assert pairs(link) == {"a": 3}


def test_whoever_writes_by_polar_waits_for_the_other_and_reads_what_it_wrote(
    link: ServerConnection, other: ServerConnection
) -> None:
    """Two that reserve 0.8 of 1.0 at once, reading before they write: only one succeeds, as on SQLite."""
    link.execute("INSERT INTO pairs VALUES ('spent', 0)")
    reserving = "UPDATE pairs SET value = value + 8 WHERE (SELECT max(value) FROM pairs) + 8 <= 10"
    with ThreadPoolExecutor(1) as thread:
        with link.transaction():
            link.execute(f"SELECT pg_advisory_xact_lock({WRITING})")
            late = thread.submit(run_batch, other, [(Statement(reserving, (), 1),)])
            while not late.done() and not link.execute(_WAITING, (other.info.backend_pid,)).fetchall():
                pass
            link.execute(reserving)
        answers = late.result(30)
    assert isinstance(answers[0], ExpectationFailed)
    assert pairs(link) == {"spent": 8}


@pytest.mark.parametrize("count", [1, 3])
def test_a_lock_of_another_program_is_nobodys_failure(
    link: ServerConnection, other: ServerConnection, count: int
) -> None:
    """Nothing is done, and the same units succeed once it is free."""
    units = [(Statement(ADD, (f"n{i}", i)),) for i in range(count)]
    with other.transaction():
        other.execute("LOCK TABLE pairs")
        with pytest.raises(DatabaseBusy):
            run_batch(link, units)
    assert run_batch(link, units) == [[[]]] * count
    assert pairs(link) == {f"n{i}": i for i in range(count)}


@pytest.mark.parametrize("code", ["deadlock_detected", "serialization_failure"])
@pytest.mark.parametrize("count", [1, 3])
def test_what_the_server_ends_for_others_sake_is_tried_again(link: ServerConnection, code: str, count: int) -> None:
    """A deadlock with a program that knows nothing of our lock, say: nothing is done, and nothing is wrong with it."""
    body = f"$$ BEGIN RAISE EXCEPTION 'in the way' USING ERRCODE = '{code}'; END $$"
    link.execute(f"CREATE FUNCTION clash() RETURNS trigger LANGUAGE plpgsql AS {body}")
    link.execute(
        "CREATE TRIGGER clash BEFORE INSERT ON pairs FOR EACH ROW WHEN (NEW.value = 0) EXECUTE FUNCTION clash()"
    )
    units = [(Statement(ADD, (f"n{i}", i)),) for i in reversed(range(count))]
    with pytest.raises(DatabaseBusy):
        run_batch(link, units)
    assert pairs(link) == {}
    link.execute("DROP TRIGGER clash ON pairs")
    assert run_batch(link, units) == [[[]]] * count


def ended(link: ServerConnection, other: ServerConnection) -> None:
    """The server ends the connection."""
    other.execute("SELECT pg_terminate_backend(%s::int, 10000)", (link.info.backend_pid,))


def closed(link: ServerConnection, other: ServerConnection) -> None:
    """The way to the server is cut."""
    del other
    link.close()


def read_only(link: ServerConnection, other: ServerConnection) -> None:
    """Another server has taken over, and this one is a replica from now on."""
    del other
    link.execute("SET default_transaction_read_only = on")


@pytest.mark.parametrize("happens", [ended, closed, read_only])
@pytest.mark.parametrize("count", [1, 3])
def test_a_server_that_is_lost_is_told_from_a_bad_statement(
    link: ServerConnection,
    other: ServerConnection,
    happens: Callable[[ServerConnection, ServerConnection], None],
    count: int,
) -> None:
    """Whoever waits, waits in vain; none of the group is kept."""
    happens(link, other)
    with pytest.raises(DatabaseLost):
        run_batch(link, [(Statement(ADD, (f"n{i}", i)),) for i in range(count)])
    assert pairs(other) == {}


def test_a_connection_that_ends_between_statements_and_commit_loses_everything(
    link: ServerConnection, other: ServerConnection
) -> None:
    """Nobody is told that a unit was kept."""
    other.execute(
        "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"
    )
    other.execute(
        "CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON pairs DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION cut()"
    )
    with pytest.raises(DatabaseLost):
        run_batch(link, [(Statement(ADD, ("a", 1)),)])
    assert pairs(other) == {}


def test_what_voids_the_commit_itself_is_a_units_failure(link: ServerConnection, other: ServerConnection) -> None:
    """A check that was put off until the commit: nothing is kept, and the connection goes on."""
    other.execute("CREATE TABLE parents (name TEXT PRIMARY KEY)")
    other.execute("ALTER TABLE pairs ADD FOREIGN KEY (name) REFERENCES parents DEFERRABLE INITIALLY DEFERRED")
    [answer] = run_batch(link, [(Statement(ADD, ("orphan", 1)),)])
    assert isinstance(answer, StatementFailed)
    assert pairs(link) == {}


@pytest.mark.parametrize("unit", [(Statement(ADD, ("a", 1)),), (Statement("nonsense"),)])
def test_where_the_guard_finds_no_row_nothing_is_committed(
    link: ServerConnection, other: ServerConnection, unit: Unit
) -> None:
    """Whatever else is wrong, the database is lost to this process, which another one has the lease of."""
    other.execute("CREATE TABLE leases (holder TEXT PRIMARY KEY)")
    other.execute("INSERT INTO leases VALUES ('me')")
    assert run_batch(link, [(Statement(ADD, ("before", 0)),)], LEASE) == [[[]]]
    other.execute("DELETE FROM leases")
    with pytest.raises(DatabaseLost, match="another process's"):
        run_batch(link, [unit, unit], LEASE)
    with pytest.raises(DatabaseLost, match="another process's"):
        run_batch(link, [unit], LEASE)
    assert pairs(other) == {"before": 0}


def test_who_takes_the_lease_waits_for_a_commit_under_way(
    home: ServerUrl, link: ServerConnection, other: ServerConnection
) -> None:
    """The guard's lock on its row lasts until the commit, so a lease that is gone means that nothing is under way."""
    other.execute("CREATE TABLE leases (holder TEXT PRIMARY KEY)")
    other.execute("INSERT INTO leases VALUES ('me')")
    link.execute("SET lock_timeout = 0")
    with connections.connect_writer(home, lock_ms=1) as taker, ThreadPoolExecutor(1) as thread:
        with other.transaction():
            other.execute("LOCK TABLE pairs")  # so that the commit is under way
            writing = thread.submit(run_batch, link, [(Statement(ADD, ("a", 1)),)], LEASE)
            while not writing.done() and not other.execute(_WAITING, (link.info.backend_pid,)).fetchall():
                pass
            with pytest.raises(psycopg.errors.LockNotAvailable):
                taker.execute("DELETE FROM leases")
        assert writing.result(30) == [[[]]]
        taker.execute("DELETE FROM leases")


def test_a_rehearsal_leaves_nothing(link: ServerConnection) -> None:
    """It gives the answer of a commit, and undoes it."""
    assert values(rehearse(link, (Statement(ADD + " RETURNING value", ("a", 1)),))) == [[(1,)]]
    assert pairs(link) == {}


def test_the_bot_hears_of_what_others_commit_and_of_nothing_else(
    link: ServerConnection, other: ServerConnection
) -> None:
    """Of what was undone it hears nothing."""
    heard: list[str] = []
    link.add_notify_handler(lambda notify: heard.append(notify.channel))
    link.execute(LISTEN)
    run_batch(other, [(Statement("nonsense"),)], TELL)
    rehearse(other, (Statement(ADD, ("a", 1)),))
    run_batch(link, [(Statement(ADD, ("own", 1)),)])
    assert heard == []
    run_batch(other, [(Statement(ADD, ("a", 1)),)], TELL)
    link.execute("SELECT 1")
    assert heard == ["polar_written"]


@pytest.mark.parametrize(
    ("given_", "kept"),
    [("half \ud83d", "half \ufffd"), ("nul\0nul", "nulnul"), ("\ud83d\0", "\ufffd"), ("😀 ''\\ %s :a ?", None)],
)
def test_text_that_the_server_cannot_hold_is_cleaned_as_telegrams_is(
    link: ServerConnection, given_: str, kept: str | None
) -> None:
    """As a row and as a key; all other text is as it was."""
    kept = given_ if kept is None else kept
    [answer] = run_batch(link, [(Statement(ADD, (given_, 1)), Statement(f"{DROP} RETURNING name", (given_,)))])
    assert values(answer) == [[], [(kept,)]]


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(units=UNITS, cuts=st.lists(st.integers(1, 4), max_size=8))
def test_units_in_batches_of_any_size_do_what_they_do_one_by_one(
    link: ServerConnection, units: list[Steps], cuts: list[int]
) -> None:
    """Whatever the batching and whoever fails, the table is that of a dict to which whole units were applied."""
    link.execute("DELETE FROM pairs")
    table, expected, succeeded = played(units, cuts, lambda batch: run_batch(link, batch))
    assert pairs(link) == table
    assert succeeded == expected
