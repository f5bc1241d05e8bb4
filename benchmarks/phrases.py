"""How long a time in words takes to be understood: the phrases that the tests hold, in all languages."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

from benchmarks.page import Section
from benchmarks.stage import Stage
from bot.home import ROOT
from bot.when.understanding import understand

PHRASES = ROOT / "tests" / "bot" / "when" / "phrases"
ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 25, 13, 20, tzinfo=UTC)
ROUNDS = 5


def measure(stage: Stage) -> Section:
    """As a section."""
    rows = [[file.stem, *_row(file)] for file in sorted(PHRASES.glob("*.txt"))]
    return Section(
        words=f"Milliseconds until what somebody wrote is understood, asked about or refused, the best of {ROUNDS} for "
        "each phrase; every phrase is read in all languages.",
        headings=["language", "phrases", "median", "longest"],
        rows=rows,
    )


def _row(file: Path) -> list[str]:
    phrases = [line.split(" | ")[0] for line in file.read_text(encoding="utf-8").splitlines()]
    took = [min(_once(phrase) for _ in range(ROUNDS)) for phrase in phrases]
    return [str(len(phrases)), *(f"{ms:.2f}" for ms in (median(took), max(took)))]


def _once(phrase: str) -> float:
    begin = time.perf_counter()
    understand(phrase, now=NOW, zone=ZONE)
    return (time.perf_counter() - begin) * 1000
