"""What the journal needs to know of a raw update: its kind, its lane, the message that it carries.

Nothing here may fail on any JSON: what an update really holds is found out later, when it is handled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from storage.tables.deliveries import session_id_of
from storage.tables.updates import Received
from storage.text import clean

ALLOWED_UPDATES = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "callback_query",
    "message_reaction",
    "message_reaction_count",
    "my_chat_member",
)
_MESSAGES = ("message", "channel_post")
_ANSWERED = ("message", "edited_message", "channel_post", "edited_channel_post")
_MAX_ID = 2**63 - 1
_DECODER = json.JSONDecoder()
_HEAD = re.compile(r'\s*\{\s*"ok"\s*:\s*true\s*,\s*"result"\s*:\s*\[\s*')
_SEPARATOR = re.compile(r"\s*(?:,\s*|(?=\]))")
_BRACKET_OR_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{]|[\]}]', re.DOTALL)
_UPDATE_ID = re.compile(r'\{\s*"update_id"\s*:\s*(-?[0-9]{1,18})\s*[,}]')


class NotUpdates(ValueError):
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
        raise NotUpdates(str(NotUpdates.__doc__)) from error
    found = [received for raw, value in elements if (received := read(value, raw)) is not None]
    if elements and not found:
        raise NotUpdates("no element of the answer has an update_id")
    return found


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


def read(value: Any, raw: str) -> Received | None:
    """One update; None when it has no usable update_id."""
    if not isinstance(value, dict) or not _is_id(value.get("update_id")):
        return None
    kind = next((key for key in value if key != "update_id"), "empty")
    content = value.get(kind)
    chat, topic, message_id = _whereabouts(content if isinstance(content, dict) else {})
    return Received(
        update_id=value["update_id"],
        kind=clean(kind)[:64],
        lane=_lane(kind, content, chat, topic),
        session_id=session_id_of(chat) if chat is not None else None,
        telegram_message_id=message_id if kind in _MESSAGES else None,
        body=raw.encode("utf-8", "replace"),
    )


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -_MAX_ID <= value <= _MAX_ID


def _whereabouts(content: dict[str, Any]) -> tuple[int | None, int | None, int | None]:
    """Chat id, topic id and message id of an update's content."""
    message = content.get("message")
    if isinstance(message, dict):  # a button press carries the message that it was under
        content = message
    chat = content.get("chat")
    chat_id = chat.get("id") if isinstance(chat, dict) else None
    topic = content.get("message_thread_id") if content.get("is_topic_message") is True else None
    message_id = content.get("message_id")
    return (
        chat_id if _is_id(chat_id) else None,
        topic if _is_id(topic) else None,
        message_id if _is_id(message_id) else None,
    )


def _lane(kind: str, content: Any, chat: int | None, topic: int | None) -> str:
    """Conversation and lane: answers wait for each other, control never waits for an answer."""
    # An edit runs nothing, so even one that looks like a command waits for the message that it edits.
    is_command = kind in _MESSAGES and isinstance(content, dict) and _is_command(content)
    answers = kind in _ANSWERED and isinstance(content, dict) and not is_command
    conversation = f"{'' if chat is None else chat}:{'' if topic is None else topic}"
    return f"{conversation}:{'answer' if answers else 'control'}"


def _is_command(message: dict[str, Any]) -> bool:
    entities = message.get("entities")
    if not isinstance(entities, list):
        return False
    return any(isinstance(e, dict) and e.get("type") == "bot_command" and e.get("offset") == 0 for e in entities)
