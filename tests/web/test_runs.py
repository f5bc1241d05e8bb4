"""The page of runs and the task board."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest

from storage.engines import connect_readers
from storage.sqlite import opening
from storage.tables.runs import Runs
from storage.views import listings, run_listings
from tests.storage.files import NOW_MS, rows
from tests.web.house import Document, Web
from tests.web.rows import MINUTE_MS, Rows
from tests.web.seeding import HOSTILE

COUNT = 120
"""Runs of the small database: the 7th of each ten failed, the first was a heartbeat's."""


def write(path: Path) -> None:
    """An automation with many runs, one of a heartbeat before them all."""
    connection, _ = opening.prepare(path, NOW_MS)
    with closing(connection):
        made = Rows(connection, NOW_MS)
        made.add_job("job-tea", "0 18 * * * UTC", "Remind me to make tea", 1, createdAtMs=1, updatedAtMs=1)
        made.add_run("heartbeat", "watch", NOW_MS, "skipped", "outside_active_hours")
        for number in range(1, COUNT):
            end = ("failed", "the responder took too long") if number % 10 == 7 else ("executed", None)
            made.add_run("automation", "job-tea", NOW_MS + number * MINUTE_MS, *end)
        connection.execute(
            "INSERT INTO polar_run_deliveries SELECT source, id, runId, 'undelivered', 'Forbidden', 1 "
            "FROM polar_run_events WHERE sequence = ?",
            (COUNT,),
        )
        replay = Runs.replay(first=0)
        connection.execute(replay.sql, replay.params)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small database."""
    made: Path = tmp_path_factory.mktemp("runs") / "polar.db"
    write(made)
    return made


def sequences(text: str) -> list[int]:
    """The numbers of the runs of a page."""
    return [int(found) for found in re.findall(r'<td class="n">(\d+)</td>\n</tr>', text)]


def older(text: str) -> str | None:
    """Where the page leads on to."""
    [address] = [link["href"] for link in Document(text).of("a") if link.get("rel") == "next"] or [None]
    return address


def test_a_run_is_shown_with_its_prompt_status_trigger_and_reason(web: Web) -> None:
    """The newest stands first; a heartbeat has no prompt."""
    page = Document(web.page("/runs?status=failed")).text
    assert "failed Remind me to make tea job-tea schedule automation the responder took too long 118" in page
    page = Document(web.page("/runs?source=heartbeat")).text
    assert "skipped watch heartbeat heartbeat outside_active_hours 1" in page
    assert "2026-11-18 11:06:40" in page


def test_paging_shows_every_run_once(web: Web) -> None:
    """From the newest to the oldest, by the links alone."""
    found, address = [], "/runs"
    while address:
        text = web.page(address)
        found += sequences(text)
        address = older(text) or ""
    assert found == list(range(COUNT, 0, -1))
    assert 'rel="prev" href="/runs"' in text


def test_a_filter_holds_on_every_page(database: Path, web: Web) -> None:
    """Each run that fits is shown, none else; the form shows what was chosen."""
    wanted = rows(
        database, "SELECT sequence FROM polar_run_events WHERE output LIKE '%executed%' ORDER BY sequence DESC"
    )
    first = web.page("/runs?source=automation&status=executed")
    assert "<option selected>executed</option>" in first
    address = older(first)
    assert address is not None and "status=executed" in address and "source=automation" in address
    third = older(second := web.page(address))
    assert third is not None
    assert sequences(first) + sequences(second) + sequences(web.page(third)) == [row[0] for row in wanted]


@pytest.mark.parametrize("wrong", ["status=done", "source=x", "before=x", "before=1.2", f"before={2**63}", "view=x"])
def test_what_no_list_knows_is_refused(web: Web, wrong: str) -> None:
    """With 400 and in words, not with an empty list."""
    answer = web.get(f"/runs?{wrong}")
    assert answer.status == 400
    assert wrong.partition("=")[0] in answer.text


def test_the_task_board_counts_and_lists(web: Web) -> None:
    """Done and blocked; the newest of both first, or of one."""
    page = Document(web.page("/runs?view=board"))
    assert "Done 107 Blocked 13" in page.text
    instants = re.findall(r"run:job-tea:(\d+)", page.text)
    assert len(instants) == listings.PAGE and instants == sorted(instants, reverse=True)
    assert "blocked Remind" in page.text and "done Remind" in page.text
    blocked = Document(web.page("/runs?view=board&status=blocked")).text
    assert blocked.count("blocked Remind me to make tea job-tea automation the responder took too long") == 12
    assert "done Remind" not in blocked
    assert "outside_active_hours beat:watch" in blocked


async def test_a_search_for_what_is_rare_stops_and_goes_on(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the ledger: each page looks at SPAN rows at most, and the last finds what is there."""
    monkeypatch.setattr(listings, "SPAN", 50)
    readers = await connect_readers(database)
    try:
        first = await run_listings.runs(readers, source="heartbeat")
        assert (first.rows, first.next, first.is_cut) == ([], COUNT - 49, True)
        second = await run_listings.runs(readers, source="heartbeat", before=COUNT - 49)
        assert (second.rows, second.is_cut) == ([], True)
        assert second.next is not None
        third = await run_listings.runs(readers, source="heartbeat", before=second.next)
        assert [run.subject_id for run in third.rows] == ["watch"]
        assert (third.next, third.is_cut) == (None, False)
    finally:
        await readers.close()


@pytest.mark.parametrize(
    ("query", "more"),
    [
        (run_listings.RUNS, {"source": "automation", "status": "failed", "floor": 0}),
        (run_listings.TASKS, {"status": None}),
    ],
)
def test_a_page_reads_by_an_index(database: Path, query: str, more: dict[str, object]) -> None:
    """No table is scanned; so a million rows cost what a hundred do."""
    with opening.reading(database) as connection:
        plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", {"before": 9, **more})]
    assert not [step for step in plan if re.match(r"SCAN (run|task|job)\b", step) or "TEMP B-TREE" in step], plan


@pytest.mark.parametrize("address", ["/runs", "/runs?status=failed", "/runs?view=board"])
def test_what_means_harm_is_only_text(harmed_web: Web, address: str) -> None:
    """Nothing of a row runs, leads away or hides; it is there to read."""
    text = harmed_web.page(address)
    page = Document(text)
    assert page.dangers() == []
    assert "<script>alert(1)</script>" in page.text
    assert "U+202E" in page.text and "\u202e" not in text
    assert HOSTILE[5] not in text


@pytest.mark.parametrize("address", ["/runs", "/runs?view=board", "/automations"])
def test_a_run_that_reached_nobody_says_so(web: Web, address: str) -> None:
    """In the ledger, on the board and as a job's newest run, with the code of the reason."""
    assert Document(web.page(address)).text.count("undelivered Forbidden") == 1
