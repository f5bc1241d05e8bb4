"""A model's Markdown as Telegram takes it: plain text, and the entities that say how stretches of it are shown."""

from __future__ import annotations

import logging
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from urllib.parse import urlsplit

from telegramify_markdown import RenderConfig, convert

from middleware.replies.splitting import LIMIT, Block, Cutter, clean, utf16_length
from storage.payloads import Entity

log = logging.getLogger("polar.rich_text")
logging.getLogger("telegramify_markdown").setLevel(logging.CRITICAL)  # its errors quote what was written

MOST_ENTITIES = 100
"""In a message; Telegram drops further ones."""
PHRASE_LENGTH = 256
"""Characters of a formatted stretch that is not cut between its words, if it can be helped."""
STYLES = frozenset({"bold", "italic", "underline", "strikethrough"})
"""They may contain each other and be contained, but neither in `code` nor in `pre`."""
_RUNS = frozenset({"text_link", "pre", "code"})
"""They contain none of their like."""
_OUTERMOST_FIRST = ("blockquote", "text_link", "pre", "code", "bold", "italic", "underline", "strikethrough")
_HOSTED, _OTHER_LINKS = frozenset({"http", "https"}), frozenset({"tg", "mailto"})
_MOST_FORMULAS = 200
"""The converter takes time by the square of their number."""
# What the converter would hide or drop: `||` makes spoilers, `<` begins HTML. A noncharacter behind it prevents that.
_MARK = "\ufdd0"
_MARKED = re.compile(r"\|(?=\|)|<(?=[A-Za-z/!?])(?!(?:https?|tg|mailto):)")
_EMPTY_CELL = re.compile(f"(?<![|<]){_MARK}")


def _config() -> RenderConfig:
    config = RenderConfig.isolated()
    symbols = config.markdown_symbol
    symbols.heading_level_1 = symbols.heading_level_2 = symbols.heading_level_3 = symbols.heading_level_4 = ""
    symbols.task_uncompleted, symbols.unordered_list_item = "☐", "•"
    config.cite_expandable = False
    return config


_CONFIG = _config()


@dataclass(frozen=True, slots=True)
class RichText:
    """A text and its entities, in order, the outer ones first."""

    text: str
    entities: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True)
class _Span:
    """An entity by indices into its text."""

    start: int
    end: int
    type: str
    url: str | None = None
    language: str | None = None


def rich(markdown: str) -> RichText:
    """The text that Markdown stands for; Markdown that cannot be read is shown as it is written. Never raises."""
    source = clean(markdown)
    plain = RichText(source.strip())
    try:
        text, spans = _converted(source)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - a panic of the parser, which is written in Rust, is no Exception
        log.warning("Markdown could not be read: %s", type(error).__name__)
        return plain
    if not text.strip() or clean(text) != text:  # as of mere link definitions
        return plain
    return _rich(text, *_ends(text, spans), list(_fitting(text, spans)))


def _converted(source: str) -> tuple[str, list[_Span]]:
    has_few_formulas = source.count("\\(") + source.count("\\[") <= _MOST_FORMULAS
    marked = _MARKED.sub(lambda cleaned: cleaned[0] + _MARK, source.replace(_MARK, ""))
    text, entities = convert(marked, latex_escape=has_few_formulas, config=_CONFIG)
    text = _EMPTY_CELL.sub(" ", text)
    cleaned = [Entity(e.type, e.offset, e.length, _unmarked(e.url), _unmarked(e.language)) for e in entities]
    marks = [mark.start() for mark in re.finditer(_MARK, text)]
    spans = [
        replace(span, start=span.start - bisect_left(marks, span.start), end=span.end - bisect_left(marks, span.end))
        for span in _spans(text, cleaned)
    ]
    return text.replace(_MARK, ""), spans


def _unmarked(text: str | None) -> str | None:
    return text and text.replace(_MARK, "")


def _spans(text: str, entities: Iterable[Entity]) -> Iterator[_Span]:
    """Yield the entities that begin and end at characters of the text."""
    units = _units(text)
    for entity in entities:
        stop = entity.offset + entity.length
        start, end = bisect_left(units, entity.offset), bisect_left(units, stop)
        if start < end < len(units) and (units[start], units[end]) == (entity.offset, stop):
            yield _Span(start, end, entity.type, entity.url, entity.language)


