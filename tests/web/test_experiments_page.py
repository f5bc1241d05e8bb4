"""The page of experiments: counts while one runs, and the command's verdict once it is over."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from storage.views.experiments import judge, look_at
from teaching.assignment import Variant
from teaching.findings import BY_HARM, RUNNING, approved, found
from tests.storage.files import DAY_MS, NOW_MS
from tests.web.house import Document, Web
from tests.web.rows import Rows
from tests.web.seeding import DAMAGED, reading, writing
from web.app import create_app
from web.config import Config
from web.pages.compare import MOST_RATINGS
from web.pages.experiments import MAX_SHOWN

VARIANTS = [Variant(name="control", weight=1), Variant(name="short", weight=1, personality="Be brief.")]


async def made(path: Path, name: str = "", status: int = 200) -> str:
    """The page over a database of the test's own, without a process."""
    app = create_app(Config(database=path, artifacts=path.parent, secret="", host="127.0.0.1", port=0))
    async with app.router.lifespan_context(app):
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
        async with client:
            answer = await client.get("/experiments", params={"name": name} if name else {})
    assert answer.status_code == status
    return answer.text


def tried(rows: Rows, name: str, because: str | None = "end") -> None:
    """An experiment of a week."""
    rows.add_experiment(name, VARIANTS, NOW_MS, NOW_MS + 7 * DAY_MS, because, (4, 3))


async def test_the_page_tells_the_commands_verdict(web: Web, database: Path) -> None:
    """Each variant with its approval, and each difference in the command's words, drawn within the drawing."""
    async with reading(database) as readers:
        surveyed = await look_at(readers, "terse")
        assert surveyed is not None
        assert surveyed.experiment.ended_at_ms is not None
        verdict = await judge(readers, surveyed, ended_at_ms=surveyed.experiment.ended_at_ms)
    page = web.page("/experiments?name=terse")
    text = Document(page).text
    assert [one.finding for one in verdict.contrasts] == ["better"]
    assert all(approved(arm) in text for arm in verdict.arms)
    assert all(found(one, verdict) in text for one in verdict.contrasts)
    drawn = re.findall(r'class="span" d="M([\d.]+) 6H([\d.]+)"/><path class="figure" d="M([\d.]+) ', page)
    assert len(drawn) == 3
    assert all(mark in text for mark in ("0%", "50%", "100%", "less liked", "as much", "more liked"))
    assert all(0 <= float(low) <= float(figure) <= float(high) <= 100 for low, high, figure in drawn)
    assert Document(page).dangers() == []


def test_a_lopsided_one_is_void(web: Web) -> None:
    """It says that nothing follows from it."""
    text = Document(web.page("/experiments?name=models")).text
    assert "Void: chance seldom shares out units as unevenly as this (p below 0.001), so nothing follows." in text


def test_all_are_listed_with_their_counts_alone(web: Web) -> None:
    """The newest first; what people said of a variant stands in no list."""
    text = Document(web.page("/experiments")).text
    assert text.index("kinder") < text.index("terse") < text.index("models")
    assert "Verdict" not in text
    assert "👍" not in text


async def test_one_that_runs_has_no_verdict(path: Path) -> None:
    """Whoever looks for one early is told when it comes."""
    with writing(path) as rows:
        rows.add_experiment("kinder", VARIANTS, NOW_MS, 4_000_000_000_000, None, (4, 3))
    text = Document(await made(path, "kinder")).text
    assert RUNNING in text
    assert "Verdict" not in text


async def test_one_that_harm_has_ended_says_so(path: Path) -> None:
    """And that a number that was stopped at its peak looks too large."""
    with writing(path) as rows:
        tried(rows, "terse", "harm")
    assert BY_HARM in Document(await made(path, "terse")).text


async def test_without_experiments_the_page_says_so(path: Path) -> None:
    """With the command that begins one."""
    with writing(path):
        pass
    assert "polar experiments start" in Document(await made(path)).text


async def test_what_is_not_there_is_not_found(path: Path) -> None:
    """404, as what cannot be read."""
    with writing(path) as rows:
        rows.add("polar_experiments", name="torn", **DAMAGED, startedAtMs=1)
    await made(path, "nothing", 404)
    await made(path, "torn", 404)
    assert "The experiment torn cannot be read" in Document(await made(path)).text


async def test_more_than_a_page_can_read_is_left_to_the_command(path: Path) -> None:
    """It is named."""
    with writing(path) as rows:
        tried(rows, "terse")
        totals = {"day": "2026-01-01", "emoji": "👍", "polarity": "positive", "automationId": "", "profileId": ""}
        rows.add("polar_daily_feedback", **totals, added=MOST_RATINGS + 1, removed=0)
    text = Document(await made(path, "terse")).text
    assert "polar experiments show terse" in text
    assert "Verdict" not in text


async def test_of_many_the_newest_are_shown(path: Path) -> None:
    """And how many more there are."""
    with writing(path) as rows:
        for number in range(MAX_SHOWN + 2):
            rows.add_experiment(f"e{number:02}.", VARIANTS, NOW_MS + number, NOW_MS + DAY_MS, "end", (1, 1))
    text = Document(await made(path)).text
    assert "And 2 older ones" in text
    assert "e21." in text
    assert "e01." not in text
