"""What any reading must hold to, whatever it reads."""

from __future__ import annotations

import json
import re
from typing import Any

from storage.text import clean

MAX_ID = 2**63 - 1
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class Broken(Exception):
    """A rule does not hold; the message says which."""


def must(holds: bool, rule: str) -> None:
    """Raises Broken with the rule, if it does not hold."""
    if not holds:
        raise Broken(rule)


def must_fit(number: int | None, name: str) -> None:
    """SQLite can hold this number."""
    must(number is None or (type(number) is int and -MAX_ID <= number <= MAX_ID), f"{name} fits SQLite")


def must_be_clean(text: str, name: str) -> None:
    """SQLite and Telegram can hold this text."""
    must(clean(text) == text, f"{name} is clean")


def must_be_stored(content: Any, name: str) -> None:
    """It is JSON, for every program, with nothing in it that cannot be stored."""
    try:
        written = json.dumps(content, ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise Broken(f"{name} is JSON") from None
    must_be_clean(written, name)
    must(_NUL.search(written) is None, f"{name} is without NULs")
