"""What a frame says: liberal about its form, whatever the endpoint's dialect is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.errors import BotError
from bot.responders.model.calls import CallPiece
from bot.responders.model.framing import Frame

FrameFields = dict[str, Any]
_THOUGHTS = ("reasoning_content", "reasoning", "reasoning_text", "thinking", "thought", "reasoning_details")
"""Names of thoughts beside the content; some endpoints send the same by two of them."""
_TEXTS = ("text", "output_text")
_THINKING = ("thinking", "reasoning", "reasoning_text", "thought", "redacted_thinking")
_NO_REASON = ("", "null", "none")
_DEEPEST = 4
"""Lists within lists of parts of a content."""


class ErrorFrame(BotError):
    """The endpoint reported an error in place of an answer, or within it."""

    def __init__(self, fields: FrameFields) -> None:
        super().__init__()
        self.fields = fields
        """All that it told, which may repeat what a person wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What a frame adds to the answer. A text `is_whole` where it is all of it so far, not a piece."""

    text: str = ""
    thought: str = ""
    calls: tuple[CallPiece, ...] = ()
    usage: FrameFields = field(default_factory=dict)
    finish: str = ""
    model: str = ""
    is_refused: bool = False
    is_whole: bool = False
    is_end: bool = False
    """True where nothing more comes, though no reason is told."""


def read(frame: Frame) -> Delta | None:
    """What a frame says; None for one that is not of the interface, such as a ping. Raises ErrorFrame."""
    if frame.fields is None:
        return Delta(is_end=True)
    fields = frame.fields
    choice = _choice(fields.get("choices"))
    _check(fields, choice, frame.event)
    message, is_whole = _message(choice)
    usage = _usage(fields, choice)
    if not usage and "choices" not in fields and not _text(fields.get("object")).startswith("chat.completion"):
        return None
    text, thought = _content(message.get("content"))
    return Delta(
        text=text or (_text(choice.get("text")) if not message else ""),
        thought=thought or next((said for name in _THOUGHTS if (said := _thought(message.get(name)))), ""),
        calls=tuple(_calls(message)),
        usage=usage,
        finish="" if (reason := _text(choice.get("finish_reason"))).lower() in _NO_REASON else reason,
        model=_text(fields.get("model")),
        is_refused=bool(_text(message.get("refusal"))) or _refuses(message.get("content")),
        is_whole=is_whole,
        is_end=is_whole and fields.get("object") == "chat.completion",
    )


def _check(fields: FrameFields, choice: FrameFields, event: str) -> None:
    """Raises ErrorFrame where a frame is one, in any of the forms that are seen."""
    error = fields.get("error") or choice.get("error")
    if error:
        raise ErrorFrame({"error": error})
    if "error" in (event, fields.get("type"), fields.get("object")):
        raise ErrorFrame(fields)


def _choice(choices: object) -> FrameFields:
    """The choice of number 0, or the one without a number."""
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict) and choice.get("index") in (0, "0", "", None):
            return choice
    return {}


def _message(choice: FrameFields) -> tuple[FrameFields, bool]:
    """The delta; or the message, which is the whole."""
    if isinstance(delta := choice.get("delta"), dict):
        return delta, False
    message = choice.get("message")
    return (message, True) if isinstance(message, dict) else ({}, False)


def _usage(fields: FrameFields, choice: FrameFields) -> FrameFields:
    """The numbers that a frame tells, wherever they stand."""
    groq = fields.get("x_groq")
    places = (fields.get("usage"), choice.get("usage"), groq.get("usage") if isinstance(groq, dict) else None)
    for usage in places:
        if isinstance(usage, dict):
            return usage
    return fields if "eval_count" in fields else {}


def _content(content: object) -> tuple[str, str]:
    """The text and the thoughts of a content: a text, or parts of several kinds, of which unknown ones say nothing."""
    text: list[str] = []
    thought: list[str] = []
    for part, is_thought in _parts(content, False, _DEEPEST):
        (thought if is_thought else text).append(part)
    return "".join(text), "".join(thought)


def _parts(content: object, is_thought: bool, deepest: int) -> Iterator[tuple[str, bool]]:
    if isinstance(content, str):
        yield content, is_thought
    elif isinstance(content, list) and deepest:
        for part in content:
            yield from _parts(part, is_thought, deepest - 1)
    elif isinstance(content, dict) and deepest:
        kind = content.get("type")
        if kind in _THINKING:
            said = content.get(kind) or content.get("text") or content.get("summary")
            yield from _parts(said, True, deepest - 1)
        elif kind is None or kind in _TEXTS:
            yield _text(content.get("text")), is_thought


def _refuses(content: object) -> bool:
    parts = content if isinstance(content, list) else ()
    return any(isinstance(part, dict) and bool(_text(part.get("refusal"))) for part in parts)


def _thought(said: object) -> str:
    """Thoughts beside the content: a text, or details whose form is of no interest as they are only counted."""
    if isinstance(said, str):
        return said
    parts = said if isinstance(said, list) else [said]
    return "".join(_text(part.get("text")) or _text(part.get("summary")) for part in parts if isinstance(part, dict))


def _calls(message: FrameFields) -> Iterator[CallPiece]:
    """Pieces of calls, also by the older name."""
    calls = message.get("tool_calls") or message.get("function_call")
    for call in calls if isinstance(calls, list) else [calls]:
        if isinstance(call, dict):
            function = call.get("function")
            yield _piece(call, function if isinstance(function, dict) else call)


def _piece(call: FrameFields, function: FrameFields) -> CallPiece:
    arguments, index = function.get("arguments"), call.get("index")
    is_object = isinstance(arguments, dict)
    return CallPiece(
        index=index if isinstance(index, int) else None,
        id=_text(call.get("id")),
        name=_text(function.get("name")),
        arguments=_written(arguments) if is_object else _text(arguments),
        is_whole=is_object,
    )


def _written(arguments: object) -> str:
    try:
        return json.dumps(arguments)
    except RecursionError:
        return ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
