"""The overview: what it tells is what is in the database, and it costs the same however much that is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from storage.readers import Readers
from storage.statement import Parameters, Statement
from storage.statement import Rows as Found
from storage.totals import Totals
from storage.views import statistics
from storage.views.statistics import BudgetUse, QueueDepth, ReplyTimes
from tests.storage.files import NOW_MS
from tests.storage.files import rows as query
from tests.storage.plans import plan, scans
from tests.web.house import Document, Web, numbers, serving, tiles
from tests.web.rows import ANN, DAY_MS, HOUR_MS
from tests.web.seeding import reading, writing
from web import formats

TODAY = formats.day(NOW_MS)
WEEK_AGO = formats.day(NOW_MS - 6 * DAY_MS)
# Small by nature: what an operator has set up, and what waits.
SMALL = ("SCAN policy", "SCAN worst", "SCAN polar_updates USING INDEX polar_updates_", "SCAN found")
READS: dict[str, Callable[[Readers], Awaitable[object]]] = {
    "messages_by_day": lambda readers: statistics.messages_by_day(readers, since=TODAY),
    "reactions_by_day": lambda readers: statistics.reactions_by_day(readers, since=TODAY),
    "reply_times": statistics.reply_times,
    "waiting": lambda readers: statistics.waiting(readers, now_ms=NOW_MS, overdue_ms=NOW_MS),
    "budgets": lambda readers: statistics.budgets(readers, now_ms=NOW_MS, limit=5),
    "feedback_by_emoji": lambda readers: statistics.feedback_by_emoji(readers, since=TODAY, limit=5),
    "feedback_by_automation": lambda readers: statistics.feedback_by_automation(readers, since=TODAY, limit=5),
    "feedback_by_profile": lambda readers: statistics.feedback_by_profile(readers, since=TODAY, limit=5),
    "worst_replies": lambda readers: statistics.worst_replies(readers, since_ms=1, limit=5),
}


def test_its_numbers_are_those_of_the_database(used: Path, web: Web) -> None:
    """Messages and reactions of each of 30 days, additions less removals."""
    page = web.page("/")
    messages, reactions = numbers(page, "Messages, 30 days"), numbers(page, "Reactions, 30 days")
    assert len(messages) == len(reactions) == 30
    a_day = "strftime('%Y-%m-%d', createdAtMs / 1000, 'unixepoch') = ?"
    for day in messages:
        by_role = dict(query(used, f"SELECT role, count(*) FROM polar_messages WHERE {a_day} GROUP BY role", day))
        assert messages[day] == [by_role.get("user", 0), by_role.get("assistant", 0)]
        change = "sum(CASE type WHEN 'reaction_added' THEN 1 ELSE -1 END)"
        net = dict(
            query(used, f"SELECT polarity, {change} FROM polar_feedback_events WHERE {a_day} GROUP BY polarity", day)
        )
        assert reactions[day] == [net.get(name, 0) for name in ("positive", "neutral", "negative")]
    newest = next(iter(messages))
    assert tiles(page)["Messages today"] == str(sum(messages[newest]))
    assert tiles(page)["Reactions today"] == f"+{reactions[newest][0]} −{reactions[newest][2]}"
    assert sum(map(sum, reactions.values())) > 50


def test_it_tells_what_waits_and_leads_there(web: Web) -> None:
    """As seeded: three updates, two deliveries, an overdue automation, one failure, two dead."""
    page = web.page("/")
    found = tiles(page)
    names = ("Updates waiting", "Deliveries waiting", "Automations due", "Deliveries failed", "Updates set aside")
    assert [found[name] for name in names] == ["3", "2", "1", "1", "2"]
    assert "1 for over a minute" in page
    assert {"/deliveries", "/automations", "/feedback"} <= {link["href"] for link in Document(page).of("a")}


def test_it_tells_how_much_of_each_budget_is_used(web: Web) -> None:
    """The one most used up first."""
    text = Document(web.page("/")).text
    [session, user, all_of_them] = (
        text.index(told) for told in ("$1.20 of $1.00 warns only", "$2.31 of $2.50", "$7.43 of $20.00")
    )
    assert session < user < all_of_them


def test_without_any_row_it_is_a_page_too(path: Path) -> None:
    """Of a bot that has not run yet."""
    with writing(path):
        pass
    with serving(path) as web:
        page = web.page("/")
        assert tiles(page)["Messages today"] == "0"
        assert tiles(page)["Time to reply"] == tiles(page)["Since Telegram was heard"] == "–"
        assert "No budget is set." in page
        assert web.get("/feedback").status == 200


async def test_the_time_to_reply_runs_from_the_receipt_until_the_reply_had_arrived(path: Path) -> None:
    """Of each turn its first message; what nobody asked for does not count."""
    with writing(path) as rows:
        for number in range(1, 101):
            received = NOW_MS - HOUR_MS + number
            rows.add_open_update(received, "done", None, updateId=number)
            for key, delay in (
                (f"update:{number}:{number}:0:0", 10 * number),
                (f"update:{number}:{number}:0:1", 9_999),
            ):
                rows.add_delivery(key, ANN, "sent", received + 1, received + delay, {})
        rows.add_delivery("run:job:1:0:0", ANN, "sent", NOW_MS, NOW_MS + 10**9, {})
        rows.add_delivery("update:7:1:0:0", ANN, "failed", NOW_MS, NOW_MS, {})
    async with reading(path) as readers:
        assert await statistics.reply_times(readers) == ReplyTimes(count=100, median_ms=505, p95_ms=950)


async def test_only_recent_replies_are_looked_at(path: Path) -> None:
    """The newest RECENT_REPLIES, however many there are."""
    with writing(path) as rows:
        for number in range(statistics.RECENT_REPLIES + 50):
            received = NOW_MS + number
            took = 5 if number >= 50 else 10**6
            rows.add_open_update(received, "done", None, updateId=number)
            rows.add_delivery(f"update:{number}:{number}:0:0", ANN, "sent", received, received + took, {})
    async with reading(path) as readers:
        found = await statistics.reply_times(readers)
    assert found == ReplyTimes(count=statistics.RECENT_REPLIES, median_ms=5, p95_ms=5)


async def test_what_is_due_is_what_the_bot_would_run(path: Path) -> None:
    """Not what comes later, nor what the earlier runtime left in its queue."""
    with writing(path) as rows:
        rows.add_due("automation:a", "automation", "a", NOW_MS - HOUR_MS)
        rows.add_due("run:b:1", "automation", "b", NOW_MS, queue="retry")
        rows.add_due("automation:c", "automation", "c", NOW_MS + 1)
        rows.add("polar_scheduler_events", eventId="x", queue="retry", sequence=0, payload="{}", createdAtMs=1)
        rows.add("polar_scheduler_events", eventId="y", queue="retry", sequence=0, payload="no", createdAtMs=1)
    async with reading(path) as readers:
        found = await statistics.waiting(readers, now_ms=NOW_MS, overdue_ms=NOW_MS - 60_000)
    assert found == QueueDepth(updates=0, deliveries=0, failed=0, due=2, overdue=1, dead=0)


async def test_what_was_spent_before_the_interval_ended_counts_no_more(path: Path) -> None:
    """Even if nobody has reset it yet."""
    with writing(path) as rows:
        for scope, interval in (("global", HOUR_MS - 1), ("user", HOUR_MS + 1)):
            rows.add("polar_budget_policies", scope=scope, targetId="", maxLimitUsd=2, resetIntervalMs=interval)
            rows.add_usage(scope, "", 1)
    async with reading(path) as readers:
        found = await statistics.budgets(readers, now_ms=NOW_MS, limit=5)
    assert found == [
        BudgetUse(scope="user", target_id="", limit_usd=2.0, spent_usd=1.0, blocks=True),
        BudgetUse(scope="global", target_id="", limit_usd=2.0, spent_usd=0.0, blocks=True),
    ]


async def test_a_reaction_that_was_taken_back_counts_no_more(path: Path) -> None:
    """On the day on which it was taken back; commands and anonymous counts are no reactions of anybody."""
    with writing(path) as rows:
        for kind, at in (
            ("reaction_added", NOW_MS - 6 * DAY_MS),
            ("reaction_added", NOW_MS),
            ("reaction_added", NOW_MS),
            ("reaction_removed", NOW_MS),
            ("reaction_count", NOW_MS),
            ("command_executed", NOW_MS),
        ):
            rows.add_event(kind, at, ANN, "msg_a_1", "👍", "positive", {})
    async with reading(path) as readers:
        found = await statistics.reactions_by_day(readers, since=WEEK_AGO)
        assert found == {WEEK_AGO: Totals(positive=1), TODAY: Totals(positive=1)}
        assert await statistics.reactions_by_day(readers, since=TODAY) == {TODAY: Totals(positive=1)}


@pytest.mark.parametrize("name", READS)
async def test_a_page_scans_no_table_that_grows(path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Each step is a search by an index, or a walk over an index of what waits."""
    with writing(path):
        pass
    asked: list[Statement] = []
    async with reading(path) as readers:
        fetch = readers.fetch

        async def note(sql: str, params: Parameters = ()) -> Found:
            asked.append(Statement(sql, params))
            return await fetch(sql, params)

        monkeypatch.setattr(readers, "fetch", note)
        await READS[name](readers)
    assert asked
    for statement in asked:
        steps = plan(path, statement.sql, statement.params)
        assert [step for step in scans(steps) if not step.startswith(SMALL)] == []


def test_what_means_harm_is_shown_and_does_none(harmed_web: Web) -> None:
    """Escaped, and what the eye would miss is named."""
    page = Document(harmed_web.page("/"))
    assert page.dangers() == []
    assert "<script>alert(1)</script>" in page.text
    assert "U+202E" in page.text
    assert "\u202e" not in page.text


async def test_the_worst_replies_are_found_among_what_disapproves_and_read_by_their_ids(path: Path) -> None:
    """However many messages and reactions there are."""
    with writing(path):
        pass
    steps = "\n".join(plan(path, statistics.WORST, {"since": 1, "limit": 5}))
    assert "SEARCH polar_feedback_events USING INDEX polar_feedback_negative (createdAtMs>?)" in steps
    assert "SEARCH message USING INDEX polar_messages_telegram (sessionId=? AND telegramMessageId=?)" in steps
