"""The answer to getUpdates, as single updates, each with the very text that it had in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator

from msgspec import MsgspecError, Raw, Struct
from msgspec.json import Decoder

from bot.errors import BotError
from bot.receiving.envelope import read
from storage.tables.updates import Received

_DECODER = json.JSONDecoder()
_HEAD = re.compile(r'\s*\{\s*"ok"\s*:\s*true\s*,\s*"result"\s*:\s*\[\s*')
_SEPARATOR = re.compile(r"\s*(?:,\s*|(?=\]))")
_BRACKET_OR_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{]|[\]}]', re.DOTALL)
FEW = 8
"""Updates that come together while little happens: then what counts is how soon each is answered."""
WITHOUT_ID = "element(s) of an answer to getUpdates without an update_id"


class NotUpdates(BotError):
    """The body is no answer to getUpdates: expected a JSON object whose `result` is a list."""


class _Updates(Struct):
    result: list[Raw]


_split = Decoder(_Updates).decode


def read_batch(body: bytes, left_out: Callable[[str], None]) -> list[Received]:
    """The updates of a getUpdates answer, each with the very text that it had in it.

    Raises NotUpdates. An element without an update_id cannot be told apart from others and is left out, which
    `left_out` is told of: as soon as there are others, they move the offset beyond it.
    """
    batch = []
    for element in _elements(body):
        if (received := read(element)) is not None:
            batch.append(received)
        else:
            left_out(WITHOUT_ID)
    return batch


def _elements(body: bytes) -> Iterable[bytes]:
    """Each update's own text, in UTF-8."""
    try:
        body.decode()
        return map(bytes, _split(body).result)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return [element.encode("utf-8", "replace") for element in _slices(body.decode("utf-8", "replace"))]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotUpdates from error


def _slices(text: str) -> Iterator[str]:
    """The same, by hand: of an answer with something in it that only Python takes, or that even Python cannot hold."""
    head = _HEAD.match(text)
    if head is None:
        yield from map(json.dumps, _as_list(json.loads(text)["result"]))
        return
    position = head.end()
    while not text.startswith("]", position):
        end = _end(text, position)
        yield text[position:end]
        separator = _SEPARATOR.match(text, end)
        if separator is None:
            raise ValueError(f"expected , or ] at {end}")
        position = separator.end()


def _end(text: str, position: int) -> int:
    """Where the value ends that begins here.

    An update that is nested too deeply or has too long a number must not keep back the others of its batch.
    """
    try:
        return _DECODER.raw_decode(text, position)[1]
    except (ValueError, RecursionError):
        if not text.startswith("{", position):
            raise
        return _end_of_object(text, position)


def _end_of_object(text: str, position: int) -> int:
    depth = 0
    for token in _BRACKET_OR_STRING.finditer(text, position):
        depth += (token[0] in "{[") - (token[0] in "]}")
        if depth == 0:
            return token.end()
    raise ValueError("an update ends within")


def _as_list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("result is no list")
    return value
