"""The page of automations and heartbeat policies."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest

from storage.sqlite import opening
from storage.views import job_listings
from tests.web.house import Document, Web
from tests.web.rows import ANN, DAY_MS, HOUR_MS, Rows
from tests.web.seeding import HOSTILE
from web.clock import now_ms

COUNT = 60


def write(path: Path) -> None:
    """Automations of every state, one that people have judged; a policy, and one that is damaged."""
    now = now_ms()
    connection, _ = opening.prepare(path, now)
    with closing(connection):
        made = Rows(connection, now)
        stamps = {"createdAtMs": 1, "updatedAtMs": 1}
        for number in range(COUNT):
            made.add_job(f"job-{number:02}", "0 18 * * * Europe/Berlin", f"Prompt {number}", number % 2, **stamps)
        made.add_due("automation:job-59", "automation", "job-59", 17_950_000_000_000)
        made.add_due("automation:job-57", "automation", "job-57", now - HOUR_MS)
        made.add_run("automation", "job-59", now - HOUR_MS, "executed", None)
        made.add_run("automation", "job-57", now - 2 * HOUR_MS, "executed", None)
        made.add_run("automation", "job-57", now - HOUR_MS, "failed", "the responder took too long")
        judged = {"producedBy": {"automationId": "job-59"}}
        for number, (kind, emoji, polarity, at) in enumerate(
            (
                ("reaction_added", "👍", "positive", now),
                ("reaction_added", "🔥", "positive", now - DAY_MS),
                ("reaction_added", "👎", "negative", now),
                ("reaction_removed", "👍", "positive", now),
                ("reaction_added", "👎", "negative", now - job_listings.FEEDBACK_DAYS * DAY_MS),
            )
        ):
            made.add_event(kind, at, ANN, f"msg_a_{number}", emoji, polarity, judged)
        made.add_policy("watch", {"failed_runs": {}}, "*/30 * * * * UTC", activeHoursJson={"start": "08:00"}, **stamps)
        made.add_policy("damaged", "{not json", "*/30 * * * * UTC", **stamps)
        made.add_run("heartbeat", "watch", now, "skipped", "outside_active_hours")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database."""
    made: Path = tmp_path_factory.mktemp("automations") / "polar.db"
    write(made)
    return made


def lines(text: str) -> dict[str, str]:
    """The rows of a page's tables as text, by what their first cell ends with."""
    found = {}
    for row in re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL):
        head, _, rest = row.partition("</th>")
        found[Document(head).text.split()[-1]] = Document(f"{head} {rest}").text
    return found


def test_an_automation_is_shown_with_all_that_belongs_to_it(web: Web) -> None:
    """Prompt, state, schedule as it is stored, next instant, last run, owner and chat."""
    found = lines(web.page("/automations"))
    assert re.fullmatch(
        r"Prompt 59 job-59 enabled 0 18 \* \* \* Europe/Berlin 2538-10-\S+ \S+ executed \S+ \S+ 1 1 1001 1001",
        found["job-59"],
    ), found["job-59"]
    assert re.search(r"overdue failed \S+ \S+ the responder took too long 0 0 1001 1001$", found["job-57"])
    assert re.search(r"paused .* – never 0 0 1001 1001$", found["job-58"])


def test_feedback_counts_what_was_taken_back_and_is_recent(web: Web) -> None:
    """Two approvals less one; the disapproval of long ago is not among them."""
    assert " 1 1 1001 1001" in lines(web.page("/automations"))["job-59"]


def test_the_states_can_be_told_apart(web: Web) -> None:
    """Those that run and those that do not; nothing else is a state."""
    for state, odd in (("enabled", 1), ("paused", 0)):
        names = [name for name in lines(web.page(f"/automations?state={state}")) if name.startswith("job-")]
        assert names == [f"job-{number:02}" for number in range(COUNT - 1, -1, -1) if number % 2 == odd]
    assert web.get("/automations?state=x").status == 400


def test_paging_shows_every_automation_once(web: Web) -> None:
    """The second page goes on where the first ends."""
    first = web.page("/automations")
    [address] = [link["href"] for link in Document(first).of("a") if link.get("rel") == "next"]
    assert address is not None
    names = [name for text in (first, web.page(address)) for name in lines(text) if name.startswith("job-")]
    assert names == [f"job-{number:02}" for number in range(COUNT - 1, -1, -1)]


def test_a_heartbeat_policy_is_shown(web: Web) -> None:
    """With its checks and active hours; one that is damaged too, as it is."""
    found = lines(web.page("/automations"))
    assert re.fullmatch(
        r"watch enabled \*/30 \* \* \* \* UTC – skipped \S+ \S+ outside_active_hours failed_runs "
        r'active \{"start": "08:00"\} 1001',
        found["watch"],
    ), found["watch"]
    assert "{not json" in found["damaged"]


def test_a_page_reads_by_indexes(database: Path) -> None:
    """Nothing is scanned but the page's own rows and the days of feedback."""
    with opening.reading(database) as connection:
        for query in (job_listings.JOBS.format(where="job.rowid < :before"), job_listings.FEEDBACK):
            params = {"before": 9, "since": "2026-01-01", "ids": "[]"}
            plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", params)]
            assert not [step for step in plan if re.match(r"SCAN (job|run|polar)", step)], plan


def test_what_means_harm_is_only_text(harmed_web: Web) -> None:
    """Nothing of a row runs, leads away or hides; it is there to read."""
    text = harmed_web.page("/automations")
    page = Document(text)
    assert page.dangers() == []
    assert "<script>alert(1)</script>" in page.text and "{{ 7 * 7 }}" in page.text
    assert "U+202E" in page.text and "\u202e" not in text
    assert HOSTILE[5] not in text
