"""Entities as they may stand within each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ..people import Json

CODE = frozenset({"code", "pre"})
STYLES = ("bold", "italic", "underline", "strikethrough", "spoiler")
QUOTES = frozenset({"blockquote", "expandable_blockquote"})
# Of entities of one place and length, which comes first.
ORDER = ("blockquote", "expandable_blockquote", "pre", "code", "text_link", "text_mention", *STYLES, "custom_emoji")


def nested(entities: list[Json]) -> list[Json]:
    """The entities in order; styles are split at the borders of the others, and within code there is nothing.

    Of two others that overlap the outer one stays; quotes hold all but quotes.
    """
    entities = sorted(entities, key=_order)
    quotes = _apart(entity for entity in entities if entity["type"] in QUOTES)
    others = _apart(entity for entity in entities if entity["type"] not in QUOTES and entity["type"] not in STYLES)
    pieces = [piece for entity in entities if entity["type"] in STYLES for piece in _split(entity, others)]
    return sorted([*quotes, *others, *pieces], key=_order)


def _order(entity: Json) -> tuple[int, int, int]:
    return entity["offset"], -entity["length"], ORDER.index(entity["type"])


def _end(entity: Json) -> int:
    return int(entity["offset"] + entity["length"])


def _apart(entities: Iterator[Json]) -> list[Json]:
    """Those which begin after the end of the one before."""
    kept: list[Json] = []
    for entity in entities:
        if not kept or entity["offset"] >= _end(kept[-1]):
            kept.append(entity)
    return kept


def _split(style: Json, others: list[Json]) -> Iterator[Json]:
    first, last = style["offset"], _end(style)
    borders = {border for other in others for border in (other["offset"], _end(other)) if first < border < last}
    places = sorted({first, last, *borders})
    for start, end in pairwise(places):
        if not any(other["offset"] <= start < _end(other) for other in others if other["type"] in CODE):
            yield {**style, "offset": start, "length": end - start}
