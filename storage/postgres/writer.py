"""The one connection that writes: runs units of statements, many units in one transaction.

Everything here runs on the writer's own thread. Whoever writes by Polar holds its lock meanwhile, so that transactions
come one after the other, as on SQLite; so what one has read before it wrote, a budget's balance say, still holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import psycopg
from psycopg import Cursor
from psycopg.pq import TransactionStatus

from storage.errors import DatabaseBusy, DatabaseLost, StorageError
from storage.postgres.codes import failure_of_unit, is_busy, is_fatal, lost
from storage.postgres.execution import run_units, send
from storage.postgres.locks import WRITING
from storage.postgres.rows import NamedRow, ServerConnection
from storage.statement import Statement, Unit, UnitRows

_LOCK = f"SELECT pg_advisory_xact_lock({WRITING})"
LISTEN = "LISTEN polar_written"
TELL = Statement("SELECT pg_notify('polar_written', '')")
"""As a guard: who is not the bot tells it by this, when it has committed, that it has."""


class _OnlyTried(StorageError):
    """A unit was run to see what it does, and is to be undone."""


def run_batch(
    link: ServerConnection, units: Sequence[Unit], guard: Statement | None = None
) -> list[UnitRows | Exception]:
    """Commit all units in one transaction; if that fails, in one more, in which a unit fails alone.

    An answer is a list of rows for each statement of the unit, in order. A transaction begins with `guard`: where that
    finds no row, nothing is done. Raises DatabaseBusy, with nothing done, when others are in the way, and DatabaseLost
    when the guard finds nothing, or when the server fails or the way to it; then nobody knows whether it was committed.
    """
    try:
        with _transaction(link, guard) as begin:
            return list(run_units(link, units, begin))
    except (DatabaseBusy, DatabaseLost):
        raise
    except Exception as error:  # noqa: BLE001 - the unit's caller waits for it, and gets it
        if len(units) == 1:
            return [failure_of_unit(error)]
    # That failure is not reported: run again, the unit that caused it reports its own.
    with _transaction(link, guard) as begin:
        run_units(link, (), begin)
        return [_run_apart(link, unit) for unit in units]


def rehearse(link: ServerConnection, unit: Unit) -> UnitRows:
    """The answer that the commit of a unit would give; none of it is kept. Raises what voids it, and as `run_batch`."""
    answer: UnitRows = []
    with suppress(_OnlyTried), _transaction(link, None) as begin:
        [answer] = run_units(link, [unit], begin)
        raise _OnlyTried
    return answer


def _run_apart(link: ServerConnection, unit: Unit) -> UnitRows | Exception:
    """A unit's answer; what it did is undone when it fails, and nothing of the units before it."""
    try:
        with link.transaction("unit"):
            return run_units(link, [unit], lambda: None)[0]
    except Exception as error:
        if is_fatal(error) or is_busy(error):
            raise
        return failure_of_unit(error)


@contextmanager
def _transaction(link: ServerConnection, guard: Statement | None) -> Iterator[Callable[[], None]]:
    """A transaction, begun by what this gives: it sends the beginning in front of the first statements."""
    held: list[Cursor[NamedRow]] = []

    def begin() -> None:
        link.execute("BEGIN")
        if guard is not None:
            held.append(send(link, guard))
        link.execute(_LOCK)

    try:
        yield begin
        for cursor in held:
            check_guard(cursor)
        if (answer := link.execute("COMMIT").statusmessage) != "COMMIT":
            raise DatabaseLost(f"{DatabaseLost.__doc__} PostgreSQL answers a commit by {answer}")
    except BaseException as error:
        is_clean = _roll_back(link)
        for cursor in held:
            check_guard(cursor)
        if is_fatal(error) or not is_clean:
            raise lost(error) from error
        if is_busy(error):
            raise DatabaseBusy from error
        raise


def check_guard(asked: Cursor[NamedRow]) -> None:
    """Raise DatabaseLost where the guard was asked and found no row."""
    if asked.rowcount == 0:
        raise DatabaseLost(f"{DatabaseLost.__doc__} It is another process's now")


def _roll_back(link: ServerConnection) -> bool:
    """True if no transaction is left open. By psycopg, which then knows that it has prepared less than it wanted to."""
    try:
        link.rollback()
    except psycopg.Error:
        return False
    return link.info.transaction_status == TransactionStatus.IDLE
