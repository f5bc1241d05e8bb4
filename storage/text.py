"""Text that SQLite and Telegram can hold."""

from __future__ import annotations

import re

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """The text without NULs, each lone surrogate replaced by U+FFFD.

    NULs end `length()` and LIKE in SQLite; a lone surrogate cannot be bound at all (facts of both APIs).
    """
    if "\x00" in text:
        text = text.replace("\x00", "")
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def printable(text: str) -> str:
    """Nothing that a terminal, or whatever else shows it, would act on: a blank in its place, ends of lines too."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def mebibytes(size: int) -> str:
    """A size in bytes, for people."""
    return f"{size / 1_048_576:,.1f} MiB"
