"""A short life in a row on the real application, and the check that finds what grows."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.campaigns.flatness import TERMS, Measure, growth, not_flat
from tests.campaigns.long_life import Rests
from tests.campaigns.soak import in_force, run

pytestmark = pytest.mark.slow

FLAT = Measure(
    updates=0,
    rss_kib=80_000,
    files=12,
    sockets=20,
    tasks=15,
    objects=50_000,
    log_bytes=4_000_000,
    bytes=1_000_000,
    rows={"polar_updates": 20_000, "polar_messages": 0, "polar_run_leases": 3, "polar_daily_turns": 10},
)
ALL = frozenset(TERMS.values())
LEAKING = """
import asyncio

left = []

async def leak(turn, call_next):
    left.append(asyncio.create_task(asyncio.Event().wait()))
    return await call_next(turn)
"""


def life(**at_the_end: object) -> list[Measure]:
    """Ten measures, the last of which differs."""
    measures = [replace(FLAT, updates=10_000 * number) for number in range(1, 11)]
    return [*measures[:-1], replace(measures[-1], **at_the_end)]  # type: ignore[arg-type]


async def test_two_thousand_updates_over_ten_days_leave_the_bot_as_it_was(tmp_path: Path) -> None:
    """Memory, files, tasks, the write-ahead log, and every table that is not kept for ever."""
    measures = await run(tmp_path, updates=2_000, every=200, seed=2, tell=print)
    assert not_flat(measures, warm_up=400, in_force=in_force()) == []
    assert measures[-1].rows["polar_messages"] > 0
    assert growth(measures)[0].endswith("bytes an update")


async def test_tasks_that_are_left_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that leaves one behind at each turn is not flat, and it is said by how many."""
    (tmp_path / "leaking.py").write_text(LEAKING, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    measures = await run(tmp_path, updates=800, every=200, seed=2, tell=print, middleware=("leaking:leak",))
    found = not_flat(measures, warm_up=400, in_force=in_force())
    assert any(line.startswith("tasks: ") for line in found)


async def test_a_task_counts_once_it_has_outlived_a_rest() -> None:
    """Not what was begun since, and not what has ended since, however many there are."""
    rests, over = Rests(), asyncio.Event()
    lasting = {asyncio.create_task(asyncio.Event().wait()) for _ in range(3)}
    passing = {asyncio.create_task(over.wait()) for _ in range(40)}
    assert rests.outlived(lasting | passing) == 0
    over.set()
    await asyncio.wait(passing)
    begun = {asyncio.create_task(asyncio.Event().wait()) for _ in range(40)}
    assert rests.outlived(lasting | begun) == 3
    assert rests.outlived(lasting | begun) == 43
    for task in lasting | begun:
        task.cancel()


@pytest.mark.parametrize(
    "grown",
    [
        {"rss_kib": 110_000},
        {"files": 40},
        {"sockets": 1_000},
        {"tasks": 100},
        {"objects": 90_000},
        {"log_bytes": 40_000_000},
        {"rows": {**FLAT.rows, "polar_updates": 100_000}},
        {"rows": {**FLAT.rows, "polar_run_leases": 10_000}},
        {"rows": {**FLAT.rows, "polar_daily_turns": 10_000}},
        {"rows": {**FLAT.rows, "polar_of_tomorrow": 10_000}},
    ],
    ids=str,
)
def test_what_grows_is_named(grown: dict[str, object]) -> None:
    """Whatever it is, and a table that nobody has thought of."""
    [line] = not_flat(life(**grown), warm_up=20_000, in_force=ALL)
    [name] = grown
    assert line.startswith(name if name != "rows" else "polar_")
    assert not_flat(life(), warm_up=20_000, in_force=ALL) == []


def test_what_is_kept_for_ever_may_grow() -> None:
    """What people said, and ledgers; and a table whose term cannot be set yet."""
    more = {**FLAT.rows, "polar_messages": 1_000_000}
    assert not_flat(life(rows=more), warm_up=20_000, in_force=ALL) == []
    more = {**FLAT.rows, "polar_updates": 1_000_000}
    assert not_flat(life(rows=more), warm_up=20_000, in_force=frozenset()) == []


def test_a_life_that_is_too_short_says_nothing() -> None:
    """It is not taken for a flat one."""
    [line] = not_flat(life(), warm_up=100_000, in_force=ALL)
    assert line.startswith("too short")