def _units(text: str) -> Sequence[int]:
    """The UTF-16 offset of each index, the end included."""
    if utf16_length(text) == len(text):
        return range(len(text) + 1)
    return [*accumulate((1 + (character > "\uffff") for character in text), initial=0)]


def _ends(text: str, spans: Iterable[_Span]) -> tuple[int, int]:
    """The first and the last index of what can be seen; the indentation of code at the beginning can."""
    blanks = len(text) - len(text.lstrip())
    code = min((span.start for span in spans if span.type == "pre"), default=blanks)
    return min(blanks, code), len(text.rstrip())


def _fitting(text: str, spans: Iterable[_Span]) -> Iterator[_Span]:
    """Yield what Telegram shows of them, in order: types that it knows, usable links, nothing in code."""
    trimmed = (_trimmed(text, span) for span in spans if span.type in _OUTERMOST_FIRST)
    shown = sorted((span for span in trimmed if span is not None and _leads(span)), key=_order)
    quotes = _apart(span for span in shown if span.type == "blockquote")
    runs = _apart(span for span in shown if span.type in _RUNS)
    code = [span for span in runs if span.type != "text_link"]
    styles = [
        piece
        for style in sorted(STYLES)
        for span in _apart(span for span in shown if span.type == style)
        for piece in _around(text, span, code)
    ]
    yield from sorted((*quotes, *runs, *styles), key=_order)


def _order(span: _Span) -> tuple[int, int, int]:
    return span.start, -span.end, _OUTERMOST_FIRST.index(span.type)


def _trimmed(text: str, span: _Span) -> _Span | None:
    """Without the blanks at its ends, though code keeps its indentation; None when nothing is left."""
    stretch = text[span.start : span.end]
    if not stretch.strip():
        return None
    blanks = 0 if span.type == "pre" else len(stretch) - len(stretch.lstrip())
    return replace(span, start=span.start + blanks, end=span.start + len(stretch.rstrip()))


def _leads(span: _Span) -> bool:
    """True if it is no link, or one to somewhere."""
    if span.type != "text_link":
        return True
    url = span.url or ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if not url.isprintable() or " " in url or len(url) > LIMIT:
        return False
    if parts.scheme in _HOSTED:
        return bool(parts.hostname)
    return parts.scheme in _OTHER_LINKS and bool(parts.netloc or parts.path)


def _apart(spans: Iterable[_Span]) -> list[_Span]:
    """Those that overlap none before them."""
    kept: list[_Span] = []
    for span in spans:
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def _around(text: str, span: _Span, code: Sequence[_Span]) -> Iterator[_Span]:
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


def _phrases(spans: Iterable[_Span]) -> Iterator[tuple[int, int]]:
    """Yield the short formatted stretches within lines, those that overlap as one."""
    start = end = 0
    for span in spans:
        if span.type in ("pre", "blockquote") or span.end - span.start > PHRASE_LENGTH:
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

    def __init__(self, spans: Sequence[_Span], length: int) -> None:
        self._starts = [span.start for span in spans]
        self._ends = sorted(span.end for span in spans)
        self._length = length

    def __call__(self, at: int) -> int:
        beyond = bisect_right(self._ends, at) + MOST_ENTITIES  # those that have begun before and go on count, too
        return self._starts[beyond] if beyond < len(self._starts) else self._length


def _parts(text: str, spans: Sequence[_Span], cuts: Iterable[tuple[int, int]]) -> Iterator[RichText]:
    open_spans: list[_Span] = []
    following = 0
    for start, end in cuts:
        end = start + len(text[start:end].rstrip())
        while following < len(spans) and spans[following].start < end:
            open_spans.append(spans[following])
            following += 1
        open_spans = [span for span in open_spans if span.end > start]
        pieces = (replace(s, start=max(s.start, start), end=min(s.end, end)) for s in open_spans)
        yield _rich(text, start, end, [piece for s in pieces if (piece := _trimmed(text, s))])


def _rich(text: str, start: int, end: int, spans: Iterable[_Span]) -> RichText:
    """A stretch of the text with spans that lie in it."""
    part = text[start:end]
    units = _units(part)
    entities = []
    for span in spans:
        offset, stop = units[span.start - start], units[span.end - start]
        entities.append(Entity(span.type, offset, stop - offset, span.url, span.language))
    return RichText(part, tuple(entities))
