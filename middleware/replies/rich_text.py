"""A model's Markdown as Telegram takes it: plain text, and the entities that say how stretches of it are shown."""

from __future__ import annotations

import logging
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from middleware.markdown.page import render
from middleware.markdown.spans import Stretch
from middleware.replies.splitting import LIMIT, Block, Cutter, clean, is_visible, utf16_length
from storage.payloads import Entity

log = logging.getLogger("polar.rich_text")

MOST_ENTITIES = 100
"""In a message; Telegram drops further ones."""
PHRASE_LENGTH = 256
"""Characters of a formatted stretch that is not cut between its words, if it can be helped."""
STYLES = frozenset({"bold", "italic", "underline", "strikethrough", "spoiler"})
"""They may contain each other and be contained, but neither in `code` nor in `pre`."""
QUOTES = frozenset({"blockquote", "expandable_blockquote"})
"""They contain all others, but none of their like."""
_RUNS = frozenset({"text_link", "pre", "code"})
"""They contain none of their like."""
_OUTERMOST_FIRST = (*sorted(QUOTES), "text_link", "pre", "code", *sorted(STYLES))


@dataclass(frozen=True, slots=True)
class RichText:
    """A text and its entities, in order, the outer ones first."""

    text: str
    entities: tuple[Entity, ...] = ()


def rich(markdown: str) -> RichText:
    """The text that Markdown stands for; Markdown that cannot be read is shown as it is written. Never raises."""
    source = clean(markdown)
    try:
        written = render(source)
    except Exception as error:  # noqa: BLE001 - a foreign parser; its failure must not be the answer's
        log.warning("Markdown could not be read: %s", type(error).__name__)
        return RichText(source.strip())
    text = str(written)
    if not is_visible(text):
        return RichText(source.strip())
    return _rich(text, *_ends(text, written.spans), list(_fitting(text, written.spans)))


def _spans(text: str, entities: Iterable[Entity]) -> Iterator[Stretch]:
    """Yield the entities by indices."""
    units = _units(text)
    for entity in entities:
        start, end = (bisect_left(units, unit) for unit in (entity.offset, entity.offset + entity.length))
        yield Stretch(start, end, entity.type, entity.url, entity.language)


def _units(text: str) -> Sequence[int]:
    """The UTF-16 offset of each index, the end included."""
    if utf16_length(text) == len(text):
        return range(len(text) + 1)
    return [*accumulate((1 + (character > "\uffff") for character in text), initial=0)]


def _ends(text: str, spans: Iterable[Stretch]) -> tuple[int, int]:
    """The first and the last index of what can be seen; the indentation of code at the beginning can."""
    blanks = len(text) - len(text.lstrip())
    code = min((span.start for span in spans if span.type == "pre"), default=blanks)
    return min(blanks, code), len(text.rstrip())


def _fitting(text: str, spans: Iterable[Stretch]) -> Iterator[Stretch]:
    """Yield what Telegram shows of them, in order: no style within the same, no link in a link, nothing in code."""
    shown = sorted(_all_trimmed(text, spans), key=_order)
    quotes = _apart(span for span in shown if span.type in QUOTES)
    runs = _apart(span for span in shown if span.type in _RUNS)
    code = [span for span in runs if span.type != "text_link"]
    styles = [
        piece
        for style in sorted(STYLES)
        for span in _apart(span for span in shown if span.type == style)
        for piece in _around(text, span, code)
    ]
    yield from sorted((*quotes, *runs, *styles), key=_order)


def _order(span: Stretch) -> tuple[int, int, int]:
    return span.start, -span.end, _OUTERMOST_FIRST.index(span.type)


def _trimmed(text: str, span: Stretch) -> Stretch | None:
    """Without the blanks at its ends, though code keeps its indentation; None when nothing is left."""
    stretch = text[span.start : span.end]
    if not stretch.strip():
        return None
    blanks = 0 if span.type == "pre" else len(stretch) - len(stretch.lstrip())
    return replace(span, start=span.start + blanks, end=span.start + len(stretch.rstrip()))


