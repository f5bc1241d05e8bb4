"""What earlier versions have stored goes on in this one; no server has ever had those."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from storage import migrations
from storage.database import Database
from storage.sqlite import opening
from storage.tables.budgets import Budgets
from storage.tables.deliveries import Deliveries
from storage.tables.model_calls import ModelCalls
from storage.tables.occurrences import Occurrence
from tests.second import rows
from tests.storage.files import NOW_MS, plain
from tests.storage.sending import S, drained

_BEFORE = """
INSERT INTO polar_delivery_queue
  (deliveryId, sessionId, channel, payload, status, createdAtMs, updatedAtMs, sequence, replyId, priority, attempts)
VALUES (?, ?, 'telegram', '{"method":"sendMessage","text":"x"}', ?, 1, 1, ?, ?, ?, ?)
"""
KEYS_BEFORE = 17
GIVEN = "SELECT highest FROM polar_sequences WHERE tableName = ?"
SEQUENCED = {
    "polar_updates": "(updateId, sequence, status, kind, lane, receivedAtMs) VALUES (1, 90, 'pending', 'x', 'x', 1)",
    "polar_delivery_queue": "(deliveryId, sessionId, channel, payload, status, createdAtMs, updatedAtMs, sequence, "
    "replyId) VALUES ('d', 's', 'telegram', '{}', 'pending', 1, 1, 90, 'd')",
}
TOTALS = "SELECT * FROM polar_answer_totals ORDER BY day, model, isPrivate"
TOTALS_BEFORE = 25
"""The version before answers were counted."""


async def test_what_an_earlier_version_has_queued_is_ranked_by_what_it_knew(path: Path) -> None:
    """A reply of which a part was sent is ended first; then answers; what the clock started comes last."""
    queued = [
        ("scheduled", "pending", 1, "scheduled", 10, 0),
        ("r0", "sent", 2, "r", 10, 1),
        ("r1", "pending", 3, "r", 10, 0),
        ("r2", "pending", 4, "r", 10, 0),
        ("answer", "pending", 5, "answer", 0, 0),
        ("toast", "pending", 6, "toast", -10, 0),
    ]
    with plain(path) as connection:
        migrations.apply(connection, 1, until=8)
        connection.executemany(_BEFORE, [(name, S, *rest) for name, *rest in queued])
    database = await Database.open(path, now_ms=NOW_MS)
    assert await drained(database, Deliveries(database)) == ["r1", "r2", "toast", "answer", "scheduled"]
    await database.close()


def test_former_texts_from_before_stay_as_they_were(tmp_path: Path) -> None:
    """Those of people's messages, in their order; none of an answer was kept."""
    path = tmp_path / "old.db"
    former = [(3, "telegram:chat:1", 5, "old", None, 10), (7, "telegram:chat:1", 5, "older", '{"id":1}', 11)]
    with plain(path) as connection:
        connection.isolation_level = None
        migrations.apply(connection, NOW_MS, until=KEYS_BEFORE)
        connection.executemany("INSERT INTO polar_message_revisions VALUES (?, ?, ?, ?, ?, ?)", former)
        migrations.apply(connection, NOW_MS)
    columns = "sequence, sessionId, telegramMessageId, text, attachment, revisedAtMs"
    assert rows(path, f"SELECT {columns} FROM polar_message_revisions WHERE deliveryId IS NULL ORDER BY 1") == former


def test_runs_that_were_asked_for_before_an_update_wait_on(path: Path) -> None:
    """One of each job; what is no such run, or none that can be read, stays as it is."""
    rows_before = {
        f"run:{job}:manual:{at}": f'{{"source":"automation","id":"{job}","atMs":{at},"trigger":"manual","attempts":0,'
        f'"extra":true{more}}}'
        for job, at, more in (("j", 5, ""), ("j", 6, ""), ("k", 7, ""), ("j", 8, ',"retryOf":"run:j:1"'))
    }
    strange = {"run:x:manual:1": "no", "run:y:manual:1": '{"extra":true,"trigger":"manual"}'}
    with plain(path) as connection:
        migrations.apply(connection, 1, until=12)
        connection.executemany(
            "INSERT INTO polar_scheduler_events VALUES (?, 'scheduled', 1, ?, 1)", [*{**rows_before, **strange}.items()]
        )
        migrations.apply(connection, 2)
        found = connection.execute("SELECT eventId, queue, sequence, payload FROM polar_scheduler_events").fetchall()
    kept = {"automation:j:manual", "automation:k:manual", "run:j:manual:8", *strange}
    assert {row[0] for row in found} == kept
    assert sum(Occurrence.read(row) is not None for row in found) == 3


