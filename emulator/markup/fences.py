"""The beginning of a block of code, which both kinds of Markdown read in the same way."""

from __future__ import annotations

import re

FENCE = "```"
LANGUAGE = re.compile(r"[^\s`\0]+(?=[\s\0])")
LINE_END = re.compile(r"\r\n|\n\r|\n|\r|")


def opened(text: str, at: int) -> tuple[str, int]:
    """The language, empty when there is none, and where the code begins; `at` is behind the fence."""
    language = LANGUAGE.match(text, at)
    if language is not None:
        at = language.end()
    line_end = LINE_END.match(text, at)
    return language[0] if language else "", line_end.end() if line_end else at
