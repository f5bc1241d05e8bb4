"""Sequences are given by the inserting statement, and none is given twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from storage.database import Database
from storage.location import Location
from storage.payloads import SendMessage
from storage.statement import Statement
from storage.tables.deliveries import Deliveries
from storage.tables.updates import Received, Updates
from tests.second import program, rows
from tests.storage.files import NOW_MS

Add = Callable[[int], Statement]
GIVEN = "SELECT highest FROM polar_sequences WHERE tableName = ?"


def update(number: int) -> Statement:
    """Journals an update."""
    lane = "1::answer"
    received = Received(update_id=number, kind="x", lane=lane, session_id=None, telegram_message_id=None, body=b"{}")
    return Updates.add(received, now_ms=NOW_MS)


def delivery(number: int) -> Statement:
    """Queues a call."""
    name = f"d{number}"
    return Deliveries.add(
        delivery_id=name,
        session_id="telegram:chat:1",
        payload=SendMessage(text="x"),
        reply_id=name,
        head_start=0,
        now_ms=NOW_MS,
    )


EACH = pytest.mark.parametrize(("table", "add"), [("polar_updates", update), ("polar_delivery_queue", delivery)])


@EACH
async def test_a_sequence_does_not_come_again(database: Database, location: Location, table: str, add: Add) -> None:
    """However many rows are deleted, the newest ones too, and after a restart."""
    await database.commit(*(add(n) for n in range(5)))
    await database.commit(Statement(f"DELETE FROM {table} WHERE sequence > 2"))
    await database.commit(*(add(n) for n in range(10, 12)))
    assert rows(location, f"SELECT sequence FROM {table} ORDER BY 1") == [(1,), (2,), (6,), (7,)]
    await database.commit(Statement(f"DELETE FROM {table}"))
    await database.close()
    again = await Database.open(location, now_ms=NOW_MS)
    await again.commit(add(20))
    assert await Updates(again).last_sequence() == (8 if table == "polar_updates" else 0)
    await again.close()
    assert rows(location, f"SELECT sequence FROM {table}") == [(8,)]
    assert rows(location, GIVEN, table) == [(8,)]


@EACH
async def test_a_sequence_that_another_program_gave_counts(
    database: Database, location: Location, table: str, add: Add
) -> None:
    """To a row of its own or to one that is there."""
    await database.commit(add(1))
    with program(location) as other:
        other.execute(f"UPDATE {table} SET sequence = 40")
        other.execute(f"UPDATE {table} SET sequence = 30")
    await database.commit(add(2))
    assert rows(location, f"SELECT sequence FROM {table} ORDER BY 1") == [(30,), (41,)]


async def test_what_is_known_already_takes_no_sequence(database: Database, location: Location) -> None:
    """An update that comes twice leaves no gap."""
    await database.commit(update(1), update(1), update(1), update(2))
    assert rows(location, "SELECT updateId, sequence FROM polar_updates ORDER BY 2") == [(1, 1), (2, 2)]
