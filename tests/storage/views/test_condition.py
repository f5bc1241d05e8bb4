"""What a doctor asks of the database: each question finds what it is about, and walks over no table for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from storage.database import Database
from storage.statement import Statement
from storage.views.condition import ArrivedReaction, Condition, SetAsideCounts
from tests.storage import ON_SQLITE
from tests.storage.files import NOW_MS
from tests.storage.plans import asked, plan


@pytest.fixture
def condition(database: Database) -> Condition:
    """The questions, on a new database."""
    return Condition(database)


def message(number: int, chat: int) -> Statement:
    """Something that somebody wrote."""
    return Statement(
        "INSERT INTO polar_messages (sessionId, role, threadKey, kind, text, createdAtMs) "
        "VALUES (?, 'user', 't', 'text', '', ?)",
        (f"telegram:chat:{chat}", number),
    )


def reaction(number: int, kind: str, via: str, chat: int = 7) -> Statement:
    """An event of the ledger."""
    return Statement(
        "INSERT INTO polar_feedback_events VALUES (?, ?, ?, 'm', '👍', 'positive', ?, ?)",
        (f"f{number}", kind, f"telegram:chat:{chat}", f'{{"via":"{via}"}}', NOW_MS + number),
    )


async def test_the_newest_groups_come_first(database: Database, condition: Condition) -> None:
    """Those with the newest messages, then those that were let in; no private chat, and none that has moved."""
    await database.commit(
        *(message(number, chat) for number, chat in enumerate((-1, -2, 5, -3, -1, -4))),
        *(
            Statement("INSERT INTO polar_access VALUES (?, ?, NULL, 1)", (f"telegram:chat:{chat}", role))
            for chat, role in ((-9, "group"), (-2, "group"), (8, "member"))
        ),
        Statement("INSERT INTO polar_chat_aliases VALUES ('telegram:chat:-4', 'telegram:chat:-1', 1)"),
    )
    assert await condition.newest_groups(20) == [-1, -3, -2, -9]
    assert await condition.newest_groups(2) == [-1, -3]


async def test_a_reaction_is_no_press_of_a_button(database: Database, condition: Condition) -> None:
    """Neither is one that was taken back."""
    assert await condition.last_reaction_ms() is None
    assert await condition.last_event() == 0
    await database.commit(reaction(1, "reaction_added", "reaction"), reaction(2, "reaction_added", "button"))
    assert await condition.last_reaction_ms() == NOW_MS + 1
    before = await condition.last_event()
    assert await condition.reaction_after(before) is None
    await database.commit(
        reaction(3, "reaction_removed", "reaction"),
        reaction(4, "reaction_added", "button"),
        reaction(5, "reaction_added", "reaction", chat=-100),
    )
    assert await condition.reaction_after(before) == ArrivedReaction("👍", -100)


def update(number: int, status: str, received_ms: int) -> Statement:
    """A row of the journal."""
    return Statement(
        "INSERT INTO polar_updates (updateId, sequence, status, kind, lane, receivedAtMs) "
        "VALUES (?, ?, ?, 'message', 'l', ?)",
        (number, number, status, received_ms),
    )


def delivery(number: int, status: str, created_ms: int) -> Statement:
    """A row of the queue."""
    return Statement(
        "INSERT INTO polar_delivery_queue (deliveryId, sessionId, channel, payload, status, createdAtMs, updatedAtMs, "
        "sequence, replyId) VALUES (?, 's', 'telegram', '{}', ?, ?, 1, ?, 'r')",
        (f"d{number}", status, created_ms, number),
    )


async def test_the_oldest_of_what_is_open_is_told(database: Database, condition: Condition) -> None:
    """An update or a delivery; what is done, sent or set aside does not wait."""
    await database.commit(update(1, "done", 1), update(2, "dead", 2), delivery(1, "sent", 1), delivery(2, "failed", 2))
    assert await condition.waiting_since_ms() is None
    await database.commit(update(3, "pending", 9), delivery(3, "sending", 7), delivery(4, "pending", 8))
    assert await condition.waiting_since_ms() == 7


async def test_what_was_set_aside_is_counted(database: Database, condition: Condition) -> None:
    """Of each kind."""
    await database.commit(
        update(1, "dead", 1),
        update(2, "dead", 1),
        delivery(1, "failed", 1),
        Statement("INSERT INTO polar_scheduler_events VALUES ('r', 'dead_letter', 1, '{}', 1)"),
        Statement("INSERT INTO polar_scheduler_events VALUES ('s', 'scheduled', 1, '{}', 1)"),
    )
    assert await condition.set_aside() == SetAsideCounts(updates=2, deliveries=1, runs=1)


QUESTIONS: dict[str, Callable[[Condition], Awaitable[Any]]] = {
    "last_reaction_ms": lambda condition: condition.last_reaction_ms(),
    "last_event": lambda condition: condition.last_event(),
    "reaction_after": lambda condition: condition.reaction_after(1),
    "waiting_since_ms": lambda condition: condition.waiting_since_ms(),
}
OPEN = "SCAN polar_updates USING INDEX polar_updates_pending"
BOUNDED = (OPEN, "SCAN found", "SCAN CONSTANT ROW", "SCAN polar_delivery_queue USING INDEX polar_delivery_open")
"""Walks over what is open, and over what a limit has let through."""


@ON_SQLITE
@pytest.mark.parametrize("name", QUESTIONS)
async def test_no_question_walks_over_a_table(
    database: Database, path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes by an index, over what is open, or over the newest rows up to a limit."""

    async def ask(database: Database) -> None:
        await QUESTIONS[name](Condition(database))

    query = await asked(database, ask, monkeypatch)
    steps = [step for step in plan(path, query.sql, query.params) if step.startswith("SCAN")]
    assert [step for step in steps if not step.startswith(BOUNDED)] == []
