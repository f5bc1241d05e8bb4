"""A short campaign on the real application: what `make faults` looks for over hours is looked for at each merge."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.campaigns.faults import Plan, run

pytestmark = pytest.mark.slow


async def test_kills_and_locks_at_random_break_no_rule(tmp_path: Path) -> None:
    """Some seconds of them, while people write, react, press, schedule and leave."""
    plan = Plan(seconds=12, seed=20, folder=tmp_path, only=("kills", "locks", "bad-answers"))
    assert await run(plan, print) == []


async def test_what_is_killed_leaves_the_rows_of_what_is_not(tmp_path: Path) -> None:
    """Row by row, in all that does not depend on time."""
    assert await run(Plan(seconds=5, seed=8, folder=tmp_path, only=("kills",)), print) == []
