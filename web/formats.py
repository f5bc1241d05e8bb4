"""Values as plain text on a page, and the signs of a text that the eye would miss."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime

DAY_MS = 86_400_000
MISSING = "–"
MAX_COMBINING = 3
"""Marks on one letter; more of them reach into the lines above and below."""

_UNITS = (("d", DAY_MS), ("h", 3_600_000), ("min", 60_000), ("s", 1_000))
# Shown as nothing at all, though letters and symbols by category.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_LINE_BREAKS = frozenset("\n\u2028\u2029\x85\x0b\x0c")
_JOINER = "\u200d"


def day(ms: int) -> str:
    """The UTC day of an instant, as the daily totals have it."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d")


def days_back(now_ms: int, count: int) -> list[str]:
    """The last `count` UTC days, today last."""
    return [day(now_ms - back * DAY_MS) for back in range(count - 1, -1, -1)]


def start_ms(of_day: str) -> int:
    """When a UTC day begins."""
    return round(datetime.fromisoformat(f"{of_day}T00:00:00+00:00").timestamp() * 1000)


def instant(ms: int) -> str | None:
    """`2026-11-23T01:29:05Z`; None for a number that is no instant of the calendar."""
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return None


def duration(ms: float) -> str:
    """`850 ms`, `1.2 s`, `3 min 20 s`, `2 d 4 h`: the two largest units."""
    if ms < 0:
        return f"-{duration(-ms)}"
    if ms < 1_000:
        return f"{ms:.0f} ms"
    if ms < 10_000:
        return f"{ms / 1000:.1f} s"
    parts: list[tuple[int, str]] = []
    for unit, size in _UNITS:
        count, ms = divmod(ms, size)
        if count or parts:
            parts.append((int(count), unit))
    return " ".join(f"{count} {unit}" for count, unit in parts[:2] if count)


def number(value: float) -> str:
    """`1,234,567`; fractions keep two digits."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def usd(value: float) -> str:
    """`$1,234.50`; small sums keep four digits."""
    return f"${value:,.4f}" if 0 < abs(value) < 0.1 else f"${value:,.2f}"


def segments(text: str) -> Iterator[tuple[str, str]]:
    """The text in pieces, each with what is to be shown in its place: '' where the piece shows itself.

    Pieces that show nothing, or that change how their neighbours look, are named: `U+202E`, `↵` for a line break.
    """
    plain = ""
    stacked = 0
    for position, sign in enumerate(text):
        stacked = stacked + 1 if unicodedata.combining(sign) else 0
        name = _mark(sign, text[position - 1 : position], text[position + 1 : position + 2], stacked)
        if name is None:
            plain += sign
            continue
        if plain:
            yield plain, ""
            plain = ""
        yield sign, name
    if plain:
        yield plain, ""


def _mark(sign: str, before: str, after: str, stacked: int) -> str | None:
    if sign in _LINE_BREAKS:
        return "↵"
    if sign == "\t":
        return "⇥"
    if sign == _JOINER and _is_symbol(before) and _is_symbol(after):  # a family of emoji
        return None
    hidden = unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Cn", "Co") or sign in _BLANK
    return f"U+{ord(sign):04X}" if hidden or stacked > MAX_COMBINING else None


def _is_symbol(sign: str) -> bool:
    return bool(sign) and (unicodedata.category(sign) in ("So", "Sk") or sign == "\ufe0f")
