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

PHRASES = Path(__file__).parent / "phrases"
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 25, 14, 20, tzinfo=BERLIN)  # a Wednesday


def phrases() -> Iterator[tuple[str, str, str]]:
    """A text, its meaning (`? …; …` where it asks, `- why` where it is none), and the thing to do."""
    for file in sorted(PHRASES.glob("*.txt")):
        for line in file.read_text(encoding="utf-8").splitlines():
            text, meaning, *thing = line.split(" | ")
            yield text, meaning, "".join(thing)


def shown(told: Understood) -> str:
    """A meaning on one line."""
    schedule = told.schedule.replace("DTSTART;TZID=Europe/Berlin:", "").replace("\nRRULE:", " ")
    assumed = ", ".join(f"{at:%H:%M}" for at in told.assumed)
    return f"{schedule} ({assumed} assumed)" if assumed else schedule


@pytest.mark.parametrize(("text", "meaning", "thing"), list(phrases()))
def test_a_time_means_what_people_mean_by_it(text: str, meaning: str, thing: str) -> None:
    """What may mean two things is asked, what is not understood whole is not understood; and each is a schedule."""
    told = understand(text, now=NOW, zone=BERLIN)
    match told:
        case NotUnderstood():
            assert (f"- {told.why}", "") == (meaning, thing)
            return
        case Ask():
            assert ("? " + "; ".join(map(shown, told.choices)), told.thing) == (meaning, thing)
        case Understood():
            assert (shown(told), told.thing) == (meaning, thing)
    for choice in told.choices if isinstance(told, Ask) else (told,):
        assert parse(choice.schedule, zone=BERLIN, now=NOW).next(NOW) is not None


def test_each_language_has_phrases() -> None:
    """So that none is read which nobody has tried."""
    assert {file.stem for file in PHRASES.glob("*.txt")} == {language.name for language in LANGUAGES}
