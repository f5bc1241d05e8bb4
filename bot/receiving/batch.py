"""The answer to getUpdates, as single updates, each with the very text that it had in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from bot.errors import BotError
from bot.receiving.envelope import read
from storage.tables.updates import Received

_DECODER = json.JSONDecoder()
_HEAD = re.compile(r'\s*\{\s*"ok"\s*:\s*true\s*,\s*"result"\s*:\s*\[\s*')
_SEPARATOR = re.compile(r"\s*(?:,\s*|(?=\]))")
_BRACKET_OR_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{]|[\]}]', re.DOTALL)
_UPDATE_ID = re.compile(r'\{\s*"update_id"\s*:\s*(-?[0-9]{1,18})\s*[,}]')


class NotUpdates(BotError):
    """The body is no answer to getUpdates: expected a JSON object whose `result` is a list."""


def read_batch(body: bytes) -> list[Received]:
    """The updates of a getUpdates answer, each with the very text that it had in it.

    Raises NotUpdates. An element without an update_id cannot be told apart from others and is left out; where
    there are no others, that is an error too, as nothing could be acknowledged.
    """
    text = body.decode("utf-8", "replace")
    try:
        elements = list(_slices(text))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotUpdates from error
    batch = [received for raw, value in elements if (received := read(value, raw)) is not None]
    if elements and not batch:
        raise NotUpdates("no element of the answer has an update_id")
    return batch


def _slices(text: str) -> Iterator[tuple[str, Any]]:
    """Each update as its source text and as its value; parsed once where the answer has its usual form."""
    head = _HEAD.match(text)
    if head is None:
        for value in _as_list(json.loads(text)["result"]):
            yield json.dumps(value), value
        return
    position = head.end()
    while not text.startswith("]", position):
        value, end = _decode(text, position)
        yield text[position:end], value
        separator = _SEPARATOR.match(text, end)
        if separator is None:
            raise ValueError(f"expected , or ] at {end}")
        position = separator.end()


def _decode(text: str, position: int) -> tuple[Any, int]:
    """The value at a position and where it ends; only the id of one that Python cannot hold.

    An update that is nested too deeply or has too long a number must not keep back the others of its batch.
    """
    try:
        return _DECODER.raw_decode(text, position)
    except (ValueError, RecursionError):
        head = _UPDATE_ID.match(text, position)
        if head is None:
            raise
        return {"update_id": int(head[1]), "unreadable": None}, _end_of_object(text, position)


def _end_of_object(text: str, position: int) -> int:
    depth = 0
    for token in _BRACKET_OR_STRING.finditer(text, position):
        depth += (token[0] in "{[") - (token[0] in "]}")
        if depth == 0:
            return token.end()
    raise ValueError("an update ends within")


def _as_list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("result is no list")
    return value
