"""The page of what models cost: by day, model, person and chat, from the totals."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.database import Database
from storage.views.spend import WAYS, By, spend
from tests.storage.files import NOW_MS
from tests.storage.plans import asked, plan
from tests.web.house import Document, Web, numbers, tiles
from tests.web.rows import ANN, DAY_MS, GROUP
from tests.web.seeding import reading, writing


@pytest.fixture
def spent(tmp_path: Path) -> Path:
    """Four calls on two days; one of unknown price."""
    path = tmp_path / "polar.db"
    with writing(path) as rows:
        rows.add_call("large", "7", ANN, 1.5, NOW_MS, outcome="answered")
        rows.add_call("small", "7", ANN, 0.25, NOW_MS, outcome="failed")
        rows.add_call("small", "8", GROUP, None, NOW_MS, outcome="answered")
        rows.add_call("small", "8", GROUP, 0.25, NOW_MS - 40 * DAY_MS, outcome="answered")
    return path


async def test_what_costs_most_comes_first(spent: Path) -> None:
    """Of all days, or from one on; what has no price is counted beside it."""
    async with reading(spent) as readers:
        assert [(one.name, one.calls, one.usd) for one in await spend(readers, "model")] == [
            ("large", 1, 1.5),
            ("small", 3, 0.5),
        ]
        [first, *_] = await spend(readers, "user", since="2026-11-01", limit=1)
        assert (first.name, first.calls, first.unanswered, first.unpriced, first.usd) == ("7", 2, 1, 0, 1.75)
        assert [one.calls for one in await spend(readers, "day")] == [3, 1]


@pytest.mark.parametrize("by", WAYS)
async def test_no_call_is_looked_at(spent: Path, by: By, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the totals of the days that are asked for, whatever a line is."""
    database = await Database.open(spent, now_ms=NOW_MS)
    query = await asked(database, lambda readers: spend(readers, by, since="2026-11-01"), monkeypatch)
    await database.close()
    steps = [step for step in plan(spent, query.sql, query.params) if not step.startswith("USE TEMP")]
    assert steps == ["SEARCH polar_daily_spend USING PRIMARY KEY (kind=? AND day>?)"]


@pytest.mark.parametrize("days", ["0", "31", "x"])
def test_other_spans_are_refused(web: Web, days: str) -> None:
    """400, and which there are."""
    answer = web.get(f"/spend?days={days}")
    assert answer.status == 400
    assert "30, 90, 365" in answer.text


def test_the_page_tells_what_the_calls_of_these_days_cost(web: Web) -> None:
    """Sums over the days that are shown, and a line for each model, person and chat."""
    page = web.page("/spend")
    found = tiles(page)
    assert found["Calls"] == "60"
    assert found["Spent in 30 days"] == "$0.37"
    assert sum(sum(row) for row in numbers(page, "Calls of models, 30 days").values()) == 60
    text = Document(page).text
    assert all(name in text for name in ("gpt-4o-mini", "claude-sonnet", "1001", "1002"))
