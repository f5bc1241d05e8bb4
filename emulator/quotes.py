"""Quotes of the words that a reply is about."""

from __future__ import annotations

from .people import Json
from .texts import units

MAX_UNITS = 1024
# The styles that a quote keeps.
KEPT = frozenset(["bold", "italic", "underline", "strikethrough", "spoiler", "custom_emoji"])


def quote_of(message: Json, words: str) -> Json:
    """The TextQuote of the first place where a message has these words. Errors: ValueError."""
    text = str(message.get("text", message.get("caption", "")))
    if not words or units(words) > MAX_UNITS:
        raise ValueError(f"a quote has 1 to {MAX_UNITS} characters")
    if words not in text:
        raise ValueError("the message has no such words")
    start, length = units(text[: text.index(words)]), units(words)
    entities = message.get("entities", message.get("caption_entities", []))
    cut = [_cut(entity, start, length) for entity in entities if entity["type"] in KEPT]
    kept = [entity for entity in cut if entity["length"] > 0]
    return {"text": words, **({"entities": kept} if kept else {}), "position": start, "is_manual": True}


def _cut(entity: Json, start: int, length: int) -> Json:
    """What is left of an entity between these bounds; its length is not above 0 when nothing is."""
    first = max(entity["offset"] - start, 0)
    last = min(entity["offset"] + entity["length"] - start, length)
    return {**entity, "offset": first, "length": last - first}
