"""Secrets of a database, and what the migration that makes them leaves of former texts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from storage.database import Database
from storage.tables.keys import PERSONALITY, Keys
from tests.storage.files import NOW_MS


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
