"""A real database file in a folder of its own, opened as the bot opens it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database
from tests.storage.files import NOW_MS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database file is, or will be."""
    return tmp_path / "polar-system.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    """A new database, open until the test ends."""
    opened = await Database.open(path, now_ms=NOW_MS)
    try:
        yield opened
    finally:
        await opened.close()