def _all_trimmed(text: str, spans: Iterable[Stretch]) -> Iterator[Stretch]:
    """Yield those of which something is left; a quote keeps the indentation of the code that it begins with."""
    pairs = [(span, trimmed) for span in spans if (trimmed := _trimmed(text, span)) is not None]
    code = sorted(trimmed.start for _, trimmed in pairs if trimmed.type == "pre")
    for span, trimmed in pairs:
        first = bisect_left(code, span.start)
        if trimmed.type in QUOTES and first < len(code) and code[first] < trimmed.start:
            yield replace(trimmed, start=code[first])
        else:
            yield trimmed


def _apart(spans: Iterable[Stretch]) -> list[Stretch]:
    """Those that overlap none before them."""
    kept: list[Stretch] = []
    for span in spans:
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def _around(text: str, span: Stretch, code: Sequence[Stretch]) -> Iterator[Stretch]:
    """Yield the pieces of a style that are in no code."""
    at = span.start
    first = bisect_right(code, at, key=lambda other: other.end)
    for other in code[first : bisect_left(code, span.end, key=lambda other: other.start)]:
        if at < other.start and (piece := _trimmed(text, replace(span, start=at, end=other.start))):
            yield piece
        at = other.end
    if at < span.end and (piece := _trimmed(text, replace(span, start=at))):
        yield piece


def split_rich(text: RichText, limit: int = LIMIT) -> tuple[RichText, ...]:
    """Cut what `rich` gave into parts of at most `limit` UTF-16 units and MOST_ENTITIES entities; as `split` cuts.

    An entity that is cut is one in each part, code with its language, a link with its address.
    """
    if not text.text.strip():
        return ()
    if utf16_length(text.text) <= limit and len(text.entities) <= MOST_ENTITIES:
        return (text,)
    spans = list(_spans(text.text, text.entities))
    blocks = [Block(start=s.start, body=s.start, stop=s.end, end=s.end) for s in spans if s.type == "pre"]
    cutter = Cutter(text.text, limit, blocks, list(_phrases(spans)), _Bound(spans, len(text.text)))
    return tuple(_parts(text.text, spans, cutter.cuts()))


def _phrases(spans: Iterable[Stretch]) -> Iterator[tuple[int, int]]:
    """Yield the short formatted stretches within lines, those that overlap as one."""
    start = end = 0
    for span in spans:
        if span.type in ("pre", *QUOTES) or span.end - span.start > PHRASE_LENGTH:
            continue
        if span.start >= end and end > start:
            yield start, end
        if span.start >= end:
            start = span.start
        end = max(end, span.end)
    if end > start:
        yield start, end


class _Bound:
    """The end of the longest part from an index on with MOST_ENTITIES entities."""

    def __init__(self, spans: Sequence[Stretch], length: int) -> None:
        self._starts = [span.start for span in spans]
        self._ends = sorted(span.end for span in spans)
        self._length = length

    def __call__(self, at: int) -> int:
        beyond = bisect_right(self._ends, at) + MOST_ENTITIES  # those that have begun before and go on count, too
        return self._starts[beyond] if beyond < len(self._starts) else self._length


def _parts(text: str, spans: Sequence[Stretch], cuts: Iterable[tuple[int, int]]) -> Iterator[RichText]:
    open_spans: list[Stretch] = []
    following = 0
    for start, end in cuts:
        end = start + len(text[start:end].rstrip())
        while following < len(spans) and spans[following].start < end:
            open_spans.append(spans[following])
            following += 1
        open_spans = [span for span in open_spans if span.end > start]
        pieces = (replace(s, start=max(s.start, start), end=min(s.end, end)) for s in open_spans)
        yield _rich(text, start, end, _all_trimmed(text, pieces))


def _rich(text: str, start: int, end: int, spans: Iterable[Stretch]) -> RichText:
    """A stretch of the text with spans that lie in it."""
    part = text[start:end]
    units = _units(part)
    entities = []
    for span in spans:
        offset, stop = units[span.start - start], units[span.end - start]
        entities.append(Entity(span.type, offset, stop - offset, span.url, span.language))
    return RichText(part, tuple(entities))
