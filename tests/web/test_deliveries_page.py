"""The page of deliveries and dead updates."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest

from storage.sqlite import opening
from storage.views import queue_listings
from tests.web.house import Document, Web, serving
from tests.web.rows import ANN, HOUR_MS, Rows
from tests.web.seeding import HOSTILE
from web.clock import now_ms

COUNT = 60
"""Of each: what waits, what has failed, what was set aside, and what was sent."""

TRACEBACK = 'Traceback (most recent call last):\n  File "own.py", line 1, in respond\nValueError<script>'


def write(path: Path) -> None:
    """Queues with more than a page in each; three rows share each instant, every tenth that waits is in flight."""
    now = now_ms()
    connection, _ = opening.prepare(path, now)
    with closing(connection):
        made = Rows(connection, now)
        for number in range(COUNT):
            at = now - 100 * HOUR_MS + number // 3
            call = {"method": "sendMessage", "text": f"Text {number}."}
            status = "pending" if number % 10 else "sending"
            made.add_delivery(f"w:{number}:0", ANN, status, at, at, call, attempts=number % 2, ambiguous=number % 2)
            told = {"traceback": TRACEBACK if number == COUNT - 5 else None}
            failed = {"attempts": 2, "reason": f"Bad Request {number}.", **told}
            made.add_delivery(f"f:{number}:0", ANN, "failed", at, at, call, **failed)
            made.add_delivery(f"s:{number}:0", ANN, "pending", at, at, call)
            connection.execute(
                "UPDATE polar_delivery_queue SET status = 'sent' WHERE deliveryId = ?", (f"s:{number}:0",)
            )
            made.add_open_update(at, "dead", f"ValueError {number}.", finishedAtMs=at + 1, attempts=6, **told)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database."""
    made: Path = tmp_path_factory.mktemp("deliveries") / "polar.db"
    write(made)
    return made


def numbers(web: Web, address: str, word: str) -> list[int]:
    """The numbers behind a word, over all pages of a list."""
    found: list[int] = []
    following: str | None = address
    while following:
        text = web.page(following)
        found += map(int, re.findall(rf"{word} (\d+)\.", text))
        following = next((link["href"] for link in Document(text).of("a") if link.get("rel") == "next"), None)
    return found


def test_the_counts_tell_each_status_apart(web: Web) -> None:
    """What was sent counts since the beginning."""
    page = Document(web.page("/deliveries")).text
    assert "Pending 54 Being sent 6 Failed 60 Dead updates 60 Sent 60 since the beginning" in page


def test_what_waits_stands_oldest_first_with_its_age(web: Web) -> None:
    """Each once, pending or in flight, over all pages; a try that may have arrived is named."""
    assert numbers(web, "/deliveries", "Text") == list(range(COUNT))
    page = Document(web.page("/deliveries")).text
    assert re.search(r"4 d 4 h pending Text 1\. – \(may have arrived\) 1 1001", page)
    assert re.search(r"4 d 4 h sending Text 0\. – 0 1001", page)


def test_what_has_failed_stands_newest_first_with_its_reason(web: Web) -> None:
    """Each once, over all pages, although some failed in the same millisecond."""
    assert numbers(web, "/deliveries?view=failed", "Bad Request") == list(range(COUNT - 1, -1, -1))
    assert re.search(r"failed Text 59\. Bad Request 59\. 2 1001", Document(web.page("/deliveries?view=failed")).text)


def test_what_was_set_aside_is_shown_with_kind_tries_reason_and_times(web: Web) -> None:
    """The newest first, each once, over all pages."""
    assert numbers(web, "/deliveries?view=dead", "ValueError") == list(range(COUNT - 1, -1, -1))
    page = Document(web.page("/deliveries?view=dead")).text
    assert re.search(r"\d{4}-\S+ \S+ message ValueError 59\. 6 \d{4}-\S+ \S+ 1001 60", page)


def test_an_empty_queue_is_said_to_be_empty(tmp_path: Path) -> None:
    """In words, for each of the lists."""
    opening.prepare(tmp_path / "polar.db", 1)[0].close()
    with serving(tmp_path / "polar.db") as served:
        assert "Nothing waits to be sent." in served.page("/deliveries")
        assert "No delivery has failed." in served.page("/deliveries?view=failed")
        assert "No update was set aside." in served.page("/deliveries?view=dead")


@pytest.mark.parametrize(
    "wrong", ["view=x", "before=7", "view=dead&before=1.2", "before=a.b", "view=failed&before=1.2.3"]
)
def test_what_no_list_knows_is_refused(web: Web, wrong: str) -> None:
    """With 400, not with an empty list."""
    assert web.get(f"/deliveries?{wrong}").status == 400


@pytest.mark.parametrize("query", [queue_listings.WAITING, queue_listings.FAILED, queue_listings.DEAD])
def test_a_list_reads_by_an_index(database: Path, query: str) -> None:
    """No table is scanned; what is sorted is no more than a page."""
    params = {"ms": 9, "row": 9, "before": 9}
    with opening.reading(database) as connection:
        plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", params)]
    assert not [step for step in plan if re.match("SCAN polar", step) or "TEMP B-TREE" in step], plan


@pytest.mark.parametrize("view", ["waiting", "failed", "dead"])
def test_what_means_harm_is_only_text(harmed_web: Web, view: str) -> None:
    """Nothing of a row runs, leads away or hides; it is there to read."""
    text = harmed_web.page(f"/deliveries?view={view}")
    page = Document(text)
    assert page.dangers() == []
    assert "<script>alert(1)</script>" in page.text
    assert "U+202E" in page.text and "\u202e" not in text
    assert HOSTILE[5] not in text


@pytest.mark.parametrize("view", ["failed", "dead"])
def test_where_it_failed_is_shown_when_it_is_asked_for(web: Web, view: str) -> None:
    """A line each, as text; of what has no such place, nothing."""
    page = web.page(f"/deliveries?view={view}")
    assert len(Document(page).of("details")) == 1
    assert Document(page).dangers() == []
    assert "in respond" in Document(page).text
    assert "&lt;script&gt;" in page
