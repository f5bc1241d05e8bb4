"""The one connection that writes: runs units of statements, many units in one transaction.

Everything here runs on the writer's own thread. Why it is `sqlite3` and not aiosqlite: docs/adr/0002.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress

from storage.errors import DatabaseBusy, DatabaseLost, StorageError
from storage.sqlite.codes import is_busy, is_fatal
from storage.sqlite.execution import run_group, run_unit
from storage.sqlite.failures import failure_of_unit, lost
from storage.statement import Unit, UnitRows

READERS_MS = 20
"""The time that commits wait at the most for those who read from a log that is to be emptied."""


class _TransactionEnded(StorageError):
    """A unit ended the whole transaction by itself; its cause is the unit's own failure."""

    def __init__(self, position: int) -> None:
        super().__init__(f"unit {position} ended the transaction")
        self.position = position


class _Rehearsed(StorageError):
    """A unit was run to see what it does, and is to be undone."""


def run_batch(connection: sqlite3.Connection, units: Sequence[Unit]) -> list[UnitRows | Exception]:
    """Commit all units in one transaction; if that fails, in one more, in which a unit fails alone.

    An answer is a list of rows for each statement of the unit, in order. Raises DatabaseBusy, with nothing done,
    when another program's lock is in the way, and DatabaseLost when the file itself fails.
    """
    is_bounded = all(statement.is_bounded for unit in units for statement in unit)
    with nullcontext() if is_bounded else _undoing_on_disk(connection):
        try:
            with _transaction(connection):
                return list(run_group(connection, units))
        except (DatabaseBusy, DatabaseLost):
            raise
        except Exception as error:  # noqa: BLE001 - the unit's caller waits for it, and gets it
            if len(units) == 1 and not any(statement.bulk for statement in units[0]):
                return [failure_of_unit(error)]
        # That failure is not reported: run again, the unit that caused it reports its own.
        return _run_all_apart(connection, units)


def _run_all_apart(connection: sqlite3.Connection, units: Sequence[Unit]) -> list[UnitRows | Exception]:
    void: dict[int, Exception] = {}
    while True:
        try:
            with _transaction(connection):
                return [void[i] if i in void else _run_apart(connection, i, unit) for i, unit in enumerate(units)]
        except _TransactionEnded as ended:
            assert isinstance(ended.__cause__, Exception)
            void[ended.position] = failure_of_unit(ended.__cause__)


def rehearse(connection: sqlite3.Connection, unit: Unit) -> UnitRows:
    """The answer that the commit of a unit would give; none of it is kept. Raises what voids it, and as `run_batch`."""
    answer: UnitRows = []
    with suppress(_Rehearsed), _transaction(connection):
        answer = run_unit(connection, unit)
        raise _Rehearsed
    return answer


def empty_log(connection: sqlite3.Connection) -> bool:
    """Fold the log into the file and cut it to nothing; False where somebody reads from it, or writes, just now."""
    usual_ms = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    connection.execute(f"PRAGMA busy_timeout = {READERS_MS}")
    try:
        is_read, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not is_read
    finally:
        connection.execute(f"PRAGMA busy_timeout = {usual_ms}")


def data_version(connection: sqlite3.Connection) -> int:
    """A number that changes when another program has committed something, and by nothing of this connection's."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


@contextmanager
def _undoing_on_disk(connection: sqlite3.Connection) -> Iterator[None]:
    """Have SQLite keep in a file what it may have to undo of one statement, as that may be much."""
    usual = connection.execute("PRAGMA temp_store").fetchone()[0]
    connection.execute("PRAGMA temp_store = FILE")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA temp_store = {usual}")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        if not connection.in_transaction:
            raise sqlite3.OperationalError("the transaction was ended before it was committed")
        connection.commit()  # one call into SQLite, where a statement that says so is three
    except BaseException as error:
        clean = _roll_back(connection)
        if is_fatal(error) or not clean:
            raise lost(error) from error
        if is_busy(error):
            raise DatabaseBusy from error
        raise


def _run_apart(connection: sqlite3.Connection, position: int, unit: Unit) -> UnitRows | Exception:
    """A unit's answer; what it did is undone when it fails, and nothing of the units before it."""
    connection.execute("SAVEPOINT unit")
    answer: UnitRows | Exception
    try:
        answer = run_unit(connection, unit)
    except Exception as error:
        if is_fatal(error) or is_busy(error):
            raise
        if not connection.in_transaction:  # as RAISE(ROLLBACK) of a foreign trigger does: all else must run again
            raise _TransactionEnded(position) from error
        connection.execute("ROLLBACK TO unit")
        answer = failure_of_unit(error)
    connection.execute("RELEASE unit")
    return answer


def _roll_back(connection: sqlite3.Connection) -> bool:
    """True if no transaction is left open; a full disk may have rolled back already."""
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        return False
    return not connection.in_transaction
