"""Messages by session and Telegram id: received, queued, sent, revised."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from storage.database import Database
from storage.json_text import encode
from storage.location import Location
from storage.origin import UNKNOWN, Origin
from storage.statement import Statement
from storage.tables.messages import Messages
from tests.cost import steps_of_sqlite
from tests.second import program, rows
from tests.storage import ON_SQLITE
from tests.storage.files import NOW_MS, plain

S = "telegram:chat:1"
REVISIONS = "SELECT telegramMessageId, text, attachment, revisedAtMs FROM polar_message_revisions ORDER BY sequence"


@pytest.fixture
def messages(database: Database) -> Messages:
    """The messages of a new database."""
    return Messages(database)


def said(
    messages: Messages, telegram_id: int, text: str = "hello", *, session: str = S, attachment: Any = None
) -> Statement:
    """A user's message."""
    return messages.add_received(
        session_id=session,
        telegram_message_id=telegram_id,
        turn_id=f"t{telegram_id}",
        thread_key="root:1",
        user_id="7",
        kind="text",
        text=text,
        attachment=attachment,
        now_ms=NOW_MS,
    )


def queued(messages: Messages, delivery_id: str, text: str = "answer", *, session: str = S) -> Statement:
    """A part of a reply."""
    return messages.add_queued(
        session_id=session,
        thread_key="root:1",
        text=text,
        origin=Origin(profile_id="p"),
        delivery_id=delivery_id,
        now_ms=NOW_MS,
    )


def edit(
    messages: Messages, telegram_id: int, text: str, attachment: Mapping[str, Any] | None = None
) -> tuple[Statement, ...]:
    """What an edit asks for."""
    return messages.revise(
        session_id=S, telegram_message_id=telegram_id, text=text, attachment=attachment, now_ms=NOW_MS + 1
    )


async def test_a_received_message_is_found_by_session_and_id(database: Database, messages: Messages) -> None:
    """The same id in another session is another message."""
    await database.commit(
        said(messages, 5, "one", attachment={"kind": "photo"}), said(messages, 5, "two", session="telegram:chat:2")
    )
    found = await messages.find(S, 5)
    assert found is not None
    assert (found.message_id, found.role, found.thread_key, found.user_id, found.kind, found.text) == (
        "msg_u_5",
        "user",
        "root:1",
        "7",
        "text",
        "one",
    )
    assert (found.attachment, found.origin, found.created_at_ms) == ({"kind": "photo"}, UNKNOWN, NOW_MS)
    other = await messages.find("telegram:chat:2", 5)
    assert other is not None
    assert other.text == "two"
    assert await messages.find("telegram:chat:3", 5) is None


async def test_a_message_that_is_stored_already_stays_as_it_is(database: Database, messages: Messages) -> None:
    """An update that is handled again stores nothing again."""
    await database.commit(said(messages, 5, "first"))
    await database.commit(said(messages, 5, "second"))
    assert [m.text for m in await messages.list_recent(S, limit=10)] == ["first"]


async def test_recent_messages_come_oldest_first(database: Database, messages: Messages) -> None:
    """The newest ones of this session, in the order in which they were stored."""
    await database.commit(*[said(messages, 100 - i, f"m{i}") for i in range(6)], said(messages, 1, session="other"))
    assert [m.text for m in await messages.list_recent(S, limit=3)] == ["m3", "m4", "m5"]


_LONG = """
WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < :last)
INSERT INTO polar_messages (sessionId, role, telegramMessageId, threadKey, text, createdAtMs)
SELECT 'telegram:chat:' || :chat, 'user', x, CASE x % 3 WHEN 0 THEN 'root:' WHEN 1 THEN 'topic:' ELSE 'reply:' END
  || :chat || CASE x % 3 WHEN 0 THEN '' WHEN 1 THEN ':7' ELSE ':' || (x - 1) END, 'm' || x, x FROM n
"""


