"""Markdown of ours around text that is not: whatever stands in the database can become no markup."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

NOTHING = "–"
EMPTY = "(empty)"
LONGEST_WORD = 60
_JOINERS = "\u200c\u200d"
_LONG_WORD = re.compile(rf"(?<!\S)(\S{{{LONGEST_WORD - 1}}})\S\S+")
_STRAY_JOINER = re.compile(rf"(?<![^\0-\x7f{_JOINERS}])[{_JOINERS}]|[{_JOINERS}](?![^\0-\x7f{_JOINERS}])")
_LONG_RUN = re.compile("`{4,}")


@lru_cache(maxsize=1024)
def code(text: str | None, limit: int = 80) -> str:
    """Text as a code span on one line, at most `limit` characters of it, the last one … where it was cut.

    In a code span neither CommonMark nor GitHub reads anything: no heading, link, HTML, mention, reference or
    shortcode. White space is folded; control characters become U+FFFD; what is invisible or turns the direction
    of writing is left out, but for joiners within emoji and scripts that need them.
    """
    if text is None:
        return NOTHING
    shown = _cut(_fold(text), limit)
    if not shown.isprintable():
        shown = _fold(visible(shown))
    if "`" not in shown:
        return f"`{shown}`" if shown else EMPTY
    # GitHub's parser knows no fence over 80 backticks, so a run that needs one would end the span early.
    shown = _LONG_RUN.sub("```…", shown)
    fence = "``"
    while fence in shown:
        fence += "`"
    return f"{fence} {shown} {fence}"


def cell(text: str | None, limit: int = 80) -> str:
    """`code` within a table: parsers do not agree on how a bar that follows a backslash is told from a border."""
    return code(None if text is None else text.replace("|", "¦"), limit)


@lru_cache(maxsize=1024)
def emoji(text: str | None) -> str:
    """Symbols beyond ASCII as they are, anything else as a code span; also within a table."""
    if text is None:
        return "(no emoji)"
    symbols = not any(char.isascii() or char.isalnum() or char.isspace() for char in text)
    return text if symbols and 0 < len(text) <= 16 and visible(text) == text else cell(text, 16)


def visible(text: str) -> str:
    """Text without what cannot be seen: formats are left out, control characters and surrogates become U+FFFD."""
    return _STRAY_JOINER.sub("", "".join(map(_seen, text)))


def table(headings: Sequence[str], rows: Iterable[Sequence[str | int]], *, numbers: int = 1) -> list[str]:
    """Lines of a table, its last `numbers` columns to the right; none where there are no rows."""
    lines = ["| " + " | ".join(map(_figure, row)) + " |" for row in rows]
    rule = "|" + "---|" * (len(headings) - numbers) + "---:|" * numbers
    return ["| " + " | ".join(headings) + " |", rule, *lines] if lines else []


def _figure(value: str | int) -> str:
    return value if isinstance(value, str) else f"{value:,}"


def _fold(text: str) -> str:
    return " ".join(text.split())


def _cut(text: str, limit: int) -> str:
    if len(text) > limit:
        text = text[: limit - 1].rstrip(" " + _JOINERS) + "…"
    return _LONG_WORD.sub(r"\1…", text) if len(text) > LONGEST_WORD else text


def _seen(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cf":
        return char if char in _JOINERS else ""
    return "\ufffd" if category in ("Cc", "Cs") and not char.isspace() else char
