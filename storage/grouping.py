"""Which statements of a group run as one: neighbours of one kind, of whatever units, in an order that is theirs.

A statement of thirty rows is one call of the database, during which the event loop runs, in place of thirty.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby

from storage.errors import ExpectationFailed
from storage.statement import Bulk, Order, Rows, Statement, Unit, UnitRows, Value

_SIZES = (32, 8, 2)
"""The numbers of rows that one statement may have. Few, as each is a text that the database prepares and keeps."""

Step = tuple[Statement, UnitRows, int]
"""A statement, its unit's answer, and its place in that."""


def of_unit(unit: Unit, answer: UnitRows) -> Iterator[tuple[bool, list[Step]]]:
    """The statements of one unit in order, equal neighbours together; with whether they are plain.

    There is nothing to give back of a plain one, nor to count.
    """
    for (_, is_plain), alike in groupby(_steps(unit, answer), key=_plain_kind):
        yield is_plain, list(alike)


def of_group(units: Sequence[Unit], answers: list[UnitRows]) -> Iterator[tuple[Bulk | None, bool, list[Step]]]:
    """The statements of all units, to the effect of unit after unit; with how they run as one, where they do."""
    steps = _steps(units[0], answers[0]) if len(units) == 1 else _in_order(units, answers)
    for (kind, is_plain), alike in groupby(steps, key=_kind):
        yield kind if isinstance(kind, Bulk) else None, is_plain, list(alike)


def parted(bulk: Bulk, steps: list[Step]) -> Iterator[list[Step]]:
    """What runs as one: as many as may, and singly what is left, or cannot be told apart."""
    done = 0
    if not bulk.key or len({_key(bulk, step) for step in steps}) == len(steps):
        for size in _SIZES:
            while len(steps) - done >= size:
                yield steps[done : done + size]
                done += size
    for step in steps[done:]:
        yield [step]


def values_of(part: list[Step]) -> list[Value]:
    """The parameters of the one statement that they run as."""
    return [value for statement, _, _ in part for value in statement.params]


def hand_out(bulk: Bulk, part: list[Step], rows: Rows) -> None:
    """Give each its own of the rows of all; raises ExpectationFailed."""
    by_key: dict[tuple[object, ...], Rows] = {}
    for row in rows:
        by_key.setdefault(tuple(row[: len(bulk.key)]), []).append(row)
    for step in part:
        statement, answer, place = step
        own = by_key.get(_key(bulk, step), [])
        check(statement, len(own))
        if statement.answers:
            answer[place] = own


def check(statement: Statement, changed: int) -> None:
    """Raise ExpectationFailed where it expects another number of rows."""
    if statement.expect is not None and changed != statement.expect:
        raise ExpectationFailed(statement.sql, statement.expect, changed)


def _steps(unit: Unit, answer: UnitRows) -> list[Step]:
    return [(statement, answer, place) for place, statement in enumerate(unit)]


def _in_order(units: Sequence[Unit], answers: list[UnitRows]) -> Iterator[Step]:
    """The statements of all units; those of some neighbours kind by kind, and nothing past the others."""
    waiting: list[Step] = []
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


def _order(step: Step) -> int:
    bulk = step[0].bulk
    assert bulk is not None and bulk.order is not None
    return bulk.order


def _kind(step: Step) -> tuple[Bulk | str, bool]:
    bulk = _bulk_of(step[0])
    return _plain_kind(step) if bulk is None else (bulk, False)


def _plain_kind(step: Step) -> tuple[str, bool]:
    """The SQL, and whether there is nothing to give back of it, nor to count."""
    statement = step[0]
    return statement.sql, statement.expect is None and not statement.answers


def _key(bulk: Bulk, step: Step) -> tuple[object, ...]:
    params = step[0].params
    assert isinstance(params, tuple)
    return tuple([params[place] for place in bulk.key])