@pytest.mark.parametrize(
    ("chat_id", "thread", "expected"),
    [
        (1, "root:1", ["m5", "m6", "m8", "m9"]),
        (1, "reply:1:99", ["m5", "m6", "m8", "m9"]),
        (1, "topic:1:7", ["m1", "m4", "m7", "m10"]),
        (-1, "root:-1", ["m3", "m6", "m9"]),
        (-1, "reply:-1:4", ["m5"]),
        (-1, "topic:-1:7", ["m1", "m4", "m7", "m10"]),
    ],
)
async def test_replies_in_a_private_chat_are_in_the_chats_one_thread(
    database: Database, location: Location, messages: Messages, chat_id: int, thread: str, expected: list[str]
) -> None:
    """Topics are apart everywhere, replies in groups as well; of the newest, oldest first."""
    with program(location) as connection:
        connection.execute(_LONG, {"last": 10, "chat": chat_id})
    found = await messages.list_thread(f"telegram:chat:{chat_id}", thread, limit=4)
    assert [message.text for message in found] == expected


@ON_SQLITE
async def test_a_long_conversation_costs_what_is_read_of_it(database: Database, path: Path, messages: Messages) -> None:
    """In steps of SQLite's machine: no row beyond those that are given back is looked at, in whatever thread."""
    taken: dict[str, list[int]] = {"reply:1:2": [], "topic:1:7": []}

    async def read(thread: str, _: Database) -> None:
        assert len(await messages.list_thread(S, thread, limit=10)) == 10

    for last in (90, 3000):
        with plain(path) as connection:
            connection.execute("DELETE FROM polar_messages")
            connection.execute(_LONG, {"last": last, "chat": 1})
        for thread, steps in taken.items():
            steps.append(await steps_of_sqlite(database, partial(read, thread)))
    assert all(few == many for few, many in taken.values())


async def test_a_receipt_gives_a_queued_part_its_id(database: Database, messages: Messages) -> None:
    """In the chat where it was sent, which may be another than it was queued for."""
    await database.commit(queued(messages, "d1", "one"), queued(messages, "d2", "two"))
    assert [m.message_id for m in await messages.list_recent(S, limit=5)] == [None, None]
    await database.commit(*messages.add_receipt("d2", 9, session_id="telegram:chat:-100"))
    found = await messages.find("telegram:chat:-100", 9)
    assert found is not None
    assert (found.message_id, found.role, found.text, found.origin) == (
        "msg_a_9",
        "assistant",
        "two",
        Origin(profile_id="p"),
    )
    [left] = await messages.list_recent(S, limit=5)
    assert (left.text, left.telegram_message_id) == ("one", None)


async def test_a_receipt_twice_is_one_receipt(database: Database, messages: Messages) -> None:
    """The row does not lose its id to itself."""
    await database.commit(queued(messages, "d1"))
    for _ in range(2):
        await database.commit(*messages.add_receipt("d1", 9, session_id=S))
    found = await messages.find(S, 9)
    assert found is not None
    assert found.message_id == "msg_a_9"


async def test_an_id_that_telegram_gave_away_again_belongs_to_the_newer_message(
    database: Database, messages: Messages
) -> None:
    """The older row stays, without the id; the unit is not void."""
    await database.commit(
        said(messages, 9, "old"), said(messages, 9, "elsewhere", session="other"), queued(messages, "d")
    )
    await database.commit(*messages.add_receipt("d", 9, session_id=S))
    found = await messages.find(S, 9)
    assert found is not None
    assert found.text == "answer"
    assert [m.text for m in await messages.list_recent(S, limit=5)] == ["old", "answer"]
    elsewhere = await messages.find("other", 9)
    assert elsewhere is not None


async def test_a_receipt_of_a_part_that_is_no_message_does_nothing(database: Database, messages: Messages) -> None:
    """Calls other than messages have no row here."""
    await database.commit(*messages.add_receipt("unknown", 9, session_id=S))
    assert await messages.find(S, 9) is None


@pytest.mark.parametrize(
    ("text", "attachment"),
    [("new", {"id": 1}), ("old", {"id": 2}), ("old", None), ("", {"id": 1})],
)
async def test_an_edit_replaces_and_keeps_what_was(
    database: Database, messages: Messages, location: Location, text: str, attachment: Any
) -> None:
    """Text or attachment or both; the former ones become a revision."""
    await database.commit(said(messages, 5, "old", attachment={"id": 1}), said(messages, 6, "untouched"))
    await database.commit(*edit(messages, 5, text, attachment))
    found, untouched = await messages.find(S, 5), await messages.find(S, 6)
    assert found is not None
    assert untouched is not None
    assert (found.text, found.attachment) == (text, attachment)
    assert untouched.text == "untouched"
    assert rows(location, REVISIONS) == [(5, "old", '{"id":1}', NOW_MS + 1)]
    assert rows(location, "SELECT telegramMessageId FROM polar_messages WHERE editedAtMs = ?", NOW_MS + 1) == [(5,)]


