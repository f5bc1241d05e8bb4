"""`polar updates` and `polar deliveries`, on a real file: what was set aside, and its way back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from tests.bot.cli.terminal import polar, printed

_UPDATE = """
INSERT INTO polar_updates
  (updateId, sequence, status, kind, lane, sessionId, body, attempts, reason, receivedAtMs, finishedAtMs)
VALUES (?, ?, ?, 'message', '1::answer', 'telegram:chat:1', ?, 3, 'KeyError', 1000, 2000)
"""
_DELIVERY = """
INSERT INTO polar_delivery_queue
  (deliveryId, sessionId, channel, payload, status, createdAtMs, updatedAtMs, sequence, replyId, attempts, ambiguous,
   failures, reason)
VALUES (?, 'telegram:chat:1', 'telegram', ?, ?, 1000, 2000, ?, ?, 3, ?, 3, 'TypeError')
"""
HELLO = '{"method":"sendMessage","text":"hello \\u001b[31m"}'


def write(database: Path, sql: str, *params: Any) -> None:
    """As another program does."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(sql, params)


def rows(database: Path, sql: str) -> list[tuple[Any, ...]]:
    """What another program reads."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql).fetchall()


def refused(done: Result) -> str:
    """The one line of a command that failed."""
    assert done.exit_code == 1
    [line] = done.stderr.splitlines()
    return line


@pytest.fixture
def updates(database: Path) -> Path:
    """A dead update, one that was erased, one that is done and one that waits."""
    write(database, _UPDATE, 5, 1, "dead", b'{"update_id":5}')
    write(database, _UPDATE, 6, 2, "dead", None)
    write(database, _UPDATE, 7, 3, "done", None)
    write(database, _UPDATE, 8, 4, "pending", b"{}")
    return database


@pytest.fixture
def deliveries(database: Path) -> Path:
    """Three parts of a reply that has failed, one that was erased, and one that was sent."""
    for sequence, name in enumerate(("r:0", "r:1", "r:2"), 1):
        write(database, _DELIVERY, name, HELLO, "failed", sequence, "r", 4)
    write(database, _DELIVERY, "erased", '{"method":"sendMessage"}', "failed", 4, "erased", 0)
    write(database, _DELIVERY, "sent", HELLO, "sent", 5, "sent", 0)
    return database


def test_updates_that_are_dead_are_listed_newest_first(updates: Path) -> None:
    """By id, with the reason; as a table too, and not more than asked for."""
    found = printed(polar("updates", "list", "--json", database=updates))
    assert [(fact["updateId"], fact["attempts"], fact["reason"]) for fact in found] == [
        (6, 3, "KeyError"),
        (5, 3, "KeyError"),
    ]
    assert found[1]["receivedAt"] == "1970-01-01T00:00:01Z"
    assert len(printed(polar("updates", "list", "--json", "--limit", "1", database=updates))) == 1
    assert "KeyError" in polar("updates", "list", database=updates).stdout


def test_an_update_is_shown_with_what_it_says(updates: Path) -> None:
    """Whatever became of it."""
    fact = printed(polar("updates", "show", "5", "--json", database=updates))
    assert (fact["status"], fact["retries"], fact["body"]) == ("dead", 0, '{"update_id":5}')
    assert "status: done" in polar("updates", "show", "7", database=updates).stdout.splitlines()


def test_a_dead_update_becomes_the_last_of_its_lane(updates: Path) -> None:
    """Pending, tried never, its reason forgotten; once, as then it is not dead any more."""
    assert polar("updates", "retry", "5", database=updates).exit_code == 0
    columns = "sequence, status, attempts, retries, reason, receivedAtMs, finishedAtMs, body"
    row = (5, "pending", 0, 1, None, 1000, None, b'{"update_id":5}')
    assert rows(updates, f"SELECT {columns} FROM polar_updates WHERE updateId = 5") == [row]
    assert "update 5 is not dead, it is pending" in refused(polar("updates", "retry", "5", database=updates))


@pytest.mark.parametrize(
    ("update_id", "reason"),
    [(6, "was erased"), (7, "is not dead, it is done"), (8, "it is pending"), (9, "no update 9")],
)
def test_what_cannot_be_tried_again_is_refused_with_the_reason(updates: Path, update_id: int, reason: str) -> None:
    """In one line, and nothing is changed."""
    before = rows(updates, "SELECT * FROM polar_updates")
    assert reason in refused(polar("updates", "retry", str(update_id), database=updates))
    assert rows(updates, "SELECT * FROM polar_updates") == before


def test_deliveries_that_have_failed_are_listed(deliveries: Path) -> None:
    """Without what they say, which `show` tells; nothing of it does anything to a terminal."""
    found = printed(polar("deliveries", "list", "--json", database=deliveries))
    assert [fact["deliveryId"] for fact in found] == ["erased", "r:2", "r:1", "r:0"]
    assert "hello" not in polar("deliveries", "list", database=deliveries).stdout
    fact = printed(polar("deliveries", "show", "r:0", "--json", database=deliveries))
    assert (fact["status"], fact["ambiguous"], fact["payload"]) == ("failed", 4, HELLO)
    shown = polar("deliveries", "show", "sent", database=deliveries).stdout
    assert "status: sent" in shown.splitlines()


def test_a_failed_delivery_becomes_the_last_with_the_parts_behind_it(deliveries: Path) -> None:
    """In order, tried never; what was unclear stays so, and goes out marked."""
    assert "1 more" in polar("deliveries", "retry", "r:1", database=deliveries).stdout
    columns = "deliveryId, sequence, attempts, failures, ambiguous, reason"
    pending = rows(deliveries, f"SELECT {columns} FROM polar_delivery_queue WHERE status = 'pending' ORDER BY sequence")
    assert pending == [("r:1", 6, 0, 0, 1, None), ("r:2", 7, 0, 0, 1, None)]


@pytest.mark.parametrize(
    ("name", "reason"), [("erased", "was erased"), ("sent", "has not failed, it is sent"), ("x", "no delivery 'x'")]
)
def test_what_cannot_be_sent_again_is_refused_with_the_reason(deliveries: Path, name: str, reason: str) -> None:
    """In one line, and nothing is changed."""
    before = rows(deliveries, "SELECT * FROM polar_delivery_queue")
    assert reason in refused(polar("deliveries", "retry", name, database=deliveries))
    assert rows(deliveries, "SELECT * FROM polar_delivery_queue") == before


@pytest.mark.parametrize(
    "arguments", [("updates", "retry", "x"), ("updates", "retry"), ("deliveries", "show"), ("updates",)]
)
def test_wrong_usage_is_status_2(database: Path, arguments: tuple[str, ...]) -> None:
    """And nothing else happens."""
    assert polar(*arguments, database=database).exit_code == 2
