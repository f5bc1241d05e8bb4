"""Texts as Telegram keeps them: trimmed, measured in UTF-16 units, with entities that fit."""

from __future__ import annotations

import re
from typing import Any

from .errors import bad_request
from .people import Json

MAX_UNITS = 4096
MAX_CAPTION_UNITS = 1024
MAX_ENTITIES = 100
STYLES = frozenset(
    [
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
    ]
)
# What a server finds by itself; given by a bot, they are taken and ignored.
FOUND = frozenset(["mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"])
PATTERNS = (
    ("bot_command", re.compile(r"(?<![\w/@])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?")),
    ("mention", re.compile(r"(?<![\w/@])@[A-Za-z0-9_]{3,32}\b")),
    ("url", re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")),
)
CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32)], " ")


def units(text: str) -> int:
    """The length in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def entities_in(text: str) -> list[Json]:
    """The commands, mentions and links which a server finds in a person's text."""
    entities = [
        {"type": kind, "offset": units(text[: match.start()]), "length": units(match.group())}
        for kind, pattern in PATTERNS
        for match in pattern.finditer(text)
    ]
    return sorted(entities, key=lambda entity: entity["offset"])


def fitted(text: str, entities: Any) -> tuple[str, list[Json]]:
    """The text and the entities as the server keeps them.

    Blanks are cut off at the end, and at the start up to the first entity; entities out of range are dropped,
    and all beyond 100. Errors: an empty text, one of more than 4096 units, an entity cutting a character, or of a
    type that no server knows, or a link to nowhere.
    """
    text, fitting = kept(text, entities)
    if not text:
        raise bad_request("message text is empty")
    if units(text) > MAX_UNITS:
        raise bad_request("message is too long")
    return text, fitting


def caption(text: str, entities: Any) -> tuple[str, list[Json]]:
    """As `fitted`, but it may be empty. Errors: more than 1024 units."""
    text, fitting = kept(text, entities)
    if units(text) > MAX_CAPTION_UNITS:
        raise bad_request("message caption is too long")
    return text, fitting


def kept(text: str, entities: Any) -> tuple[str, list[Json]]:
    """As `fitted`, of any length."""
    fitting = _in_range(entities, units(text))
    _check_boundaries(text, fitting)
    return _trimmed(text.translate(CONTROLS), fitting)


def _in_range(entities: Any, length: int) -> list[Json]:
    if not isinstance(entities, list):
        return []
    for entity in entities:
        _check_type(entity)
    return [entity for entity in entities if entity["type"] in STYLES and _fits(entity, length)][:MAX_ENTITIES]


def _check_type(entity: Any) -> None:
    if not isinstance(entity, dict):
        raise bad_request("can't parse entities: expected an Object")
    if entity.get("type") not in STYLES | FOUND:
        raise bad_request("can't parse entities: unsupported type specified")
    if entity["type"] == "text_link" and not (isinstance(entity.get("url"), str) and entity["url"]):
        raise bad_request("can't parse entities: can't find field \"url\"")


def _fits(entity: Json, length: int) -> bool:
    offset, size = entity.get("offset"), entity.get("length")
    if not isinstance(offset, int) or not isinstance(size, int):
        return False
    return offset >= 0 and size > 0 and offset + size <= length


def _check_boundaries(text: str, entities: list[Json]) -> None:
    if not entities or text.isascii():
        return
    wide = text.encode("utf-16-le", "surrogatepass")
    for entity in entities:
        start, end = entity["offset"], entity["offset"] + entity["length"]
        if _inside_pair(wide, start):
            raise bad_request(f"entity begins in a middle of a UTF-16 symbol at UTF-16 offset {start}")
        if _inside_pair(wide, end):
            where = f"at UTF-16 offset {end}"
            raise bad_request(f"entity beginning at UTF-16 offset {start} ends in a middle of a UTF-16 symbol {where}")


def _inside_pair(wide: bytes, unit: int) -> bool:
    return unit * 2 < len(wide) and 0xDC <= wide[unit * 2 + 1] <= 0xDF


def _trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    text = text.rstrip()
    blanks = len(text) - len(text.lstrip())
    first = min((entity["offset"] for entity in entities), default=blanks)
    cut = min(blanks, first)
    text = text[cut:]
    length = units(text)
    moved = [_moved(entity, cut, length) for entity in entities]
    return text, [entity for entity in moved if entity["length"] > 0]


def _moved(entity: Json, cut: int, length: int) -> Json:
    offset = entity["offset"] - cut
    return {**entity, "offset": offset, "length": min(entity["length"], length - offset)}


MAX_QUOTE_UNITS = 1024
# The styles that a quote keeps.
KEPT_IN_QUOTES = frozenset(["bold", "italic", "underline", "strikethrough", "spoiler", "custom_emoji"])


def quote_of(message: Json, words: str) -> Json:
    """The TextQuote of the first place where a message has these words. Errors: ValueError."""
    text = str(message.get("text", message.get("caption", "")))
    if not words or units(words) > MAX_QUOTE_UNITS:
        raise ValueError(f"a quote has 1 to {MAX_QUOTE_UNITS} characters")
    if words not in text:
        raise ValueError("the message has no such words")
    start, length = units(text[: text.index(words)]), units(words)
    entities = message.get("entities") or message.get("caption_entities") or []
    cut = [_cut_entity(entity, start, length) for entity in entities if entity["type"] in KEPT_IN_QUOTES]
    kept = [entity for entity in cut if entity["length"] > 0]
    return {"text": words, **({"entities": kept} if kept else {}), "position": start, "is_manual": True}


def _cut_entity(entity: Json, start: int, length: int) -> Json:
    """What is left of an entity between these bounds; its length is not above 0 when nothing is."""
    first = max(entity["offset"] - start, 0)
    last = min(entity["offset"] + entity["length"] - start, length)
    return {**entity, "offset": first, "length": last - first}
