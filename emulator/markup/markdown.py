"""Markdown, the older kind: four marks, nothing within another."""

from __future__ import annotations

from .fences import FENCE, opened
from .written import Unreadable, Written, byte_offset

MARKS = {"_": "italic", "*": "bold", "`": "code", "[": "text_link"}


def read(text: str) -> Written:
    """Errors: Unreadable for what is opened and not closed."""
    written, at = Written(), 0
    while at < len(text):
        if text[at] == "\\" and text[at + 1 : at + 2] in MARKS:
            written.add(text[at + 1])
            at += 2
        elif text[at] in MARKS:
            at = _marked(text, at, written)
        else:
            written.add(text[at])
            at += 1
    return written


def _marked(text: str, at: int, written: Written) -> int:
    """Read one entity; returns where it ends."""
    start = written.units
    if text.startswith(FENCE, at):
        language, begin = opened(text, at + len(FENCE))
        end = _end(text, FENCE, begin, at)
        written.add(text[begin:end])
        written.mark("pre", start, **({"language": language} if language else {}))
        return end + len(FENCE)
    end = _end(text, "]" if text[at] == "[" else text[at], at + 1, at)
    inner = text[at + 1 : end]
    written.add(inner)
    if text[at] == "[":
        return _link(text, end + 1, inner, start, written)
    written.mark(MARKS[text[at]], start)
    return end + 1


def _end(text: str, mark: str, begin: int, at: int) -> int:
    end = text.find(mark, begin)
    if end < 0:
        raise Unreadable(f"Can't find end of the entity starting at byte offset {byte_offset(text, at)}")
    return end


def _link(text: str, at: int, inner: str, start: int, written: Written) -> int:
    if not text.startswith("(", at):
        written.mark_link(inner, start)
        return at
    end = text.find(")", at)
    end = len(text) if end < 0 else end
    written.mark_link(text[at + 1 : end], start)
    return end + 1