def test_what_was_reserved_before_there_were_calls_is_charged_once(path: Path) -> None:
    """A reservation that an ended process left becomes an open call of the same amount, in the same budgets."""
    with plain(path) as connection:
        migrations.apply(connection, NOW_MS, until=20)
        connection.execute(
            "INSERT INTO polar_budget_policies VALUES ('global', '', 9, NULL, 1), ('user', '7', 9, 1, 1)"
        )
        connection.execute(
            "INSERT INTO polar_budget_reservations VALUES ('t', 'global', '', 0.5, 4), ('t', 'user', '7', 0.5, 4), "
            "('u', 'global', '', 0.25, 5)"
        )
        migrations.apply(connection, NOW_MS)
        for statement in (*Budgets.charge_left(now_ms=NOW_MS), ModelCalls.interrupt_left()):
            connection.execute(statement.sql, statement.params)
        used = "SELECT scope, accumulatedUsd FROM polar_budget_usage ORDER BY scope"
        assert connection.execute(used).fetchall() == [("global", 0.75), ("user", 0.5)]


@pytest.mark.parametrize("table", SEQUENCED)
def test_a_database_that_counted_otherwise_goes_on_behind_its_newest_row(path: Path, table: str) -> None:
    """One of the version before."""
    [number] = [m.version for m in migrations.migrations() if m.name == "sequences"]
    with plain(path) as connection:
        migrations.apply(connection, 1, until=number - 1)
        connection.execute(f"INSERT INTO {table} {SEQUENCED[table]}")
    opening.prepare(path, NOW_MS)[0].close()
    assert rows(path, GIVEN, table) == [(90,)]


def test_what_is_there_already_is_counted_by_its_first_parts() -> None:
    """Answers that grew in a message, too; nothing that no responder said, and no people's words."""
    made = {"responder": "openai", "model": "large", "personality": "f", "usd": 0.25}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.apply(connection, NOW_MS, until=TOTALS_BEFORE)
        for session, delivery, origin in (
            ("telegram:chat:7", "update:1:1:0:0", made),
            ("telegram:chat:7", "update:1:1:0:1", made),
            (
                "telegram:chat:7",
                "update:2:2:placeholder",
                {"responder": "openai", "model": "large", "personality": "f"},
            ),
            ("telegram:chat:-5", "update:3:3:0:0", made),
            ("telegram:chat:-5", "update:3:3:1:0", {"beside": "openai"}),
            ("telegram:chat:7", "run:j:1#1:0:0", {"responder": "openai", "automationId": "j"}),
            ("telegram:chat:7", "update:4:4:0:0", {}),
        ):
            add(connection, session, delivery, origin)
        connection.execute(
            "INSERT INTO polar_messages (sessionId, role, threadKey, createdAtMs) VALUES ('s', 'user', 't', 1)"
        )
        migrations.apply(connection, NOW_MS)
        found = connection.execute(TOTALS).fetchall()
    assert [row[1:] for row in found] == [
        ("", "", "j", "", "", 1, 1, 0, 0.0, 0, 0),
        ("large", "f", "", "", "", 0, 1, 1, 0.25, 0, 0),
        ("large", "f", "", "", "", 1, 2, 1, 0.25, 0, 0),
    ]


def add(connection: sqlite3.Connection, session: str, delivery: str, origin: dict[str, Any]) -> None:
    """A message of ours."""
    connection.execute(
        "INSERT INTO polar_messages (sessionId, role, threadKey, deliveryId, origin, createdAtMs) "
        "VALUES (?, 'assistant', 't', ?, ?, ?)",
        (session, delivery, json.dumps(origin), NOW_MS),
    )
