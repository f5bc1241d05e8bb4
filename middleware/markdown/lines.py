"""What stands within lines, written as text and spans."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from middleware.markdown import formulas
from middleware.markdown.addresses import leads, written
from middleware.markdown.inline import STYLES
from middleware.markdown.spans import Position, Text

MOST_OPEN_TAGS = 20
"""Tags of HTML within each other; further ones are text."""
_MARKS = {"strong": "bold", "em": "italic", "s": "strikethrough", "spoiler": "spoiler"}


@dataclass(frozen=True, slots=True)
class _Open:
    """What has begun and not yet ended."""

    place: Position
    kind: str
    href: str = ""
    is_image: bool = False


class Line:
    """Writes lines into a text. `told` are the addresses that stand in it; each is written once.

    With `links`, nothing can be a link here: their addresses are collected there.
    """

    def __init__(self, text: Text, told: set[str], links: list[str] | None = None) -> None:
        self._text = text
        self._told = told
        self._links = links
        self._open: list[_Open] = []
        self._is_apart = False
        """True where a word that comes next is not to go on with code or a formula whose blanks were left out."""

    def write(self, tokens: Sequence[Token]) -> None:
        """What the children of an `inline` token say."""
        tags = _paired(tokens) if any(token.type == "tag" for token in tokens) else ()
        for number, token in enumerate(tokens):
            if token.type == "text":
                self._text.write(" " if self._is_apart and token.content[:1].isalnum() else "")
                self._text.write(token.content)
                self._is_apart = False
            elif token.type == "tag":
                self._tag(token, number in tags)
            elif token.nesting > 0:
                self._begin(token)
            elif token.nesting < 0:
                self._end()
            else:
                self._leaf(token)

    def _leaf(self, token: Token) -> None:
        if token.type in ("softbreak", "hardbreak"):
            self._text.write("\n")
        elif token.type == "formula":
            self._formula(token.content)
        elif token.type == "footnote":
            self._text.write(_numbered(token.content) + (" " if token.meta["begins"] else ""))
        elif token.type == "code_inline":
            self._code(token)
        else:
            self._text.write(token.content)

    def _formula(self, latex: str) -> None:
        """Its blanks at the ends are not shown, as those of code: they keep words apart, which nth needs not."""
        is_apart = self._is_apart or latex[:1].isspace()
        self._text.write(" " if is_apart and self._text.ends_in_a_word else "")
        write_formula(self._text, latex)
        self._is_apart = latex[-1:].isspace() and self._text.ends_in_a_word

    def _code(self, token: Token) -> None:
        is_apart = token.meta["is_trimmed"] or self._is_apart
        self._text.write(" " if is_apart and self._text.ends_in_a_word else "")
        start = self._text.at
        self._text.write(token.content)
        self._text.mark(start, "code")
        self._is_apart = token.meta["is_trimmed"]

    def _begin(self, token: Token) -> None:
        kind = token.type.removesuffix("_open")
        href, is_image = str(token.attrs.get("href", "")), bool(token.meta.get("image"))
        self._open.append(_Open(self._text.here(), kind, href, is_image))
        if is_image:
            self._text.write("🖼 ")

    def _end(self) -> None:
        begun = self._open.pop()
        if begun.kind in ("link", "a"):
            self._link(begun)
        elif begun.kind in ("sub", "sup"):
            words = self._text.since(begun.place)
            self._text.rewrite(begun.place, (formulas.lowered if begun.kind == "sub" else formulas.raised)(words))
        else:
            self._text.mark(begun.place.at, _MARKS.get(begun.kind) or STYLES.get(begun.kind, ""))

    def _tag(self, token: Token, is_paired: bool) -> None:
        name = token.meta["name"]
        if not is_paired:
            self._text.write("" if name == "details" else token.content)
        elif token.meta["ends"]:
            self._end()
        else:
            self._open.append(_Open(self._text.here(), name, token.meta["href"]))

    def _link(self, begun: _Open) -> None:
        words = self._text.since(begun.place)
        address = written(begun.href)
        if not words.removeprefix("🖼 ").strip():
            self._text.write(address)
            self._told.add(address)
        elif self._links is not None:
            if self._is_news(address, words):
                self._links.append(f"{words}: {address}")
        elif leads(begun.href):
            self._text.mark(begun.place.at, "text_link", url=begun.href)
        elif self._is_news(address, words):
            self._text.write(f" ({address})")

    def _is_news(self, address: str, words: str) -> bool:
        """True for an address that is not yet told; it then is."""
        if not address or address in self._told or address in words:
            return False
        self._told.add(address)
        return True


def _numbered(name: str) -> str:
    """The mark of a footnote."""
    return formulas.raised(name) if name.isascii() and name.isdecimal() else f"[{name}]"


def write_formula(text: Text, latex: str) -> None:
    """As a text, or as it is written where that says it better."""
    start = text.at
    words, is_read = formulas.shown(latex)
    text.write(words)
    text.mark(start, "" if is_read else "code")


def _paired(tokens: Sequence[Token]) -> frozenset[int]:
    """The tags that begin and end something, each within what it began in."""
    paired: set[int] = set()
    opened: deque[tuple[str, int, int]] = deque(maxlen=MOST_OPEN_TAGS)
    for number, token in enumerate(tokens):
        while opened and opened[-1][1] > token.level:
            opened.pop()
        if token.type != "tag" or token.meta["name"] == "details":
            continue
        name = token.meta["name"]
        if not token.meta["ends"]:
            opened.append((name, token.level, number))
        elif (name, token.level) in ((other, level) for other, level, _ in opened):
            while opened[-1][:2] != (name, token.level):
                opened.pop()
            paired |= {opened.pop()[2], number}
    return frozenset(paired)