async def test_an_edit_that_changes_nothing_does_nothing(
    database: Database, messages: Messages, location: Location
) -> None:
    """Nor does the same edit a second time, or one that has its keys in another order."""
    await database.commit(said(messages, 5, "old", attachment={"a": 1, "b": 2}))
    await database.commit(*edit(messages, 5, "old", {"b": 2, "a": 1}))
    assert rows(location, REVISIONS) == []
    assert rows(location, "SELECT editedAtMs FROM polar_messages") == [(None,)]
    for _ in range(2):
        await database.commit(*edit(messages, 5, "new", {"a": 1, "b": 2}))
    assert rows(location, REVISIONS) == [(5, "old", '{"a":1,"b":2}', NOW_MS + 1)]


async def test_only_a_users_own_known_message_can_be_revised(
    database: Database, messages: Messages, location: Location
) -> None:
    """Our messages and unknown ones are not."""
    await database.commit(queued(messages, "d"), *messages.add_receipt("d", 9, session_id=S))
    await database.commit(*edit(messages, 9, "forged"), *edit(messages, 404, "unknown"))
    found = await messages.find(S, 9)
    assert found is not None
    assert found.text == "answer"
    assert rows(location, REVISIONS) == []


def test_equal_values_are_equal_text() -> None:
    """Sorted keys, no blanks, no escapes of letters."""
    assert encode({"b": "é", "a": [1, None]}) == encode({"a": [1, None], "b": "é"}) == '{"a":[1,null],"b":"é"}'
    assert encode(None) is None


async def test_what_is_queued_once_stays_as_it_was(database: Database, messages: Messages) -> None:
    """A placeholder that is committed again, after a crash, changes nothing."""
    for text in ("first", "second"):
        await database.commit(
            messages.add_queued(
                session_id=S, thread_key="root:1", text=text, origin=UNKNOWN, delivery_id="d", now_ms=NOW_MS, once=True
            )
        )
    assert [m.text for m in await messages.list_recent(S, limit=5)] == ["first"]


async def test_a_part_says_something_else_in_its_own_row(
    database: Database, messages: Messages, location: Location
) -> None:
    """Its Telegram id stays, so that reactions to it are found; what produced it is new."""
    await database.commit(queued(messages, "d", "old"), *messages.add_receipt("d", 9, session_id=S))
    await database.commit(rewrite(messages, "d"))
    found = await messages.find(S, 9)
    assert found is not None
    assert (found.message_id, found.text, found.origin) == ("msg_a_9", "new", Origin(model="m"))
    assert rows(location, "SELECT answersMessageId, createdAtMs, editedAtMs FROM polar_messages") == [
        (5, NOW_MS, NOW_MS + 1)
    ]


def rewrite(messages: Messages, delivery_id: str) -> Statement:
    """Another text in place of that part's."""
    return messages.rewrite(
        delivery_id,
        session_id=S,
        thread_key="root:1",
        text="new",
        origin=Origin(model="m"),
        answers=5,
        now_ms=NOW_MS + 1,
    )


async def test_a_part_that_is_not_there_any_more_is_added(database: Database, messages: Messages) -> None:
    """Somebody may have had it erased meanwhile; the answer is stored all the same."""
    await database.commit(rewrite(messages, "d"))
    found = await messages.find_delivered("d")
    assert found is not None
    assert (found.text, found.telegram_message_id) == ("new", None)


async def test_a_part_that_is_taken_back_keeps_its_id_only(
    database: Database, messages: Messages, location: Location
) -> None:
    """Reactions to it still resolve; it answers nothing any more."""
    await database.commit(rewrite(messages, "d"), *messages.add_receipt("d", 9, session_id=S))
    await database.commit(messages.take_back("d"))
    assert rows(location, "SELECT messageId, text, answersMessageId FROM polar_messages") == [("msg_a_9", "", None)]
    assert await messages.find_delivered("other") is None
