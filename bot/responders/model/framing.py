"""From bytes to frames: an event stream, lines of JSON, or one JSON body, however they are cut into pieces."""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.errors import BotError

LONGEST_FRAME = 4 * 1024 * 1024
"""Characters of one frame; a completion in one piece is the longest that makes sense."""
END = "[DONE]"
_DECODER = json.JSONDecoder(strict=False)
_AGAIN = re.compile(r"^(?:data:\s*)+")
"""Some gateways put what they pass on into an event once more."""
_BETWEEN = re.compile(r"[\s,]*")
_FIELD_NAME = re.compile(r"[a-z_]{1,40}")
_NAMES_TOLD = 8


class Garbled(BotError):
    """The answer is not of the interface's form; the message says what came, without anybody's words."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A JSON object that was sent, with the name of its event; `fields` is None for the sign of the end."""

    fields: dict[str, Any] | None
    event: str = ""


class Framing:
    """Reads one body. Liberal: a line that says nothing is passed over, a frame needs no blank line after it."""

    def __init__(self) -> None:
        utf8 = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._decoder = io.IncrementalNewlineDecoder(utf8, translate=True)
        self._line: list[str] = []
        self._data: list[str] = []
        self._body: list[str] = []
        """The lines of JSON that stands there without `data:`, until it is whole."""
        self._event = ""
        self._begun = self._held = 0
        """Characters of the line that has not ended, and of the lines that are kept."""
        self._other = "nothing"
        self._last: dict[str, Any] | None = None
        self.is_damaged = False
        """True once a frame could not be read: what it said is missing."""

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """The frames that are whole with these bytes. Raises Garbled for one without an end."""
        yield from self._read(self._decoder.decode(chunk))

    def end(self) -> Iterator[Frame]:
        """The frames that end with the body."""
        yield from self._read(self._decoder.decode(b"", final=True) + "\n")
        yield from self._flush()

    @property
    def what_came(self) -> str:
        """What the body is, as far as it is no answer."""
        if self._last is None:
            return self._other
        names = [name for name in self._last if _FIELD_NAME.fullmatch(name)]
        return f"JSON with the fields {', '.join(names[:_NAMES_TOLD]) or 'of no name'}"

    def _read(self, text: str) -> Iterator[Frame]:
        *ends, rest = text.split("\n")
        for end in ends:
            self._begin(end)
            line = "".join(self._line).strip()
            self._line, self._begun = [], 0
            yield from self._take(line)
        self._begin(rest)

    def _begin(self, piece: str) -> None:
        if piece:
            self._line.append(piece)
            self._begun += len(piece)
            self._check_size()

    def _hold(self, lines: list[str], line: str) -> None:
        lines.append(line)
        self._held += len(line) + 1
        self._check_size()

    def _check_size(self) -> None:
        if self._begun + self._held > LONGEST_FRAME:
            raise Garbled(f"a frame of more than {LONGEST_FRAME} characters")

    def _take(self, line: str) -> Iterator[Frame]:
        name, colon, value = line.partition(":")
        if name == "data" and colon:
            if self._body:
                yield from self._flush()
            yield from self._datum(_AGAIN.sub("", value.strip()))
        elif line.startswith(":"):
            return
        elif self._body:
            self._hold(self._body, line)
        elif not line:
            yield from self._dispatch()
        elif name == "event":
            self._event = value.strip()
        elif name == "error":
            yield from self._frames(_objects(value.strip()) or [], "error")
        elif name not in ("id", "retry"):
            yield from self._bare(line)

    def _datum(self, text: str) -> Iterator[Frame]:
        """A line of data: mostly a whole frame, so that no blank line is waited for."""
        if text == END:
            yield from self._dispatch()
            yield Frame(None)
        elif self._data:
            self._hold(self._data, text)
        else:
            yield from self._whole_or_begun(text, self._data)

    def _bare(self, line: str) -> Iterator[Frame]:
        """A line that is no field of an event stream."""
        if line == END:
            yield Frame(None)
        else:
            yield from self._whole_or_begun(line, self._body)

    def _whole_or_begun(self, text: str, lines: list[str]) -> Iterator[Frame]:
        if (found := _objects(text)) is None and text.startswith(("{", "[")):
            self._hold(lines, text)
        elif found:
            yield from self._frames(found, self._event)
        elif text:
            self._other = "a page of HTML" if text.startswith("<") else "text that is no JSON object"

    def _flush(self) -> Iterator[Frame]:
        yield from self._dispatch()
        lines, self._body, self._held = self._body, [], 0
        yield from self._frames(self._objects_of(lines), "")

    def _dispatch(self) -> Iterator[Frame]:
        lines, self._data, self._held = self._data, [], 0
        yield from self._frames(self._objects_of(lines), self._event)
        self._event = ""

    def _objects_of(self, lines: list[str]) -> list[dict[str, Any]]:
        """Those of several lines together, else of each that can be read by itself."""
        if (found := _objects("\n".join(lines))) is not None:
            return found
        each = [_objects(line) for line in lines]
        self.is_damaged = self.is_damaged or None in each
        return [fields for some in each for fields in some or ()]

    def _frames(self, found: list[dict[str, Any]], event: str) -> Iterator[Frame]:
        for fields in found:
            self._last = fields
            yield Frame(fields, event)


def _objects(text: str) -> list[dict[str, Any]] | None:
    """All JSON objects of a text, also those of a list; None if it is not JSON from beginning to end."""
    found: list[dict[str, Any]] = []
    at = 0
    try:
        while at < len(text):
            value, end = _DECODER.raw_decode(text, at)
            found += [fields for fields in (value if isinstance(value, list) else [value]) if isinstance(fields, dict)]
            at = _BETWEEN.match(text, end).end()  # type: ignore[union-attr]
    except (ValueError, RecursionError):
        return None
    return found
