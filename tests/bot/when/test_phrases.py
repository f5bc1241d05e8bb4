"""What people write when they mean a time, and what it means: a file a language in `phrases/`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.schedules.text import parse
from bot.when.language import LANGUAGES
from bot.when.results import Ask, NotUnderstood, Understood
from bot.when.understanding import understand

PHRASES = sorted((Path(__file__).parent / "phrases").glob("*.txt"))
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 25, 14, 20, tzinfo=BERLIN)  # a Wednesday


def phrases(file: Path) -> Iterator[tuple[str, str, str]]:
    """A text, its meaning (`? …; …` where it asks, `- why` where it is none), and the thing to do."""
    for line in file.read_text(encoding="utf-8").splitlines():
        text, meaning, *thing = line.split(" | ")
        yield text, meaning, "".join(thing)


def shown(told: Understood) -> str:
    """A meaning on one line."""
    schedule = told.schedule.replace("DTSTART;TZID=Europe/Berlin:", "").replace("\nRRULE:", " ")
    assumed = ", ".join(f"{at:%H:%M}" for at in told.assumed)
    return f"{schedule} ({assumed} assumed)" if assumed else schedule


def read(text: str) -> tuple[str, str]:
    """The meaning of a text and the thing to do, as a line of phrases has them; each meaning is a schedule."""
    told = understand(text, now=NOW, zone=BERLIN)
    if isinstance(told, NotUnderstood):
        return f"- {told.why}", ""
    choices = told.choices if isinstance(told, Ask) else (told,)
    for choice in choices:
        assert parse(choice.schedule, zone=BERLIN, now=NOW).next(NOW) is not None
    asked = "? " if isinstance(told, Ask) else ""
    return asked + "; ".join(map(shown, choices)), told.thing


@pytest.mark.parametrize("file", PHRASES, ids=lambda file: file.stem)
def test_a_time_means_what_people_mean_by_it(file: Path) -> None:
    """What may mean two things is asked, what is not understood whole is not understood; and each is a schedule."""
    told = [(text, *read(text)) for text, _, _ in phrases(file)]
    assert [other for other in zip(told, phrases(file), strict=True) if other[0] != other[1]] == []


def test_each_language_has_phrases() -> None:
    """So that none is read which nobody has tried."""
    assert {file.stem for file in PHRASES} == {language.name for language in LANGUAGES}
