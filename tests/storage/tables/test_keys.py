"""Secrets of a database, and what the migration that makes them leaves of former texts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from storage import migrations
from storage.database import Database
from storage.tables.keys import PERSONALITY, Keys
from tests.second import rows
from tests.storage.files import NOW_MS, plain

BEFORE = 17


@pytest.mark.usefixtures("each_migration")
async def test_a_database_has_a_key_of_its_own_that_stays(tmp_path: Path) -> None:
    """Made by a migration; two databases have two."""
    found = []
    for name in ("a.db", "b.db", "a.db"):
        database = await Database.open(tmp_path / name, now_ms=NOW_MS)
        found.append(await Keys(database).find(PERSONALITY))
        assert await Keys(database).find("nothing") is None
        await database.close()
    first, other, again = found
    assert first == again != other
    assert all(re.fullmatch("[0-9a-f]{64}", key or "") for key in found)


def test_former_texts_from_before_stay_as_they_were(tmp_path: Path) -> None:
    """Those of people's messages, in their order; none of an answer was kept."""
    path = tmp_path / "old.db"
    former = [(3, "telegram:chat:1", 5, "old", None, 10), (7, "telegram:chat:1", 5, "older", '{"id":1}', 11)]
    with plain(path) as connection:
        connection.isolation_level = None
        migrations.apply(connection, NOW_MS, until=BEFORE)
        connection.executemany("INSERT INTO polar_message_revisions VALUES (?, ?, ?, ?, ?, ?)", former)
        migrations.apply(connection, NOW_MS)
    columns = "sequence, sessionId, telegramMessageId, text, attachment, revisedAtMs"
    assert rows(path, f"SELECT {columns} FROM polar_message_revisions WHERE deliveryId IS NULL ORDER BY 1") == former
