"""What is gathered of the file and of what is in it, whatever state it is in; nothing is changed by it."""

from __future__ import annotations

import asyncio
import itertools
import os
from dataclasses import replace
from pathlib import Path

import pytest

from bot.doctor import kept
from storage import care
from storage.database import Database
from storage.migrations import newest
from storage.tables.budgets import BudgetPolicy, Budgets
from storage.tables.properties import Properties
from tests.storage.files import NOW_MS, digest, plain


def now_ms() -> int:
    """It stands still."""
    return NOW_MS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of this version, which no bot uses."""
    path = tmp_path / "polar.db"
    care.migrate(path, now_ms=NOW_MS)
    return path


async def test_a_file_of_this_version_is_read_and_stays_as_it_is(path: Path) -> None:
    """All facts of it are there."""
    before = digest(path)
    state = care.look_at(path)
    assert (state.version, state.trouble, state.exists) == (newest(), "", True)
    assert state.size > 0
    assert state.disk_free
    async with kept.opened(state) as readers:
        facts = await kept.ask(readers, now_ms, limit_s=5)
    assert facts is not None
    assert not facts.signs.has_started
    assert await kept.find_problems(state, itertools.count().__next__, limit_s=5) == []
    assert digest(path) == before


async def test_beside_a_bot_what_it_has_committed_is_read(tmp_path: Path) -> None:
    """While it has the file open."""
    database = await Database.open(tmp_path / "polar.db", now_ms=NOW_MS)
    try:
        policy = BudgetPolicy(scope="global", target_id="", limit_usd=5)
        await database.commit(Properties.set("start", "1"), *Budgets.set(policy, now_ms=NOW_MS))
        state = care.look_at(tmp_path / "polar.db")
        async with kept.opened(state) as readers:
            facts = await kept.ask(readers, now_ms, limit_s=5)
    finally:
        await database.close()
    assert facts is not None
    assert facts.signs.should_live
    assert [balance.policy for balance in facts.balances] == [policy]
    assert state.log_size > 0


async def test_an_older_schema_is_told_and_not_brought_up_to_date(path: Path) -> None:
    """Nothing else of it is read."""
    with plain(path) as connection:
        connection.execute("DELETE FROM polar_schema_versions WHERE version = ?", (newest(),))
    before = digest(path)
    state = care.look_at(path)
    assert (state.version, state.exists) == (newest() - 1, True)
    async with kept.opened(state) as readers:
        assert readers is None
        assert await kept.ask(readers, now_ms, limit_s=5) is None
    assert digest(path) == before


@pytest.mark.parametrize(("content", "said"), [(b"no database" * 1000, "cannot be read"), (None, "does not exist")])
async def test_a_file_that_cannot_be_used_says_why(path: Path, content: bytes | None, said: str) -> None:
    """One that is none, and a folder that is not there."""
    if content is None:
        path = path.parent / "nowhere" / "polar.db"
    else:
        path.write_bytes(content)
    state = care.look_at(path)
    assert state.version is None
    assert said in state.trouble
    async with kept.opened(state) as readers:
        assert readers is None


async def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A doctor only looks."""
    state = care.look_at(tmp_path / "polar.db")
    assert (state.version, state.exists, state.trouble) == (0, False, "")
    async with kept.opened(state) as readers:
        assert readers is None
    assert await kept.find_problems(state, itertools.count().__next__, limit_s=5) is None
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - of a test's folder, at once


async def test_a_file_that_is_large_is_not_looked_through(path: Path) -> None:
    """Neither is one that takes longer than the limit."""
    state = care.look_at(path)
    large = replace(state, size=kept.MOST_LOOKED_THROUGH + 1)
    assert await kept.find_problems(large, itertools.count().__next__, limit_s=5) is None
    slow = itertools.chain([0.0], itertools.repeat(9.0))
    assert await kept.find_problems(state, lambda: next(slow), limit_s=5) is None


async def test_what_cannot_be_read_in_time_is_not_known(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody has locked it, or it is large: nobody waits longer than the limit."""

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("bot.doctor.kept.last_signs", never)
    async with kept.opened(care.look_at(path)) as readers:
        assert await kept.ask(readers, now_ms, limit_s=0.01) is None
