"""MarkdownV2: marks within marks, quotes, and characters that have to be escaped."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .fences import FENCE, opened
from .links import NoEmoji, custom_emoji
from .written import Unreadable, Written, byte_offset

RESERVED = frozenset("_*[]()~`>#+-=|{}.!\n")
RESERVED_IN_CODE = frozenset("`")
# The longer ones first.
MARKS = {
    FENCE: "pre",
    "__": "underline",
    "||": "spoiler",
    "![": "custom_emoji",
    "_": "italic",
    "*": "bold",
    "~": "strikethrough",
    "[": "text_link",
    "`": "code",
}
ENDS = {
    "pre": re.compile(FENCE),
    "underline": re.compile("__"),
    "spoiler": re.compile(r"\|\|"),
    "custom_emoji": re.compile("]"),
    "italic": re.compile("_(?!_)"),
    "bold": re.compile(r"\*"),
    "strikethrough": re.compile("~"),
    "text_link": re.compile("]"),
    "code": re.compile("`"),
}
NAMES = {
    "text_link": "TextUrl",
    "custom_emoji": "CustomEmoji",
    "blockquote": "BlockQuote",
    "expandable_blockquote": "ExpandableBlockQuote",
}
ESCAPED = re.compile(r"\\([\x01-~])")
PARENTHESES = re.compile(rf"\(((?:{ESCAPED.pattern}|[^)])*+)\)")
QUOTE_EXPANDS = re.compile(r"\|\|(?=\r?\n(?!>)|\Z)")
CODE = frozenset({"code", "pre"})
QUOTES = frozenset({"blockquote", "expandable_blockquote"})


@dataclass(slots=True)
class Open:
    """An entity that has begun: where in the marked text, in units, and the place in what is written."""

    kind: str
    at: int
    start: int
    begin: int
    language: str = ""

    @property
    def name(self) -> str:
        """As refusals call it."""
        return "PreCode" if self.language else NAMES.get(self.kind, self.kind.capitalize())


def read(text: str) -> Written:
    """Errors: Unreadable for what is not closed, or not escaped."""
    return _Reading(text).run()


class _Reading:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._written = Written()
        self._open: list[Open] = []
        # Nothing stands in this line yet, so that a quote may begin.
        self._line_is_empty = True

    def run(self) -> Written:
        while self._at < len(self._text):
            self._step(self._text[self._at], self._text[self._at + 1 : self._at + 2])
        if self._open and self._open[-1].kind in QUOTES:
            self._mark_quote()
        if self._open:
            raise self._unclosed()
        return self._written

    def _step(self, char: str, following: str) -> None:
        in_code = bool(self._open) and self._open[-1].kind in CODE
        if char == "\\" and "\0" < following <= "~":
            self._plain(following, 2)
        elif char not in (RESERVED_IN_CODE if in_code else RESERVED):
            self._plain(char, 1)
        elif char == "\n":
            self._end_line(following)
        elif self._open and (end := self._end()) is not None:
            self._at = end.end()
            self._close(self._open.pop())
        else:
            self._begin(char)

    def _plain(self, char: str, length: int) -> None:
        self._written.add(char)
        self._at += length
        self._line_is_empty = self._line_is_empty and char == "\r" and length == 1

    def _end_line(self, following: str) -> None:
        quoted = any(entity.kind in QUOTES for entity in self._open)
        if quoted and following != ">" and self._open[-1].kind not in QUOTES:
            raise self._unclosed()
        self._written.add("\n")
        self._at += 1
        self._line_is_empty = True
        if quoted and following == ">":
            self._at += 1
        elif quoted:
            self._mark_quote()

    def _mark_quote(self) -> None:
        quote = self._open.pop()
        self._written.mark(quote.kind, quote.start)

    def _end(self) -> re.Match[str] | None:
        ends = ENDS.get(self._open[-1].kind)
        return ends.match(self._text, self._at) if ends else None

    def _begin(self, char: str) -> None:
        quoted = any(entity.kind in QUOTES for entity in self._open)
        if char == ">" and self._line_is_empty and not quoted:
            self._push("blockquote", 1)
        elif quoted and self._open[-1].kind in QUOTES and QUOTE_EXPANDS.match(self._text, self._at):
            self._open[-1].kind = "expandable_blockquote"
            self._at += 2
        else:
            mark = next((mark for mark in MARKS if self._text.startswith(mark, self._at)), None)
            if mark is None:
                raise Unreadable(f"Character '{char}' is reserved and must be escaped with the preceding '\\'")
            self._push(MARKS[mark], len(mark))

    def _push(self, kind: str, length: int) -> None:
        self._open.append(Open(kind, self._at, self._written.units, self._written.place))
        self._at += length
        if kind == "pre":
            self._open[-1].language, self._at = opened(self._text, self._at)

    def _close(self, entity: Open) -> None:
        written = self._written
        if entity.kind == "text_link":
            written.mark_link(self._address(entity), entity.start)
        elif entity.kind == "custom_emoji":
            written.mark(entity.kind, entity.start, custom_emoji_id=self._emoji())
        else:
            written.mark(entity.kind, entity.start, **({"language": entity.language} if entity.language else {}))

    def _address(self, entity: Open) -> str:
        """What stands in parentheses behind, or what was marked."""
        if not self._text.startswith("(", self._at):
            return self._written.since(entity.begin)
        return self._in_parentheses("a URL")

    def _emoji(self) -> str:
        if not self._text.startswith("(", self._at):
            raise Unreadable("Custom emoji entity must contain a tg://emoji URL")
        try:
            return custom_emoji(self._in_parentheses("a custom emoji URL"))
        except NoEmoji as error:
            raise Unreadable(str(error)) from None

    def _in_parentheses(self, called: str) -> str:
        found = PARENTHESES.match(self._text, self._at)
        if found is None:
            raise Unreadable(f"Can't find end of {called} at byte offset {byte_offset(self._text, self._at + 1)}")
        self._at = found.end()
        return ESCAPED.sub(r"\1", found[1])

    def _unclosed(self) -> Unreadable:
        entity = self._open[-1]
        return Unreadable(f"Can't find end of {entity.name} entity at byte offset {byte_offset(self._text, entity.at)}")
