"""What people ask has readers of its own, and an end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from storage.database import Database
from storage.errors import DatabaseClosed, QuestionTooLong
from storage.sqlite.readers import READERS
from storage.sqlite.reading import connect
from tests.storage.files import NOW_MS

ENDLESS = "WITH RECURSIVE n (x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
LATER_S = 3600.0
"""A limit that no test waits for."""


@pytest.fixture
async def impatient(path: Path) -> AsyncIterator[Database]:
    """A database that lets nobody ask for long."""
    database = await Database.open(path, now_ms=NOW_MS, question_s=0.02)
    yield database
    await database.close()


async def test_a_question_that_takes_too_long_is_ended(impatient: Database) -> None:
    """Whoever asks is told, and the connections answer the next ones."""
    for _ in range(READERS + 1):
        with pytest.raises(QuestionTooLong):
            await impatient.asking.fetch(ENDLESS)
    assert await asyncio.gather(*(answer(impatient) for _ in range(READERS))) == [(1,)] * READERS


async def answer(database: Database) -> tuple[int]:
    """What a question gets that takes no time, asked until it does: on a busy machine any may be ended."""
    while True:
        with suppress(QuestionTooLong):
            [row] = await database.asking.fetch("SELECT 1")
            return tuple(row)


async def test_waiting_for_others_counts(impatient: Database) -> None:
    """So that the last of many does not wait for all before it."""
    questions = [impatient.asking.fetch(ENDLESS) for _ in range(5 * READERS)]
    ends = await asyncio.gather(*questions, return_exceptions=True)
    assert {type(end) for end in ends} == {QuestionTooLong}


@pytest.fixture
async def patient(path: Path) -> AsyncIterator[Database]:
    """A database that lets everybody ask as long as they like."""
    database = await Database.open(path, now_ms=NOW_MS, question_s=LATER_S)
    yield database
    await database.close()


async def test_reading_by_key_waits_for_no_question(patient: Database) -> None:
    """However many questions hang; the end of the database ends them."""
    questions = [asyncio.create_task(patient.asking.fetch(ENDLESS)) for _ in range(2 * READERS)]
    assert await patient.fetch_one("SELECT 1") is not None
    assert not any(question.done() for question in questions)
    await patient.close()
    ends = await asyncio.gather(*questions, return_exceptions=True)
    assert {type(end) for end in ends} == {DatabaseClosed}


async def test_a_question_that_nobody_waits_for_any_more_is_ended(patient: Database) -> None:
    """Its connection is soon another one's."""
    for _ in range(2 * READERS):
        question = asyncio.create_task(patient.asking.fetch(ENDLESS))
        await asyncio.sleep(0)
        question.cancel()
    assert await patient.asking.fetch_one("SELECT 1") is not None


async def _made(path: Path) -> None:
    await (await Database.open(path, now_ms=NOW_MS)).close()


async def _interrupted(path: Path, steps: int) -> None:
    """Open the file, and be interrupted after so many turns of the event loop."""
    opening = asyncio.create_task(connect(path))
    for _ in range(steps):
        await asyncio.sleep(0)
    opening.cancel()
    with suppress(asyncio.CancelledError):
        await (await opening).close()


def test_who_is_interrupted_while_opening_leaves_nobody_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread tells an event loop that is gone: Ctrl-C prints nothing."""
    asyncio.run(_made(path))
    raised: list[object] = []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    before = set(threading.enumerate())
    for steps in range(8):
        asyncio.run(_interrupted(path, steps))
    for thread in set(threading.enumerate()) - before:
        thread.join()
    assert raised == []
