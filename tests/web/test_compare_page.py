"""The page that compares: the same numbers as the command's, drawn, and as honest where there are few or too many."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from storage.views.comparison import WAYS, compare
from teaching.findings import found
from teaching.wording import approval, told
from tests.storage.files import NOW_MS
from tests.web.house import Document, Web
from tests.web.rows import ANN
from tests.web.seeding import reading, writing
from web import formats
from web.app import create_app
from web.clock import now_ms
from web.config import Config
from web.pages.compare import MAX_ROWS, MOST_RATINGS


async def made(path: Path, **query: str) -> str:
    """The page over a database of the test's own, without a process."""
    app = create_app(Config(database=path, artifacts=path.parent, secret="", host="127.0.0.1", port=0))
    async with app.router.lifespan_context(app):
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
        async with client:
            answer = await client.get("/compare", params=query)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("by", WAYS)
async def test_the_page_tells_what_the_view_tells(web: Web, database: Path, by: str) -> None:
    """Each side with its approval, and each difference in the command's words."""
    [way] = [one for one in WAYS if one == by]
    since = formats.days_back(now_ms(), 30)[0]
    async with reading(database) as readers:
        compared = await compare(readers, way, since=since, now_ms=now_ms())
    text = Document(web.page(f"/compare?by={by}")).text
    assert all(approval(side) in text for side in compared.comparison.sides)
    assert all(told(one) in text for one in compared.comparison.differences)
    verdicts = [ended.verdict for ended in compared.ended.values()]
    assert all(found(one, verdict) in text for verdict in verdicts for one in verdict.contrasts)
    assert len(verdicts) == (by == "variant")
    assert by != "variant" or "nothing is told of how they differ" not in text


def test_what_is_uncertain_is_drawn(web: Web) -> None:
    """A line over where the approval may lie, and a mark where it is, each within the drawing."""
    page = web.page("/compare")
    drawn = re.findall(r'class="span" d="M([\d.]+) 6H([\d.]+)"/><path class="figure" d="M([\d.]+) ', page)
    assert len(drawn) > 3
    assert all(0 <= float(low) <= float(figure) <= float(high) <= 100 for low, high, figure in drawn)
    assert Document(page).dangers() == []


async def test_without_answers_the_page_says_so(path: Path) -> None:
    """Neither a drawing nor a number."""
    with writing(path):
        pass
    page = await made(path)
    assert "There was no answer to compare in these days." in page
    assert 'class="interval' not in page


async def test_more_than_a_page_can_read_is_left_to_the_command(path: Path) -> None:
    """It is named, with what it takes."""
    with writing(path) as rows:
        rows.add_rated(NOW_MS, ANN, "7", "👍", {"model": "large"})
        rows.add(
            "polar_daily_feedback",
            day="2026-01-01",
            emoji="👍",
            polarity="positive",
            automationId="",
            profileId="",
            added=MOST_RATINGS,
            removed=0,
        )
    text = Document(await made(path, by="personality", days="90")).text
    assert f"There are {MOST_RATINGS + 1:,} ratings" in text
    assert "polar feedback compare --by personality --since 20" in text


async def test_of_many_sides_the_most_rated_are_shown(path: Path) -> None:
    """And how many more there are."""
    with writing(path, now_ms()) as rows:
        for number in range(MAX_ROWS + 2):
            for person in range(1 + (number > 1)):
                rows.add_rated(now_ms(), ANN, str(person), "👍", {"model": f"model-{number}."})
    text = Document(await made(path)).text
    assert "And 2 more, which fewer people rated" in text
    assert "model-21." in text
    assert "model-0." not in text


@pytest.mark.parametrize("query", ["by=week", "days=31", "days=x"])
def test_other_ways_and_spans_are_refused(web: Web, query: str) -> None:
    """400, and which there are."""
    assert web.get(f"/compare?{query}").status == 400
