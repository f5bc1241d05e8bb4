"""Statements within an open transaction: one after the other, or those of one kind as one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from storage import grouping
from storage.grouping import Step
from storage.statement import Bulk, Rows, Statement, Unit, UnitRows


def run_unit(connection: sqlite3.Connection, unit: Unit) -> UnitRows:
    """The answer of one unit, each of whose statements runs as it is; raises what voids it."""
    answer: UnitRows = [[] for _ in unit]
    for is_plain, steps in grouping.of_unit(unit, answer):
        _run_each(connection, steps, is_plain)
    return answer


def run_group(connection: sqlite3.Connection, units: Sequence[Unit]) -> list[UnitRows]:
    """The answers of all units, as if each had run by itself, in order; raises what voids any of them."""
    answers: list[UnitRows] = [[[] for _ in unit] for unit in units]
    for bulk, is_plain, steps in grouping.of_group(units, answers):
        if bulk is not None:
            _run_as_one(connection, bulk, steps)
        else:
            _run_each(connection, steps, is_plain)
    return answers


def _run_each(connection: sqlite3.Connection, steps: list[Step], is_plain: bool) -> None:
    if is_plain and len(steps) > 1:
        connection.executemany(steps[0][0].sql, [statement.params for statement, _, _ in steps])
        return
    for statement, answer, place in steps:
        answer[place] = _run(connection, statement)


def _run_as_one(connection: sqlite3.Connection, bulk: Bulk, steps: list[Step]) -> None:
    for part in grouping.parted(bulk, steps):
        if len(part) == 1:
            [(statement, answer, place)] = part
            answer[place] = _run(connection, statement)
        else:
            rows = connection.execute(bulk.sql(len(part)), grouping.values_of(part)).fetchall()
            if bulk.key:
                grouping.hand_out(bulk, part, rows)


def _run(connection: sqlite3.Connection, statement: Statement) -> Rows:
    cursor = connection.execute(statement.sql, statement.params)
    rows = cursor.fetchall() if statement.answers else []
    grouping.check(statement, len(rows) if statement.answers else cursor.rowcount)
    return rows
