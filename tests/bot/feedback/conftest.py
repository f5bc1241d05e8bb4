"""A database in which people chat and rate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database
from tests.storage.files import NOW_MS


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A new database, open until the test ends."""
    opened = await Database.open(tmp_path / "polar-system.db", now_ms=NOW_MS)
    try:
        yield opened
    finally:
        await opened.close()
