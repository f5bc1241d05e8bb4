"""HTML: the few tags that Telegram knows, each closed in its order."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .links import NoEmoji, checked_emoji
from .written import Unreadable, Written, byte_offset

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "blockquote": "blockquote",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]{1,7})|#([0-9]{1,7})|([a-zA-Z]+));?")
START = re.compile(r"<([^\s>]*)")
END = re.compile(r"</([^\s>]*)\s*(>?)")
ATTRIBUTE = re.compile(r"([^\s=>]*)\s*(=?)\s*")
QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")
TOKEN = re.compile(r"[a-zA-Z0-9.-]*")
TOKEN_END = re.compile(r"[\s>]|\Z")
SPACES = re.compile(r"\s*")
SURROGATES = (
    "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units"
)


@dataclass(slots=True)
class Tag:
    """A tag that is open: where it stands, and where its text begins, in units and as a place."""

    name: str
    at: int
    start: int = 0
    begin: int = 0
    attributes: dict[str, str] = field(default_factory=dict)


def read(text: str) -> Written:
    """Errors: Unreadable for tags that are unknown, malformed or not closed."""
    return _Reading(text).run()


def _decoded(text: str) -> str:
    return REFERENCE.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    hexadecimal, decimal, name = found.groups()
    if name:
        return NAMED.get(name, found[0])
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    if 0xD800 <= code <= 0xDFFF:
        raise Unreadable(SURROGATES)
    return chr(code) if 0 < code <= 0x10FFFF else found[0]


class _Reading:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._written = Written()
        self._open: list[Tag] = []

    def run(self) -> Written:
        while (next_tag := self._text.find("<", self._at)) >= 0:
            self._written.add(_decoded(self._text[self._at : next_tag]))
            self._at = next_tag
            if self._text.startswith("/", next_tag + 1):
                self._end()
            else:
                self._start()
        self._written.add(_decoded(self._text[self._at :]))
        if self._open:
            raise Unreadable(f'Can\'t find end tag corresponding to start tag "{self._open[-1].name}"')
        return self._written

    def _offset(self, at: int) -> str:
        return f"at byte offset {byte_offset(self._text, at)}"

    # Start tags

    def _start(self) -> None:
        found = START.match(self._text, self._at)
        if found is None or found.end() == len(self._text):
            raise Unreadable(f"Unclosed start tag {self._offset(self._at)}")
        tag = Tag(found[1].lower(), self._at, self._written.units, self._written.place)
        if tag.name not in TAGS:
            raise Unreadable(f'Unsupported start tag "{tag.name}" {self._offset(tag.at)}')
        self._skip(SPACES, found.end())
        while not self._text.startswith(">", self._at):
            self._attribute(tag)
            self._skip(SPACES, self._at)
        self._at += 1
        if tag.name == "span" and tag.attributes.get("class") != "tg-spoiler":
            raise Unreadable(f'Tag "span" must have class "tg-spoiler" {self._offset(tag.at)}')
        self._open.append(tag)

    def _skip(self, pattern: re.Pattern[str], at: int) -> re.Match[str] | None:
        found = pattern.match(self._text, at)
        self._at = found.end() if found else at
        return found

    def _attribute(self, tag: Tag) -> None:
        found = self._skip(ATTRIBUTE, self._at)
        name, equals = (found[1], found[2]) if found else ("", "")
        if not name:
            raise Unreadable(f'Empty attribute name in the tag "{tag.name}" {self._offset(tag.at)}')
        if self._at == len(self._text):
            raise Unreadable(f'Unclosed start tag "{tag.name}" {self._offset(tag.at)}')
        tag.attributes[name.lower()] = self._value(tag) if equals else ""

    def _value(self, tag: Tag) -> str:
        begin = self._at
        if self._text[begin] in "\"'":
            found = self._skip(QUOTED, begin)
            value = _decoded(found[1] or found[2] or "") if found else ""
        else:
            found = self._skip(TOKEN, begin)
            value = found[0].lower() if found else ""
            if not TOKEN_END.match(self._text, self._at):
                raise Unreadable(f"Unexpected end of name token {self._offset(begin)}")
        if found is None or self._at == len(self._text):
            raise Unreadable(f"Unclosed start tag {self._offset(tag.at)}")
        return value

    # End tags

    def _end(self) -> None:
        if not self._open:
            raise Unreadable(f"Unexpected end tag {self._offset(self._at)}")
        found = END.match(self._text, self._at)
        if found is None or not found[2]:
            raise Unreadable(f"Unclosed end tag {self._offset(self._at)}")
        tag, name = self._open.pop(), found[1].lower()
        if name not in ("", tag.name):
            where = self._offset(self._at)
            raise Unreadable(f'Unmatched end tag {where}, expected "</{tag.name}>", found "</{name}>"')
        self._at = found.end()
        self._mark(tag)

    def _mark(self, tag: Tag) -> None:
        written, kind = self._written, TAGS[tag.name]
        if kind == "text_link":
            written.mark_link(tag.attributes.get("href") or written.since(tag.begin), tag.start)
        elif kind == "custom_emoji":
            written.mark(kind, tag.start, custom_emoji_id=_emoji(tag))
        elif kind == "blockquote" and "expandable" in tag.attributes:
            written.mark("expandable_blockquote", tag.start)
        elif kind in ("code", "pre"):
            self._mark_code(tag, kind)
        else:
            written.mark(kind, tag.start)

    def _mark_code(self, tag: Tag, kind: str) -> None:
        """Code that is all of a block, or the other way round, is a block in the language which the code names."""
        written, length = self._written, self._written.units - tag.start
        language = tag.attributes.get("class", "") if kind == "code" else ""
        more = {"language": language.removeprefix("language-")} if language.startswith("language-") else {}
        last = written.entities[-1] if written.entities else {}
        is_same = last.get("offset") == tag.start and last.get("length") == length
        named = more.get("language") or last.get("language")
        if is_same and named and {last["type"], kind} == {"code", "pre"}:
            written.entities[-1] = {"type": "pre", "offset": tag.start, "length": length, "language": named}
        else:
            written.mark(kind, tag.start, **more)


def _emoji(tag: Tag) -> str:
    try:
        return checked_emoji(tag.attributes.get("emoji-id", ""))
    except NoEmoji as error:
        raise Unreadable(str(error)) from None
