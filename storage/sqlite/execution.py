"""Statements within an open transaction: one after the other, or those of one kind as one.

A statement of thirty rows is one call into SQLite, during which the event loop runs, in place of thirty.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import chain, groupby

from storage.errors import ExpectationFailed
from storage.json_text import read_value
from storage.statement import Bulk, Order, Rows, Statement, Unit, UnitRows, Value

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
        answer: UnitRows = [_NOTHING] * len(unit)
        if not neighbours.take(unit, answer):
            neighbours.run(connection)
            neighbours = _Neighbours()
            if not neighbours.take(unit, answer):
                neighbours = _Neighbours()
                answer = _run_in_order(connection, unit)
        answers.append(answer)
    neighbours.run(connection)
    return answers


class _Neighbours:
    """Units that are to run kind by kind, where no two statements about the same thing change places by that."""

    def __init__(self) -> None:
        self._kinds: dict[Bulk, list[Statement]] = {}
        self._latest: dict[Hashable, Order] = {}
        self._latest_in: dict[Hashable, Order] = {}
        """Of all parts of a thing."""
        self._told: dict[Bulk, list[tuple[UnitRows, int]]] = {}
        """The places of the answers for what gives rows back, in order."""

    def take(self, unit: Unit, answer: UnitRows) -> bool:
        """False where one of its statements has no order, or may not be behind what was taken; then no more.

        What was taken until then is to be run in front of such a unit.
        """
        for statement in unit:
            if statement.bulk is None or not self._may_follow(statement.bulk, statement.about):
                return False
        for place, statement in enumerate(unit):
            assert statement.bulk is not None
            self._kinds.setdefault(statement.bulk, []).append(statement)
            if statement.bulk.told is not None:
                self._told.setdefault(statement.bulk, []).append((answer, place))
        return True

    def _may_follow(self, bulk: Bulk, about: Hashable | None) -> bool:
        """False where it is before the latest about the same thing, about all that this is a part of, or a part of it.

        Of what gives rows back one in all may be about a thing.
        """
        order = bulk.order
        if order is None or about is None:
            return order is not None
        before = self._latest.get(about, -1)
        if isinstance(about, tuple):
            before = max(before, self._latest.get(about[0], -1))
            self._latest_in[about[0]] = max(order, self._latest_in.get(about[0], order))
        else:
            before = max(before, self._latest_in.get(about, -1))
        self._latest[about] = order
        return before < order if bulk.told is not None else before <= order

    def run(self, connection: sqlite3.Connection) -> None:
        """Run what was taken, and enter what it gives back; raises what voids any of it."""
        for bulk in sorted(self._kinds, key=_order):
            told = _run_as_one(connection, bulk, self._kinds[bulk])
            for (answer, place), rows in zip(self._told.get(bulk, ()), told, strict=True):
                answer[place] = rows


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
    bulk = None if statement.bulk is None or statement.bulk.told is not None else statement.bulk
    return bulk or statement.sql, statement.expect is None and not statement.answers


def _run_as_one(connection: sqlite3.Connection, bulk: Bulk, statements: Sequence[Statement]) -> list[Rows]:
    """The answer of each, where they tell something."""
    done, told = 0, []
    for size in _SIZES:
        while len(statements) - done >= size:
            told += _run_part(connection, bulk, statements[done : done + size])
            done += size
    for statement in statements[done:]:
        rows = _run(connection, statement)
        told += [] if bulk.told is None else [rows]
    return told


def _run_part(connection: sqlite3.Connection, bulk: Bulk, part: Sequence[Statement]) -> list[Rows]:
    sql, params = bulk.sql(len(part)), list(chain.from_iterable([_values(statement) for statement in part]))
    if bulk.told is not None:
        _change(connection, sql, params)
        [[told]] = connection.execute(bulk.told, (len(part),)).fetchall()
        rows = {row[0]: [row] for row in read_value(told)}
        # Of whom there is none, that is seen when each runs by itself.
        return [rows[statement.about] for statement in part]
    changed = _change(connection, sql, params)
    counted = [statement.expect for statement in part if statement.expect is not None]
    if counted and (len(counted) < len(part) or sum(counted) != changed):
        # Whose row is missing is seen when each runs by itself.
        raise ExpectationFailed(bulk.sql(1), sum(counted), changed)
    return []


def _values(statement: Statement) -> Iterable[Value]:
    params = statement.params
    return params.values() if isinstance(params, Mapping) else params


def _run(connection: sqlite3.Connection, statement: Statement) -> Rows:
    rows = _NOTHING
    if statement.answers:
        rows = connection.execute(statement.sql, statement.params).fetchall()
        changed = len(rows)
    else:
        changed = _change(connection, statement.sql, statement.params)
    if statement.expect is not None and changed != statement.expect:
        raise ExpectationFailed(statement.sql, statement.expect, changed)
    return rows


def _change(connection: sqlite3.Connection, sql: str, params: Sequence[Value] | Mapping[str, Value]) -> int:
    """The number of rows that a statement changes which gives none back.

    After `execute` CPython asks SQLite for the id of the last row, too, and gets the interpreter anew behind each call.
    """
    return connection.executemany(sql, (params,)).rowcount
