"""Which messages were one turn, and which of ours answer it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from storage.database import Database
from storage.origin import UNKNOWN
from storage.statement import Statement
from storage.tables.messages import Message, Messages
from tests.storage import ON_SQLITE
from tests.storage.files import NOW_MS
from tests.storage.plans import asked, plan, scans

S, THREAD = "telegram:chat:1", "root:1"


@pytest.fixture
def answers(database: Database) -> Messages:
    """Of a new database."""
    return Messages(database)


def said(number: int, **changes: Any) -> Statement:
    """A user's message."""
    values: dict[str, Any] = {"session": S, "turn": "t", **changes}
    return Statement(
        "INSERT INTO polar_messages "
        "(sessionId, messageId, role, telegramMessageId, threadKey, userId, text, turnId, createdAtMs) "
        "VALUES (:session, 'm', 'user', :number, :thread, '7', 'x', :turn, :now)",
        {**values, "number": number, "thread": THREAD, "now": NOW_MS},
    )


def answered(number: int, delivery: str, *, session: str = S) -> Statement:
    """A message of ours that answers one."""
    return Statement(
        "INSERT INTO polar_messages (sessionId, role, threadKey, text, deliveryId, createdAtMs, answersMessageId) "
        "VALUES (?, 'assistant', ?, 'y', ?, ?, ?)",
        (session, THREAD, delivery, NOW_MS, number),
    )


async def turn_of(database: Database, number: int) -> list[int | None]:
    """The messages of the turn that one belongs to."""
    message = await Messages(database).find(S, number)
    assert message is not None
    return [other.telegram_message_id for other in await Messages(database).list_turn(message)]


async def test_messages_of_one_turn_belong_together(database: Database) -> None:
    """From whichever of them one asks, in order."""
    await database.commit(said(1), said(2), said(3), answered(3, "a"))
    for number in (1, 2, 3):
        assert await turn_of(database, number) == [1, 2, 3]


async def test_others_beside_it_are_of_no_concern(database: Database) -> None:
    """Of another turn, though stored at the same instant; one whose turn is not known stands for itself."""
    await database.commit(said(1, turn="u"), said(2), said(3, turn="u"), said(4, turn=None), said(5, turn=None))
    assert [await turn_of(database, n) for n in range(1, 6)] == [[1, 3], [2], [1, 3], [4], [5]]


async def test_the_deliveries_of_an_answer_are_listed_in_order(database: Database, answers: Messages) -> None:
    """Of this message in this chat."""
    await database.commit(
        answered(1, "b"),
        answered(1, "a"),
        answered(2, "c"),
        answered(1, "d", session="telegram:chat:2"),
    )
    assert [(one.delivery_id, one.kind) for one in await answers.list_answers(S, 1)] == [("b", "text"), ("a", "text")]
    assert await answers.list_answers(S, 3) == []


NOWHERE = Message(
    sequence=500,
    session_id=S,
    message_id=None,
    role="user",
    telegram_message_id=1,
    thread_key=THREAD,
    user_id="7",
    kind="text",
    text="",
    attachment=None,
    origin=UNKNOWN,
    created_at_ms=NOW_MS,
)


@ON_SQLITE
@pytest.mark.parametrize(
    "call", [lambda db: Messages(db).list_turn(NOWHERE), lambda db: Messages(db).list_answers(S, 1)]
)
async def test_neither_looks_at_more_than_is_near(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch, call: Callable[[Database], Awaitable[Any]]
) -> None:
    """However many messages there are."""
    query = await asked(database, call, monkeypatch)
    assert scans(plan(path, query.sql, query.params)) == []
