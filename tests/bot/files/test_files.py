"""Files that are made when they are sent."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from bot.files.memories import MemoriesFile
from bot.files.own_data import OwnDataFile
from bot.files.spool import Files, UnknownSubject
from storage.database import Database
from storage.tables.memories import Memories
from storage.views.own_data import OwnData
from tests.clocks import TestClock
from tests.storage.files import plain

ROWS = """
WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 10000)
INSERT INTO polar_memory SELECT 'm' || n, 'telegram:chat:7', '7', 'session', 'fact',
  json_object('fact', printf('%.500c', 'x')), '{}', n, n FROM number
"""


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return [entry.name for entry in folder.iterdir()]


@pytest.mark.slow
@pytest.mark.parametrize("subject", ["own data", "markdown", "json"])
async def test_however_long_a_file_is_little_of_it_is_kept(tmp_path: Path, subject: str) -> None:
    """A page of rows at a time, while it is made."""
    path = tmp_path / "polar-system.db"
    database = await Database.open(path, now_ms=1)
    with plain(path) as connection:
        connection.execute(ROWS)
    memories = MemoriesFile(Memories(database))
    makers = {
        "own data": OwnDataFile(OwnData(database), TestClock()).make,
        "markdown": memories.make_markdown,
        "json": memories.make_json,
    }
    tracemalloc.start()
    try:
        async with Files(makers, path.parent).made(subject, 7) as file:
            peak = tracemalloc.get_traced_memory()[1]
            content = file.read()
    finally:
        tracemalloc.stop()
        await database.close()
    assert content.count(b"x" * 500) == 10_000
    assert peak < len(content) * 2 / 3
    if subject != "markdown":
        json.loads(content)


async def test_nothing_of_a_file_stays(tmp_path: Path) -> None:
    """It has no name in the folder while it is there, so that a kill leaves none; a failure leaves none either."""

    async def make(chat_id: int, write: object) -> None:
        raise OSError("disk full")

    async def empty(chat_id: int, write: object) -> None:
        pass

    files = Files({"broken": make, "empty": empty}, tmp_path)
    async with files.made("empty", 7):
        assert names(tmp_path) == []
    with pytest.raises(OSError, match="disk full"):
        async with files.made("broken", 7):
            pass
    assert names(tmp_path) == []


async def test_a_subject_of_another_version_is_told() -> None:
    """The call is set aside with that reason."""
    with pytest.raises(UnknownSubject, match="'hologram'"):
        async with Files({}, Path()).made("hologram", 7):
            pass
