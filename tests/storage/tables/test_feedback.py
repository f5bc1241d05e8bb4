"""The ledger of feedback: on which message, how often, and nothing twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.database import Database
from storage.location import Location
from storage.origin import UNKNOWN, Origin
from storage.statement import Statement
from storage.tables.feedback import FeedbackLedger
from storage.tables.messages import Messages
from storage.tables.updates import Received, Updates
from storage.totals import Totals
from storage.views.chat_feedback import ChatFeedback
from tests.second import rows
from tests.storage.files import NOW_MS

S = "telegram:chat:1"
POLARITY = {"👍": "positive", "👎": "negative", "🤔": "neutral"}


@pytest.fixture
def feedback(database: Database) -> FeedbackLedger:
    """The ledger of a new database."""
    return FeedbackLedger(database)


def reaction(
    event_id: str,
    *,
    emoji: str = "👍",
    kind: str = "reaction_added",
    message: int = 9,
    chat: int = 1,
    at: int = 0,
    **payload: Any,
) -> Statement:
    """A reaction to a message."""
    return FeedbackLedger.append_on_message(
        event_id=event_id,
        event_type=kind,
        session_id=f"telegram:chat:{chat}",
        telegram_message_id=message,
        chat_id=chat,
        emoji=emoji,
        polarity=POLARITY[emoji],
        payload=payload,
        now_ms=NOW_MS + at,
    )


def answer(database: Database, telegram_id: int, *, origin: Origin = UNKNOWN) -> tuple[Statement, ...]:
    """A message of ours that was sent."""
    messages = Messages(database)
    delivery = f"d{telegram_id}"
    queued = messages.add_queued(
        session_id=S, thread_key="root:1", text="x", origin=origin, delivery_id=delivery, now_ms=NOW_MS
    )
    return (queued, *messages.add_receipt(delivery, telegram_id, session_id=S))


async def test_feedback_on_a_known_message_has_its_id_its_thread_and_its_origin(database: Database) -> None:
    """What was given with the event is kept beside them."""
    await database.commit(*answer(database, 9, origin=Origin(profile_id="p")), reaction("f", actor="7"))
    [event] = await ChatFeedback(database).list_recent(S, limit=5)
    assert event.payload == {"actor": "7", "producedBy": {"profileId": "p"}, "thread": "root:1"}
    assert (event.message_id, event.type, event.session_id) == ("msg_a_9", "reaction_added", S)
    assert (event.emoji, event.polarity, event.created_at_ms) == ("👍", "positive", NOW_MS)


async def test_feedback_on_a_users_message_has_that_ones_id(database: Database) -> None:
    """A stored message of a person."""
    said = Messages(database).add_received(
        session_id=S,
        telegram_message_id=9,
        turn_id="t",
        thread_key="root:1",
        user_id="7",
        kind="text",
        text="x",
        attachment=None,
        now_ms=NOW_MS,
    )
    await database.commit(said, reaction("f"))
    [event] = await ChatFeedback(database).list_recent(S, limit=5)
    assert event.message_id == "msg_u_9"
    assert "unresolved" not in event.payload


def journalled(update_id: int, *, chat: int, message: int) -> Received:
    """A message that has arrived and is still being handled."""
    return Received(
        update_id=update_id,
        kind="message",
        lane=f"{chat}::answer",
        session_id=f"telegram:chat:{chat}",
        telegram_message_id=message,
        body=b"{}",
    )


async def test_feedback_on_a_message_that_is_still_being_handled_is_resolved(database: Database) -> None:
    """Its id follows from the journal; a message of another chat with the same number does not count."""
    updates = Updates(database)
    await database.commit(updates.add(journalled(1, chat=1, message=9), now_ms=NOW_MS))
    await database.commit(updates.add(journalled(2, chat=12, message=10), now_ms=NOW_MS))
    await database.commit(reaction("known", message=9), reaction("unknown", message=10))
    events = {event.id: event for event in await ChatFeedback(database).list_recent(S, limit=5)}
    assert events["known"].message_id == "msg_u_9"
    assert "unresolved" not in events["known"].payload
    assert events["unknown"].payload == {"unresolved": True}


async def test_a_journal_entry_that_is_finished_resolves_nothing(database: Database) -> None:
    """When the message is handled it is stored, or it never will be."""
    updates = Updates(database)
    await database.commit(updates.add(journalled(1, chat=1, message=9), now_ms=NOW_MS))
    await database.commit(updates.finish(1, 1, now_ms=NOW_MS), reaction("f"))
    [event] = await ChatFeedback(database).list_recent(S, limit=5)
    assert event.message_id == "telegram:1:9"


async def test_feedback_on_an_unknown_message_is_marked(database: Database) -> None:
    """It names chat and message as Telegram does, and says that it is unresolved."""
    await database.commit(reaction("f", message=77, actor="7"))
    [event] = await ChatFeedback(database).list_recent(S, limit=5)
    assert event.message_id == "telegram:1:77"
    assert event.payload == {"actor": "7", "unresolved": True}


async def test_the_same_event_twice_is_one_event(database: Database, location: Location) -> None:
    """The first stays, also in one unit with others, whichever way it was appended."""
    feedback = FeedbackLedger(database)
    await database.commit(reaction("f"), reaction("f", emoji="👎"), reaction("g"))
    await database.commit(
        reaction("g", emoji="👎"),
        feedback.append(
            event_id="f", event_type="command_executed", session_id=S, message_id=None, payload={}, now_ms=NOW_MS
        ),
    )
    assert rows(location, "SELECT id, type, emoji FROM polar_feedback_events ORDER BY rowid") == [
        ("f", "reaction_added", "👍"),
        ("g", "reaction_added", "👍"),
    ]


async def test_a_command_is_an_event_without_emoji_and_neutral(database: Database, location: Location) -> None:
    """It stands in the ledger and not among the reactions."""
    feedback = FeedbackLedger(database)
    await database.commit(
        feedback.append(
            event_id="c",
            event_type="command_executed",
            session_id=S,
            message_id="msg_u_1",
            payload={"command": "/ping"},
            now_ms=NOW_MS,
        )
    )
    assert rows(
        location, "SELECT id, type, sessionId, messageId, emoji, polarity, payload FROM polar_feedback_events"
    ) == [("c", "command_executed", S, "msg_u_1", None, "neutral", '{"command":"/ping"}')]
    assert await ChatFeedback(database).list_recent(S, limit=5) == []
    assert await ChatFeedback(database).totals(S) == Totals()


async def test_recent_reactions_come_newest_first(database: Database) -> None:
    """Of this session; at one instant the later row first."""
    await database.commit(reaction("b", at=1), reaction("a"), reaction("c", at=1), reaction("other", chat=2))
    assert [event.id for event in await ChatFeedback(database).list_recent(S, limit=2)] == ["c", "b"]


async def test_totals_are_additions_minus_removals(database: Database) -> None:
    """By polarity, of a session or of one message in it; anonymous counts are not added up."""
    await database.commit(
        reaction("1", message=1),
        reaction("2", message=1),
        reaction("3", message=1, kind="reaction_removed"),
        reaction("4", message=2),
        reaction("5", message=2, emoji="👎"),
        reaction("6", message=2, emoji="🤔"),
        reaction("7", message=2, kind="reaction_count"),
        reaction("8", chat=2),
    )
    assert await ChatFeedback(database).totals(S) == Totals(positive=2, negative=1, neutral=1)
    assert dict(await ChatFeedback(database).totals_by(S, "message", limit=5)) == {
        "telegram:1:1": Totals(positive=1),
        "telegram:1:2": Totals(positive=1, negative=1, neutral=1),
    }
    assert await ChatFeedback(database).totals("telegram:chat:3") == Totals()


async def test_the_buttons_that_someone_has_chosen(database: Database, feedback: FeedbackLedger) -> None:
    """Pressed and not pressed again, by this actor, by button, on this message."""
    await database.commit(*answer(database, 9), *answer(database, 10))
    await database.commit(
        reaction("1", via="button", actor="7"),
        reaction("2", via="button", actor="7", emoji="👎"),
        reaction("3", via="button", actor="7", emoji="👎", kind="reaction_removed"),
        reaction("4", via="button", actor="8", emoji="🤔"),
        reaction("5", via="reaction", actor="7", emoji="🤔"),
        reaction("6", via="button", actor="7", emoji="🤔", message=10),
    )
    assert await feedback.list_chosen(S, 9, "7") == ["👍"]
    assert await feedback.list_chosen(S, 9, "8") == ["🤔"]
    assert await feedback.list_chosen(S, 10, "7") == ["🤔"]
    assert await feedback.list_chosen(S, 11, "7") == []
    await database.commit(reaction("7", via="button", actor="7", emoji="👎"))
    assert set(await feedback.list_chosen(S, 9, "7")) == {"👍", "👎"}


EVENTS = st.lists(
    st.tuples(st.sampled_from(["reaction_added", "reaction_removed"]), st.sampled_from("👍👎🤔"), st.integers(0, 5)),
    max_size=20,
)
COUNTER = iter(range(10**9))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(events=EVENTS)
async def test_totals_are_those_of_the_distinct_events(database: Database, events: list[tuple[str, str, int]]) -> None:
    """Whatever the order and however often an id comes again: its first event counts, once."""
    chat = next(COUNTER) + 1000
    await database.commit(
        *[reaction(f"{chat}-{key}", kind=kind, emoji=emoji, chat=chat) for kind, emoji, key in events]
    )
    expected = dict.fromkeys(POLARITY.values(), 0)
    first: dict[int, tuple[str, str]] = {}
    for kind, emoji, key in events:
        first.setdefault(key, (kind, emoji))
    for kind, emoji in first.values():
        expected[POLARITY[emoji]] += 1 if kind == "reaction_added" else -1
    assert await ChatFeedback(database).totals(f"telegram:chat:{chat}") == Totals(**expected)
