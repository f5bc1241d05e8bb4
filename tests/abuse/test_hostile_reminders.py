"""Texts that begin like a reminder, made to be read slowly."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from bot.when.understanding import understand
from tests.cost import bounded

pytestmark = pytest.mark.slow
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LONGEST = 4096
"""Characters of a message."""
WORDS = (
    *("every", "on", "at", "in", "to", "that", "and", "the", "an", ",", "7", "7:30", "20", "1st", "pm", "noon"),
    *("monday", "mondays", "day", "month", "hour", "minutes", "morning", "today", "tomorrow"),
)
TEXTS = tuple(
    (opening + f"{one} {other} " * LONGEST)[:LONGEST]
    for opening in ("remind me ", "remind me to x ")
    for one, other in product(WORDS, WORDS)
)


def test_no_pair_of_words_makes_reading_slow_however_often_it_is_repeated() -> None:
    """All of them together take no longer than one may that goes astray: where time is asked for, and behind a text."""
    assert len(TEXTS) > 1_000
    with bounded():
        for text in TEXTS:
            understand(text, now=NOW, zone=ZoneInfo("UTC"))
