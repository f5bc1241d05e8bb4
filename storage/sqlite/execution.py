"""Statements within an open transaction: one after the other, or those of one kind as one.

A statement of thirty rows is one call into SQLite, during which the event loop runs, in place of thirty.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable, Sequence
from itertools import chain, groupby

from storage.errors import ExpectationFailed
from storage.statement import Bulk, Order, Rows, Statement, Unit, UnitRows

_SIZES = (64, 32, 16, 8, 4, 2)
"""The numbers of rows that one statement may have. Few, as each is a text that SQLite prepares and keeps."""
_NOTHING: Rows = []
"""What comes back of a statement that gives nothing back."""


def run_unit(connection: sqlite3.Connection, unit: Unit) -> UnitRows:
    """The answer of one unit, each of whose statements runs by itself; raises what voids it."""
    return [_run(connection, statement) for statement in unit]


def run_group(connection: sqlite3.Connection, units: Sequence[Unit]) -> list[UnitRows]:
    """The answers of all units, as if each had run by itself, in order; raises what voids any of them."""
    if len(units) == 1:
        return [_run_in_order(connection, units[0])]
    answers: list[UnitRows] = []
    neighbours = _Neighbours()
    for unit in units:
        if not neighbours.take(unit):
            neighbours.run(connection)
            neighbours = _Neighbours()
            if not neighbours.take(unit):
                neighbours = _Neighbours()
                answers.append(_run_in_order(connection, unit))
                continue
        answers.append([_NOTHING] * len(unit))
    neighbours.run(connection)
    return answers


class _Neighbours:
    """Units that are to run kind by kind, where no two statements about the same thing change places by that."""

    def __init__(self) -> None:
        self._kinds: dict[Bulk, list[Statement]] = {}
        self._latest: dict[Hashable, Order] = {}

    def take(self, unit: Unit) -> bool:
        """False where one of its statements has no order, or is before the latest about the same thing; then no more.

        What was taken until then is to be run in front of such a unit.
        """
        for statement in unit:
            bulk = statement.bulk
            if bulk is None or bulk.order is None:
                return False
            if statement.about is not None:
                if self._latest.get(statement.about, bulk.order) > bulk.order:
                    return False
                self._latest[statement.about] = bulk.order
        for statement in unit:
            assert statement.bulk is not None
            self._kinds.setdefault(statement.bulk, []).append(statement)
        return True

    def run(self, connection: sqlite3.Connection) -> None:
        """Run what was taken; raises what voids any of it."""
        for bulk in sorted(self._kinds, key=_order):
            _run_as_one(connection, bulk, self._kinds[bulk])


def _order(bulk: Bulk) -> Order:
    assert bulk.order is not None
    return bulk.order


def _run_in_order(connection: sqlite3.Connection, unit: Unit) -> UnitRows:
    """The answer of one unit, whose neighbouring statements of a kind run as one."""
    answer: UnitRows = []
    for (kind, is_plain), alike in groupby(unit, key=_kind):
        statements = list(alike)
        if isinstance(kind, Bulk):
            _run_as_one(connection, kind, statements)
        elif is_plain and len(statements) > 1:
            connection.executemany(kind, [statement.params for statement in statements])
        else:
            answer += [_run(connection, statement) for statement in statements]
            continue
        answer += [_NOTHING] * len(statements)
    return answer


def _kind(statement: Statement) -> tuple[Bulk | str, bool]:
    """How it runs with others, and whether there is nothing to give back of it, nor to count."""
    return statement.bulk or statement.sql, statement.expect is None and not statement.answers


def _run_as_one(connection: sqlite3.Connection, bulk: Bulk, statements: Sequence[Statement]) -> None:
    done = 0
    for size in _SIZES:
        while len(statements) - done >= size:
            _run_part(connection, bulk, statements[done : done + size])
            done += size
    for statement in statements[done:]:
        _run(connection, statement)


def _run_part(connection: sqlite3.Connection, bulk: Bulk, part: Sequence[Statement]) -> None:
    params = list(chain.from_iterable([statement.params for statement in part]))
    cursor = connection.execute(bulk.sql(len(part)), params)
    counted = [statement.expect for statement in part if statement.expect is not None]
    if counted and (len(counted) < len(part) or sum(counted) != cursor.rowcount):
        # Whose row is missing is seen when each runs by itself.
        raise ExpectationFailed(bulk.sql(1), sum(counted), cursor.rowcount)


def _run(connection: sqlite3.Connection, statement: Statement) -> Rows:
    cursor = connection.execute(statement.sql, statement.params)
    rows = cursor.fetchall() if statement.answers else _NOTHING
    changed = len(rows) if statement.answers else cursor.rowcount
    if statement.expect is not None and changed != statement.expect:
        raise ExpectationFailed(statement.sql, statement.expect, changed)
    return rows
