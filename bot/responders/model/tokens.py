"""The number of tokens of a text, estimated without the model's own tokenizer."""

from __future__ import annotations

import math

from middleware.said import one_line

encode = one_line
"""JSON as all of the data is sent."""
PER_MESSAGE = 4
"""The tokens of a message beyond its text."""
SIXTHS = 6


def count(text: str) -> int:
    """An estimate from above: three ASCII characters are a token, and two bytes of UTF-8 of any other.

    So a Chinese character counts as one and a half. Prose in all languages tried, and code, have fewer tokens than
    this with the tokenizers cl100k and o200k; ids, base64 and rare signs may have up to three times as many.
    """
    return math.ceil(sixths(text) / SIXTHS)


def sixths(text: str) -> int:
    """The same in sixths of a token, so that those of pieces add up to those of the whole."""
    ascii_only = len(text.encode("ascii", errors="ignore"))
    others = len(text.encode("utf-8", errors="replace")) - ascii_only
    return 2 * ascii_only + 3 * others


def head(text: str, limit: int) -> str:
    """The longest beginning of a text that has at most this many tokens once it is encoded."""
    most = 3 * limit  # a character is a third of a token or more
    if len(text) <= most and count(encode(text)) <= limit:
        return text
    low, high = 0, min(len(text), most)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count(encode(text[:middle])) <= limit else (low, middle - 1)
    return text[:low]
