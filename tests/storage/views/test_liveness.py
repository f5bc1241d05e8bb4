"""What another process can tell of a bot by the signs that it leaves."""

from __future__ import annotations

import pytest

from storage.database import Database
from storage.tables.properties import Properties
from storage.views.liveness import ALIVE_MS, LastSigns, last_signs
from tests.storage.files import NOW_MS


@pytest.mark.parametrize(
    ("kept", "signs", "silent_ms"),
    [
        ({}, LastSigns(), None),
        (
            {"start": "2", "ended_start": "1", "beat_ms": str(NOW_MS - ALIVE_MS), "last_poll_ms": "5", "bot_id": "7"},
            LastSigns(has_started=True, should_live=True, beat_ms=NOW_MS - ALIVE_MS, poll_ms=5, bot_id="7"),
            None,
        ),
        (
            {"start": "2", "beat_ms": str(NOW_MS - ALIVE_MS - 1), "last_conflict_ms": "9"},
            LastSigns(has_started=True, should_live=True, beat_ms=NOW_MS - ALIVE_MS - 1, conflict_ms=9),
            ALIVE_MS + 1,
        ),
        ({"start": "2", "ended_start": "2", "beat_ms": "1"}, LastSigns(has_started=True, beat_ms=1), None),
    ],
    ids=["never started", "alive", "silent", "ended as it was asked to"],
)
async def test_a_bot_is_silent_that_should_be_alive_and_has_not_beaten(
    database: Database, kept: dict[str, str], signs: LastSigns, silent_ms: int | None
) -> None:
    """And no other."""
    await database.commit(*(Properties.set(name, value) for name, value in kept.items()))
    assert await last_signs(database) == signs
    assert signs.silent_ms(NOW_MS) == silent_ms
    assert signs.is_alive(NOW_MS) == (signs.should_live and silent_ms is None)
