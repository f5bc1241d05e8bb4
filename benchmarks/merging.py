"""What it costs to wait for what else somebody writes: texts recorded with a merge window, and without."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.bots import POLAR
from benchmarks.page import Section
from benchmarks.stage import Stage
from benchmarks.telegram import CHATS
from benchmarks.workloads import TEXTS, speed

UPDATES = 20_000
WINDOWS_MS = (0, 800)


def measure(stage: Stage) -> Section:
    """As a section."""
    rows = []
    for chats, words in ((CHATS, f"of {CHATS} people"), (UPDATES, "each of somebody else")):
        cells = [f"{_speed(stage, chats, window_ms):,.0f}" for window_ms in WINDOWS_MS]
        rows.append([words, *cells])
    return Section(
        words=f"{UPDATES:,} texts, recorded and not answered: a second until the last is committed, the wait for the "
        "end of the last window included.",
        headings=["texts", *(f"window of {window_ms} ms" for window_ms in WINDOWS_MS)],
        rows=rows,
    )


def _speed(stage: Stage, chats: int, window_ms: int) -> float:
    feed = replace(TEXTS.feed, updates=UPDATES, chats=chats)
    return speed(stage, replace(TEXTS, feed=feed, settings={**TEXTS.settings, "merge_window_ms": window_ms}), POLAR)
