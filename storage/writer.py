"""The one connection that writes: runs units of statements, many units in one transaction.

Everything here runs on the writer's own thread. Why it is `sqlite3` and not aiosqlite: docs/adr/0002.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import groupby

from storage.errors import DatabaseLost, ExpectationFailed
from storage.statement import Rows, Statement

Unit = tuple[Statement, ...]
UnitRows = list[Rows]

# Primary result codes after which no later commit of this process can be trusted to work.
_FATAL = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
}


def is_fatal(error: BaseException) -> bool:
    """Whether a failure concerns the file, not the statement."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and (code & 0xFF) in _FATAL


def run_batch(connection: sqlite3.Connection, units: Sequence[Unit]) -> list[UnitRows | Exception]:
    """Commit all units in one transaction; if that fails, each in a transaction of its own.

    So a unit fails alone. An answer is a list of rows for each statement of the unit, in order.
    Raises DatabaseLost when the file itself fails.
    """
    if len(units) > 1:
        together = _attempt(connection, units)
        # A failure is not reported here: run again one by one, the unit that caused it reports its own.
        if not isinstance(together, Exception):
            return list(together)
    answers: list[UnitRows | Exception] = []
    for unit in units:
        alone = _attempt(connection, [unit])
        answers.append(alone if isinstance(alone, Exception) else alone[0])
    return answers


def _attempt(connection: sqlite3.Connection, units: Sequence[Unit]) -> list[UnitRows] | Exception:
    try:
        return _transact(connection, units)
    except DatabaseLost:
        raise
    except Exception as error:  # noqa: BLE001 - the unit's caller waits for it, and gets it
        return error


def _transact(connection: sqlite3.Connection, units: Sequence[Unit]) -> list[UnitRows]:
    try:
        connection.execute("BEGIN IMMEDIATE")
        answers = [_run_unit(connection, unit) for unit in units]
        connection.execute("COMMIT")
    except BaseException as error:
        clean = _roll_back(connection)
        if is_fatal(error) or not clean:
            raise DatabaseLost(f"{DatabaseLost.__doc__} SQLite says: {error}") from error
        raise
    return answers


def _roll_back(connection: sqlite3.Connection) -> bool:
    """Whether no transaction is left open; a full disk may have rolled back already."""
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        return False
    return not connection.in_transaction


def _run_unit(connection: sqlite3.Connection, unit: Unit) -> UnitRows:
    answer: UnitRows = []
    for (sql, plain), statements in groupby(unit, key=lambda s: (s.sql, s.expect is None and not s.answers)):
        same = list(statements)
        if plain and len(same) > 1:
            connection.executemany(sql, [s.params for s in same])
            answer.extend([] for _ in same)
        else:
            answer.extend(_run(connection, statement) for statement in same)
    return answer


def _run(connection: sqlite3.Connection, statement: Statement) -> Rows:
    cursor = connection.execute(statement.sql, statement.params)
    rows = cursor.fetchall() if statement.answers else []
    if statement.expect is not None:
        found = len(rows) if statement.answers else cursor.rowcount
        if found != statement.expect:
            raise ExpectationFailed(statement.sql, statement.expect, found)
    return rows
