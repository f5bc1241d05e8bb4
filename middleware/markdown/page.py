"""Markdown, block by block, written as text and spans."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from markdown_it import MarkdownIt
from markdown_it.token import Token

from middleware.markdown import blocks, inline, tables
from middleware.markdown.lines import Line, write_formula
from middleware.markdown.spans import Text

LONG_QUOTE = 600
"""Characters of a quotation that is folded until somebody opens it."""
_BULLETS = "•◦▪"
_TASK = {"[ ] ": "☐ ", "[x] ": "✅ ", "[X] ": "✅ "}
_NOTICE = re.compile(r"\[!(\w{1,20})\][+-]?[ \t]*")
_LANGUAGE = re.compile(r"[\w+#.-]{1,32}")


class _Parser(MarkdownIt):
    """What is no link for Telegram is shown as text later on, so that every address is one here."""

    def validateLink(self, url: str) -> bool:  # noqa: N802
        return True

    def normalizeLink(self, url: str) -> str:  # noqa: N802
        return url


def _parser() -> MarkdownIt:
    md = _Parser("commonmark", {"maxNesting": 2 * blocks.DEEPEST, "store_labels": True})
    md.enable(["table", "strikethrough"]).disable("html_block")
    blocks.enable(md)
    inline.enable(md)
    return md


_PARSER = _parser()


def render(markdown: str) -> Text:
    """What Markdown stands for; its spans may lie in one another, and in code, but never cross."""
    source = re.sub(r"\r\n?", "\n", markdown)
    tokens = _PARSER.parse(source)
    page = Page(source.split("\n"), _labels(tokens))
    page.write(tokens)
    return page.text


def _labels(tokens: Sequence[Token]) -> frozenset[str]:
    """The definitions that links refer to."""
    children = (child for token in tokens for child in token.children or () if child.type == "link_open")
    return frozenset(child.meta["label"] for child in children if "label" in child.meta)


class Page:
    """Writes blocks below each other, as far apart as they are in the source."""

    def __init__(self, lines: Sequence[str], labels: frozenset[str]) -> None:
        self.text = Text()
        self._lines = lines
        self._labels = labels
        self._told: set[str] = set()
        self._line = Line(self.text, self._told)
        self._is_fresh = True
        """True where the next block begins in this very line."""
        self._mark = ""
        """Of an item that is to begin with the next block."""
        self._lists: list[int | None] = []
        """The number of the next item, in each list that goes on here."""
        self._quotes: list[int] = []
        """Where each quotation begins that goes on here."""
        self._heading: int | None = None

    def write(self, tokens: Sequence[Token]) -> None:
        """All of them."""
        rest = iter(tokens)
        for token in rest:
            if token.type == "table_open":
                self._table(token, list(_until(rest, "table_close")))
            elif (written := getattr(self, f"_{token.type}", None)) is not None:
                written(token)

    def _begin(self, token: Token, *, in_line: bool = False) -> None:
        """Go to where a block begins: behind the mark of an item, `in_line` or below it, or below the last block."""
        if self._mark:
            self.text.write(self._mark if in_line else self._mark.rstrip() + "\n")
        elif not self._is_fresh:
            start = token.map[0] if token.map else 0
            self.text.write("\n" if start and self._lines[start - 1].strip(" \t>") else "\n\n")
        self._mark, self._is_fresh = "", False

    def _inline(self, token: Token) -> None:
        children = token.children or []
        words = children[0] if children and children[0].type == "text" else None
        if self._mark and words and (box := _TASK.get(words.content[:4])):
            words.content = words.content[4:]
            self._mark = self._mark[:-2] + box if self._mark[-2] in _BULLETS else self._mark + box
        notice = _NOTICE.match(words.content) if words and self._quotes and self._is_fresh and not self._mark else None
        self._begin(token, in_line=True)
        start = self.text.at
        if notice and words:
            words.content = words.content[notice.end() :]
            self.text.write(notice[1].capitalize())
            self.text.mark(start, "bold")
            self.text.write(" " if words.content else "")
        self._line.write(children)
        if self._heading is not None:
            self.text.mark(start, "bold")

    def _heading_open(self, token: Token) -> None:
        self._heading = token.level

    def _heading_close(self, token: Token) -> None:
        self._heading = None

    def _hr(self, token: Token) -> None:
        self._begin(token)
        self.text.write("———")

    def _fence(self, token: Token) -> None:
        self._begin(token)
        language, _, more = token.info.strip().partition(" ")
        is_known = _LANGUAGE.fullmatch(language) is not None
        if beside := more.strip() if is_known else token.info.strip():
            self.text.write(beside + "\n")
        self._pre(token.content, language if is_known else None)

    def _code_block(self, token: Token) -> None:
        self._begin(token)
        self._pre(token.content)

    def _pre(self, content: str, language: str | None = None) -> None:
        start = self.text.at
        self.text.write(content.removesuffix("\n"))
        self.text.mark(start, "pre", language=language)

    def _formula(self, token: Token) -> None:
        self._begin(token)
        write_formula(self.text, token.content)

    def _definition(self, token: Token) -> None:
        if token.meta["label"] not in self._labels and not token.content.endswith("<>"):
            self._begin(token)
            self.text.write(token.content)

    def _blockquote_open(self, token: Token) -> None:
        """An inner one is a part of the outer one, for Telegram has none in one another."""
        self._begin(token)
        self._quotes.append(self.text.at)
        self.text.write("› " if len(self._quotes) > 1 else "")
        self._is_fresh = True

    def _blockquote_close(self, token: Token) -> None:
        start, self._is_fresh = self._quotes.pop(), False
        if not self._quotes:
            is_long = self.text.at - start > LONG_QUOTE
            self.text.mark(start, "expandable_blockquote" if is_long else "blockquote")

    def _bullet_list_open(self, token: Token) -> None:
        self._lists.append(None)

    def _ordered_list_open(self, token: Token) -> None:
        self._lists.append(int(token.attrs.get("start", 1)))

    def _bullet_list_close(self, token: Token) -> None:
        self._lists.pop()

    def _ordered_list_close(self, token: Token) -> None:
        self._lists.pop()

    def _list_item_open(self, token: Token) -> None:
        self._begin(token)
        depth, number = len(self._lists) - 1, self._lists[-1]
        mark = _BULLETS[min(depth, 2)] if number is None else f"{number}{token.markup}"
        self._lists[-1] = None if number is None else number + 1
        self._mark = "   " * depth + mark + " "

    def _list_item_close(self, token: Token) -> None:
        self.text.write(self._mark.rstrip())
        self._mark = ""

    def _table(self, token: Token, cells: Sequence[Token]) -> None:
        self._begin(token)
        rows = [list(row) for _, row in groupby(cells, key=lambda cell: cell.meta["line"])]
        links: list[str] = []
        words = [[self._cell(cell, links) for cell in row] + [""] * (len(rows[0]) - len(row)) for row in rows]
        columns = tables.widths(words)
        if not tables.fits(columns) and len(rows) > 1:
            self._records(rows, words[0])
            return
        self._pre(tables.drawn(words, columns, token.meta["right"]))
        for link in links:
            self.text.write("\n" + link)

    def _cell(self, cell: Token, links: list[str]) -> str:
        text = Text()
        Line(text, self._told, links).write(cell.children or ())
        return str(text)

    def _records(self, rows: Sequence[Sequence[Token]], names: Sequence[str]) -> None:
        """Row by row: each cell with the head of its column, the first one as a title; heads may be too long for it."""
        are_names = max(map(len, names)) <= tables.WIDEST
        for number, row in enumerate(rows[are_names:]):
            filled = [column for column, cell in enumerate(row) if cell.content]
            for column in filled:
                is_first = column == filled[0]
                self.text.write("\n" if not is_first else "\n\n" if number else "")
                self.text.write(f"{names[column]}: " if are_names and names[column] else "")
                start = self.text.at
                self._line.write(row[column].children or ())
                self.text.mark(start, "bold" if is_first else "")


def _until(tokens: Iterator[Token], kind: str) -> Iterator[Token]:
    for token in tokens:
        if token.type == kind:
            return
        yield token
