"""The feedback page: what stands of what people gave, over time and by what they gave it to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from storage.totals import Totals
from storage.views import statistics
from storage.views.statistics import DislikedReply, EmojiTotals, SubjectTotals
from tests.storage.files import NOW_MS
from tests.storage.files import rows as query
from tests.web.house import Document, Web, numbers, tiles
from tests.web.rows import ANN, BOB, DAY_MS, GROUP, Rows
from tests.web.seeding import reading, writing
from web import formats

TODAY = formats.day(NOW_MS)
WEEK_AGO = formats.day(NOW_MS - 6 * DAY_MS)


def react(rows: Rows, message: str, *changes: int, session: str = ANN, at: int = NOW_MS, **origin: str) -> None:
    """Disapproval, given (1) or taken back (-1)."""
    for number, change in enumerate(changes):
        kind = "reaction_added" if change > 0 else "reaction_removed"
        rows.add_event(kind, at + number, session, message, "👎", "negative", {"producedBy": origin})


@pytest.mark.parametrize(("days", "shown"), [(30, 30), (90, 90), (365, 53)])
def test_the_trend_is_over_as_many_days_as_were_asked_for(web: Web, used: Path, days: int, shown: int) -> None:
    """In days, or in weeks where the days are many; nothing falls between."""
    page = web.page(f"/feedback?days={days}")
    found = numbers(page, f"Reactions, {days} days")
    assert len(found) == shown
    first = list(found)[-1].split(" to ")[0]
    net = dict(
        query(
            used,
            "SELECT polarity, sum(CASE type WHEN 'reaction_added' THEN 1 ELSE -1 END) FROM polar_feedback_events "
            "WHERE strftime('%Y-%m-%d', createdAtMs / 1000, 'unixepoch') >= ? GROUP BY polarity",
            first,
        )
    )
    assert [sum(column) for column in zip(*found.values(), strict=True)] == [
        net[polarity] for polarity in ("positive", "neutral", "negative")
    ]
    assert tiles(page)["Approving"] == str(net["positive"])
    assert tiles(page)["Disapproving"] == str(net["negative"])
    [chosen] = [link for link in Document(page).of("a") if link.get("aria-current") == "true"]
    assert chosen["href"] == f"/feedback?days={days}"


@pytest.mark.parametrize("days", ["0", "31", "-30", "030", "x", "1e9", "%3Cscript%3E"])
def test_other_spans_are_refused(web: Web, days: str) -> None:
    """400, and which there are."""
    answer = web.get(f"/feedback?days={days}")
    assert answer.status == 400
    assert "30, 90, 365" in answer.text


async def test_the_worst_rated_replies_are_those_of_which_most_disapproval_stands(path: Path) -> None:
    """Less what was taken back; among equals the latest; within the days asked for, and of no user's own message."""
    with writing(path) as rows:
        react(rows, "msg_a_1", 1, 1, at=NOW_MS - 100)
        react(rows, "msg_a_2", 1, 1, 1, -1, session=BOB)
        react(rows, "msg_a_3", 1, -1)
        react(rows, "msg_a_4", 1, 1, 1, at=NOW_MS - DAY_MS)
        react(rows, "msg_u_5", 1, 1, 1, 1)
        react(rows, "legacy1", 1)  # of the earlier runtime; it ends like an id of ours
        react(rows, "telegram:-1003001:9", 1, session=GROUP, at=NOW_MS - 50)
        message = {"threadKey": "root:1", "telegramMessageId": 1, "createdAtMs": NOW_MS}
        rows.add("polar_messages", sessionId=ANN, messageId="msg_a_1", role="assistant", text="poor", **message)
        rows.add("polar_messages", sessionId=GROUP, messageId="msg_a_1", role="assistant", text="not this", **message)
    async with reading(path) as readers:
        found = await statistics.worst_replies(readers, since_ms=NOW_MS - 1_000, limit=10)
        assert [(reply.message_id, reply.count, reply.text) for reply in found] == [
            ("msg_a_2", 2, None),
            ("msg_a_1", 2, "poor"),
            ("legacy1", 1, None),
            ("telegram:-1003001:9", 1, None),
        ]
        assert found[0] == DislikedReply(
            session_id=BOB, message_id="msg_a_2", count=2, last_ms=NOW_MS + 3, text=None, automation_id=None
        )
        assert await statistics.worst_replies(readers, since_ms=NOW_MS - 1_000, limit=1) == found[:1]
        [worst] = await statistics.worst_replies(readers, since_ms=NOW_MS - 2 * DAY_MS, limit=1)
        assert worst.message_id == "msg_a_4"


async def test_feedback_goes_to_the_automation_and_the_profile_that_wrote(path: Path) -> None:
    """By the totals of the days asked for, with what they are called where they still exist."""
    with writing(path) as rows:
        rows.add_job("tea", "0 9 * * * UTC", "Make tea", 1, createdAtMs=1, updatedAtMs=1)
        react(rows, "msg_a_1", 1, automationId="tea", profileId="calm")
        react(rows, "msg_a_2", 1, 1, automationId="gone", profileId="calm")
        react(rows, "msg_a_3", 1, at=NOW_MS - 40 * DAY_MS, automationId="old", profileId="old")
        react(rows, "msg_a_4", 1)
        rows.add_profile("calm", "global", None, None, "Calm", "Be calm.", createdAtMs=1, updatedAtMs=1)
    async with reading(path) as readers:
        assert await statistics.feedback_by_automation(readers, since=WEEK_AGO, limit=9) == [
            SubjectTotals(id="gone", text=None, totals=Totals(negative=2)),
            SubjectTotals(id="tea", text="Make tea", totals=Totals(negative=1)),
        ]
        assert await statistics.feedback_by_profile(readers, since=WEEK_AGO, limit=9) == [
            SubjectTotals(id="calm", text="Calm", totals=Totals(negative=3))
        ]


async def test_emoji_are_counted_as_they_stand(path: Path) -> None:
    """The most frequent first; what was all taken back is not there."""
    with writing(path) as rows:
        react(rows, "msg_a_1", 1, 1, -1)
        for emoji, polarity in (("👍", "positive"), ("👍", "positive"), ("👀", "neutral")):
            rows.add_event("reaction_added", NOW_MS, ANN, "msg_a_1", emoji, polarity, {})
        rows.add_event("reaction_removed", NOW_MS, ANN, "msg_a_1", "👀", "neutral", {})
    async with reading(path) as readers:
        assert await statistics.feedback_by_emoji(readers, since=TODAY, limit=9) == [
            EmojiTotals(emoji="👍", polarity="positive", count=2),
            EmojiTotals(emoji="👎", polarity="negative", count=1),
        ]


def test_it_shows_prompts_names_and_what_was_said(web: Web) -> None:
    """Not ids alone."""
    text = Document(web.page("/feedback?days=90")).text
    for told in ("Remind me to make tea job-tea", "House style personality:global", "I have remembered that."):
        assert told in text
    assert re.search(r"👍 \d+", text)


@pytest.mark.parametrize("days", [30, 365])
def test_what_means_harm_is_shown_and_does_none(harmed_web: Web, days: int) -> None:
    """In emoji, prompts, names, replies and chats."""
    page = Document(harmed_web.page(f"/feedback?days={days}"))
    assert page.dangers() == []
    assert page.text.count("<script>alert(1)</script>") >= 5
    for unseen, name in (("\u202e", "U+202E"), ("\u200b", "U+200B"), ("\x1b", "U+001B")):
        assert unseen not in page.text
        assert name in page.text
    assert "W" * 400 not in page.text
