"""Units on a table of pairs, and what a dict says that they make of it: every writer is held to the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, repeat

from hypothesis import strategies as st

from storage.statement import Statement, Unit

Steps = list[tuple[str, str, int]]
PUT = "INSERT INTO pairs VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
ADD = "INSERT INTO pairs VALUES (?, ?)"
DROP = "DELETE FROM pairs WHERE name = ?"
TABLE = "CREATE TABLE pairs (name TEXT PRIMARY KEY, value BIGINT NOT NULL)"
NAMES = st.sampled_from("abc")
STEPS = st.one_of(
    st.tuples(st.just("put"), NAMES, st.integers(0, 9)),
    st.tuples(st.just("add"), NAMES, st.integers(0, 9)),
    st.tuples(st.just("drop"), NAMES, st.just(0)),
    st.tuples(st.just("claim"), NAMES, st.integers(0, 9)),
)
UNITS = st.lists(st.lists(STEPS, min_size=1, max_size=5), min_size=1, max_size=8)
CLAIM = "UPDATE pairs SET value = ? WHERE name = ? AND value < ? RETURNING value"


def statement(verb: str, name: str, value: int) -> Statement:
    """A step as SQL."""
    if verb == "claim":
        return Statement(CLAIM, (value, name, value), expect=1)
    if verb == "drop":
        return Statement(DROP, (name,))
    return Statement(PUT if verb == "put" else ADD, (name, value))


def model(table: dict[str, int], unit: Steps) -> dict[str, int] | None:
    """What a unit makes of a table, or None when it is void."""
    after = dict(table)
    for verb, name, value in unit:
        if verb == "drop":
            after.pop(name, None)
        elif (verb == "add" and name in after) or (verb == "claim" and not after.get(name, 9) < value):
            return None
        else:
            after[name] = value
    return after


def played(
    units: Sequence[Steps], cuts: Sequence[int], run: Callable[[Sequence[Unit]], Sequence[object]]
) -> tuple[dict[str, int], list[bool], list[bool]]:
    """Run units in batches of these sizes, then one by one: the table to expect, which are to succeed, and which do."""
    table: dict[str, int] = {}
    expected: list[bool] = []
    for unit in units:
        after = model(table, unit)
        expected.append(after is not None)
        table = table if after is None else after
    waiting = [tuple(statement(*step) for step in unit) for unit in units]
    succeeded: list[bool] = []
    sizes = chain(cuts, repeat(1))
    while waiting:
        size = next(sizes)
        batch, waiting = waiting[:size], waiting[size:]
        succeeded += [not isinstance(answer, Exception) for answer in run(batch)]
    return table, expected, succeeded
