"""Entities as they may stand within each other."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from operator import itemgetter

from ..people import Json

CODE = frozenset({"code", "pre"})
STYLES = ("bold", "italic", "underline", "strikethrough", "spoiler")
QUOTES = frozenset({"blockquote", "expandable_blockquote"})
# Of entities of one place and length, which comes first.
ORDER = ("blockquote", "expandable_blockquote", "pre", "code", "text_link", "text_mention", *STYLES, "custom_emoji")


def nested(entities: list[Json]) -> list[Json]:
    """The entities in order; styles are split at the borders of the others, and within code there is nothing.

    Of two others that overlap the outer one stays, as of two of one style; quotes hold all but quotes.
    """
    entities = sorted(entities, key=_order)
    quotes = _apart(entity for entity in entities if entity["type"] in QUOTES)
    others = _apart(entity for entity in entities if entity["type"] not in QUOTES and entity["type"] not in STYLES)
    styles = [style for kind in STYLES for style in _apart(entity for entity in entities if entity["type"] == kind)]
    pieces = [piece for style in styles for piece in _split(style, others)]
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
    """The parts of a style before, within and between the others, which stand apart and in order."""
    at, last = style["offset"], _end(style)
    first = bisect_right(others, at, key=_end)
    for other in others[first : bisect_left(others, last, key=itemgetter("offset"))]:
        yield from _part(style, at, other["offset"])
        at = max(at, other["offset"])
        if other["type"] not in CODE:
            yield from _part(style, at, min(_end(other), last))
        at = _end(other)
    yield from _part(style, at, last)


def _part(style: Json, start: int, end: int) -> Iterator[Json]:
    if start < end:
        yield {**style, "offset": start, "length": end - start}
