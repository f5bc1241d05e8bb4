"""A short campaign with two bots on one server: a round of each fault that `make standbys` draws by chance."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.campaigns.standbys import KINDS, run

pytestmark = pytest.mark.slow


async def test_the_other_one_goes_on_where_the_first_one_was(tmp_path: Path) -> None:
    """Nothing is lost, nothing doubled but what is marked, and each chat has its answers in order.

    One after another: a server and two bots of its own would cost more than a round does.
    """
    found = await run(tmp_path, KINDS, seed=1, tell=print)
    assert found.wrong == []
    assert sorted(found.seconds) == sorted(KINDS)
