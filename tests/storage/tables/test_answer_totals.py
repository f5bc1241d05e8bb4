"""Answers are counted by what made them; those of an older version are counted by their first parts."""

from __future__ import annotations

from dataclasses import replace

from storage.database import Database
from storage.location import Location
from storage.origin import Origin
from storage.tables.answer_totals import AnswerTotals
from tests.second import rows
from tests.storage.files import DAY_MS, NOW_MS

TOTALS = "SELECT * FROM polar_answer_totals ORDER BY day, model, isPrivate"
MODEL = Origin(responder="openai", model="large", personality="f", automation_id="j", experiment="e", variant="v")


async def test_each_answer_adds_to_the_total_of_its_day_and_of_what_made_it(
    database: Database, location: Location
) -> None:
    """Its cost where that is known; a day, a model or a kind of chat of its own is a row of its own."""
    for origin, is_private, now_ms in (
        (Origin(responder="local"), False, NOW_MS),
        (replace(MODEL, usd=0.1), True, NOW_MS),
        (replace(MODEL, usd=0.2), True, NOW_MS),
        (MODEL, True, NOW_MS),
        (MODEL, True, NOW_MS + DAY_MS),
    ):
        await database.commit(AnswerTotals.count(origin, is_private=is_private, milliseconds=50, now_ms=now_ms))
    days = ["2026-11-18", "2026-11-19"]
    assert rows(location, TOTALS) == [
        (days[0], "", "", "", "", "", 0, 1, 0, 0.0, 1, 50),
        (days[0], "large", "f", "j", "e", "v", 1, 3, 2, 0.3, 3, 150),
        (days[1], "large", "f", "j", "e", "v", 1, 1, 0, 0.0, 1, 50),
    ]


async def test_what_was_made_beyond_the_calendar_is_counted_too(database: Database, location: Location) -> None:
    """On no day."""
    await database.commit(AnswerTotals.count(Origin(), is_private=True, milliseconds=1, now_ms=2**62))
    assert [day for day, *_ in rows(location, TOTALS)] == [""]
