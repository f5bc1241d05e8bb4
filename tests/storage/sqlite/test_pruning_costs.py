"""Pruning a file: no walk goes over a table, and unused pages are given back in portions."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import pruning
from storage.database import Database
from storage.pruning import FIRST, ROWS, WALKS, Pruning, Slice, Walk, give_back, look_sql
from storage.statement import Statement
from tests.second import insert, rows
from tests.storage.aged import ALL, YEARS_AGO, audit
from tests.storage.files import NOW_MS, plain
from tests.storage.plans import plan, scans


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.name)
async def test_a_walk_scans_no_table_and_sorts_nothing(database: Database, path: Path, walk: Walk) -> None:
    """Neither when it looks nor when it lets go."""
    ends = {**ALL.ends(NOW_MS), "spared": 5}
    steps = plan(path, look_sql(walk), {**ends, "after": 1, "limit": 5})
    drop = Slice(walk=walk, rows=[1], next=None, ends=ends).drop
    dropping = plan(path, drop.sql, drop.params)
    assert scans(steps) == []
    assert scans(dropping) == ["SCAN json_each VIRTUAL TABLE INDEX 1:"]
    assert f"SEARCH {walk.table} USING INTEGER PRIMARY KEY (rowid=?)" in dropping
    assert not [step for step in steps + dropping if "TEMP B-TREE" in step]


def effort(path: Path, statement: Statement) -> int:
    """The steps of SQLite's machine that a statement takes, in hundreds; what it did is undone."""
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    with plain(path) as connection:
        connection.execute("BEGIN")
        connection.set_progress_handler(count, 100)
        connection.execute(statement.sql, statement.params).fetchall()
    return steps


async def test_a_slice_costs_the_same_however_much_there_is(database: Database, path: Path) -> None:
    """Five times the rows, all of them due: not a step more."""
    efforts = []
    [walk] = [walk for walk in WALKS if walk.table == "polar_audit"]
    for first in (0, 3 * ROWS):
        insert(path, "polar_audit", *(audit(n, YEARS_AGO) for n in range(first, first * 5 + 3 * ROWS)))
        found = await Pruning(database, ALL).look(walk, after=FIRST, now_ms=NOW_MS)
        assert len(found.rows) == ROWS
        look = Statement(look_sql(walk), {**found.ends, "after": FIRST, "limit": ROWS})
        efforts.append((effort(path, look), effort(path, found.drop)))
    (looked, dropped), *others = efforts
    assert [(abs(a - looked) <= 1, abs(b - dropped) <= 1) for a, b in others] == [(True, True)]


async def test_unused_pages_are_given_back_a_bounded_number_at_once(database: Database, path: Path) -> None:
    """So many smaller is the file."""
    insert(path, "polar_audit", *(audit(n, YEARS_AGO) | {"reason": "r" * 4000} for n in range(300)))
    with plain(path) as connection:
        connection.execute("DELETE FROM polar_audit")
    [(before,)] = rows(path, "PRAGMA page_count")
    pruner = Pruning(database, ALL)
    surplus = await pruner.surplus_pages()
    assert surplus > pruning.PAGES
    await database.commit(*give_back(surplus))
    [(after,)] = rows(path, "PRAGMA page_count")
    assert before - after == pruning.PAGES
    assert await pruner.surplus_pages() == surplus - pruning.PAGES
