"""Statements within an open transaction: one after the other, or those of one kind as one.

A statement of thirty rows is one call into SQLite, during which the event loop runs, in place of thirty.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby

from storage.errors import ExpectationFailed
from storage.statement import Bulk, Order, Rows, Statement, Unit, UnitRows

_SIZES = (32, 8, 2)
"""The numbers of rows that one statement may have. Few, as each is a text that SQLite prepares and keeps."""

_Step = tuple[Statement, UnitRows, int]
"""A statement, its unit's answer, and its place in that."""


def run_unit(connection: sqlite3.Connection, unit: Unit) -> UnitRows:
    """The answer of one unit, each of whose statements runs as it is; raises what voids it."""
    answer: UnitRows = [[] for _ in unit]
    for (_, is_plain), alike in groupby(_steps(unit, answer), key=_plain_kind):
        _run_each(connection, list(alike), is_plain)
    return answer


def run_group(connection: sqlite3.Connection, units: Sequence[Unit]) -> list[UnitRows]:
    """The answers of all units, as if each had run by itself, in order; raises what voids any of them."""
    answers: list[UnitRows] = [[[] for _ in unit] for unit in units]
    steps = _steps(units[0], answers[0]) if len(units) == 1 else _in_order(units, answers)
    for (kind, is_plain), alike in groupby(steps, key=_kind):
        if isinstance(kind, Bulk):
            _run_as_one(connection, kind, list(alike))
        else:
            _run_each(connection, list(alike), is_plain)
    return answers


def _steps(unit: Unit, answer: UnitRows) -> list[_Step]:
    return [(statement, answer, place) for place, statement in enumerate(unit)]


def _in_order(units: Sequence[Unit], answers: list[UnitRows]) -> Iterator[_Step]:
    """The statements of all units; those of some neighbours kind by kind, and nothing past the others."""
    waiting: list[_Step] = []
    latest: dict[Hashable, Order] = {}
    for unit, answer in zip(units, answers, strict=True):
        if not _joins(unit, latest):
            yield from sorted(waiting, key=_order)
            waiting, latest = [], {}
            if not _joins(unit, latest):
                yield from _steps(unit, answer)
                latest = {}
                continue
        waiting += _steps(unit, answer)
    yield from sorted(waiting, key=_order)


def _joins(unit: Unit, latest: dict[Hashable, Order]) -> bool:
    """True if all statements of a unit have an order, none before the latest of what is about the same thing."""
    for statement in unit:
        if (bulk := _bulk_of(statement)) is None or bulk.order is None:
            return False
        if statement.about is not None:
            if latest.get(statement.about, bulk.order) > bulk.order:
                return False
            latest[statement.about] = bulk.order
    return True


def _bulk_of(statement: Statement) -> Bulk | None:
    """How it runs with others; not where its rows are counted and could not be told from theirs."""
    bulk = statement.bulk
    return bulk if bulk is not None and (bulk.key or statement.expect is None) else None


def _order(step: _Step) -> int:
    bulk = step[0].bulk
    assert bulk is not None and bulk.order is not None
    return bulk.order


def _kind(step: _Step) -> tuple[Bulk | str, bool]:
    bulk = _bulk_of(step[0])
    return _plain_kind(step) if bulk is None else (bulk, False)


def _plain_kind(step: _Step) -> tuple[str, bool]:
    """The SQL, and whether there is nothing to give back of it, nor to count."""
    statement = step[0]
    return statement.sql, statement.expect is None and not statement.answers


def _run_each(connection: sqlite3.Connection, steps: list[_Step], is_plain: bool) -> None:
    if is_plain and len(steps) > 1:
        connection.executemany(steps[0][0].sql, [statement.params for statement, _, _ in steps])
        return
    for statement, answer, place in steps:
        answer[place] = _run(connection, statement)


def _run_as_one(connection: sqlite3.Connection, bulk: Bulk, steps: list[_Step]) -> None:
    done = 0
    if not bulk.key or len({_key(bulk, step) for step in steps}) == len(steps):
        for size in _SIZES:
            while len(steps) - done >= size:
                _run_part(connection, bulk, steps[done : done + size])
                done += size
    for statement, answer, place in steps[done:]:
        answer[place] = _run(connection, statement)


def _run_part(connection: sqlite3.Connection, bulk: Bulk, part: list[_Step]) -> None:
    params = [value for statement, _, _ in part for value in statement.params]
    rows = connection.execute(bulk.sql(len(part)), params).fetchall()
    if not bulk.key:
        return
    by_key: dict[tuple[object, ...], Rows] = {}
    for row in rows:
        by_key.setdefault(tuple(row[: len(bulk.key)]), []).append(row)
    for step in part:
        statement, answer, place = step
        own = by_key.get(_key(bulk, step), [])
        _check(statement, len(own))
        if statement.answers:
            answer[place] = own


def _key(bulk: Bulk, step: _Step) -> tuple[object, ...]:
    params = step[0].params
    assert isinstance(params, tuple)
    return tuple([params[place] for place in bulk.key])


def _run(connection: sqlite3.Connection, statement: Statement) -> Rows:
    cursor = connection.execute(statement.sql, statement.params)
    rows = cursor.fetchall() if statement.answers else []
    _check(statement, len(rows) if statement.answers else cursor.rowcount)
    return rows


def _check(statement: Statement, changed: int) -> None:
    if statement.expect is not None and changed != statement.expect:
        raise ExpectationFailed(statement.sql, statement.expect, changed)
