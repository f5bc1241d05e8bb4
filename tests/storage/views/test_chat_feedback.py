"""The totals that are kept agree with the rows that they count."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import migrations
from storage.database import Database
from storage.erasure import Erasure
from storage.location import Location
from storage.statement import Statement
from storage.tables.feedback import FeedbackLedger
from storage.tables.updates import Received, Updates
from storage.totals import Totals
from storage.views.chat_feedback import ChatFeedback, Grouping
from tests.second import rows
from tests.storage.files import DAY_MS, NOW_MS

POLARITY = {"👍": "positive", "👎": "negative", "🤔": "neutral"}
ACTOR = "7"
COUNTER = iter(range(10_000, 10**9))
LABELS: dict[Grouping, str] = {
    "day": "date(createdAtMs / 1000, 'unixepoch')",
    "message": "messageId",
    "automation": "json_extract(payload, '$.producedBy.automationId')",
    "profile": "json_extract(payload, '$.producedBy.profileId')",
}


@dataclass(frozen=True)
class Change:
    """A reaction; `key` is the event's, so that one that comes again is a replay."""

    key: int
    added: bool
    emoji: str
    message: int
    day: int
    automation: str


CHANGES = st.builds(
    Change,
    key=st.integers(0, 15),
    added=st.booleans(),
    emoji=st.sampled_from(sorted(POLARITY)),
    message=st.integers(1, 3),
    day=st.integers(0, 2),
    automation=st.sampled_from(["", "a", "b"]),
)


def reaction(chat: int, change: Change) -> Statement:
    """The event of a change in a chat."""
    produced = {"profileId": f"p{change.message}", **({"automationId": change.automation} if change.automation else {})}
    return FeedbackLedger.append_on_message(
        event_id=f"{chat}-{change.key}",
        event_type="reaction_added" if change.added else "reaction_removed",
        session_id=f"telegram:chat:{chat}",
        telegram_message_id=change.message,
        chat_id=chat,
        emoji=change.emoji,
        polarity=POLARITY[change.emoji],
        payload={"actor": ACTOR, "producedBy": produced},
        now_ms=NOW_MS - change.day * DAY_MS + change.key,
    )


def counted(location: Location, session: str, label: str) -> dict[str, Totals]:
    """Additions minus removals by label, counted from the rows one by one."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(POLARITY.values(), 0))
    query = f"SELECT {label}, polarity, type FROM polar_feedback_events WHERE sessionId = ?"
    for name, polarity, kind in rows(location, query, session):
        found[name][polarity] += 1 if kind == "reaction_added" else -1
    return {name: Totals(**sums) for name, sums in found.items() if name is not None}


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(changes=st.lists(CHANGES, max_size=20), erased_after=st.integers(0, 20))
async def test_totals_are_what_the_rows_come_to(
    database: Database, location: Location, changes: list[Change], erased_after: int
) -> None:
    """Of a chat, and of its days, messages, automations and profiles; replays and an erasure change nothing."""
    chat, feedback = next(COUNTER), ChatFeedback(database)
    session = f"telegram:chat:{chat}"
    erasure = Erasure(database).of(ACTOR, now_ms=NOW_MS)
    parts = [[reaction(chat, change) for change in changes[:erased_after]], erasure]
    parts.append([reaction(chat, change) for change in changes[erased_after:]])
    for part in parts:
        await database.commit(*part)
    assert await feedback.totals(session) == counted(location, session, "'all'").get("all", Totals())
    for grouping, label in LABELS.items():
        assert dict(await feedback.totals_by(session, grouping, limit=20)) == counted(location, session, label)


async def test_an_automation_has_the_totals_of_all_chats(database: Database) -> None:
    """It may have spoken in another one before."""
    change = Change(key=1, added=True, emoji="👍", message=1, day=0, automation="mine")
    await database.commit(reaction(1, change), reaction(2, change), reaction(3, replace(change, automation="other")))
    assert await ChatFeedback(database).totals_of_automation("mine") == Totals(positive=2)
    assert await ChatFeedback(database).totals_of_automation("none") == Totals()


STEPS = st.lists(st.tuples(st.sampled_from(["add", "finish", "set aside", "retry", "prune"]), st.integers(1, 4)))


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(before=STEPS, after=STEPS)
def test_what_was_done_stays_counted(before: list[tuple[str, int]], after: list[tuple[str, int]]) -> None:
    """Each update once, from when it is done; what is pruned later was done all the same."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        migrations.apply(connection, NOW_MS)
        done = sum(_change(connection, step, update_id) for step, update_id in before + after)
        assert tuple(connection.execute("SELECT * FROM polar_totals").fetchone()) == ("updates.done", done)


def _change(connection: sqlite3.Connection, step: str, update_id: int) -> bool:
    """Whether this step has finished an update."""
    row = connection.execute("SELECT sequence FROM polar_updates WHERE updateId = ?", (update_id,)).fetchone()
    sequence = row[0] if row else 0
    received = Received(
        update_id=update_id, kind="message", lane="1", session_id=None, telegram_message_id=None, body=b"x"
    )
    statement = {
        "add": Updates.add(received, now_ms=NOW_MS),
        "finish": Updates.finish(update_id, sequence, now_ms=NOW_MS),
        "set aside": Updates.set_aside(update_id, sequence, attempt=1, reason="x", now_ms=NOW_MS),
        "retry": Updates.retry(update_id, sequence),
        "prune": Statement("DELETE FROM polar_updates WHERE updateId = ? AND status = 'done'", (update_id,)),
    }[step]
    changed = connection.execute(statement.sql, statement.params).rowcount
    return step == "finish" and changed == 1
