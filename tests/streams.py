"""Bodies as endpoints send them, and what the bot reads in one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from bot.responders.model.answer import ModelAnswer
from bot.responders.model.body import AnswerBody

TOOL = "propose_automation"
DONE = "data: [DONE]\n\n"
PROPOSED = {"schedule": "daily 18:00", "prompt": "stretch"}


def frame(delta: dict[str, Any] | None = None, finish: str | None = None, **fields: Any) -> str:
    """One event with a chunk of an answer."""
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return event({"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice], **fields})


def event(fields: object) -> str:
    """One event with any JSON."""
    return f"data: {json.dumps(fields)}\n\n"


A = frame({"content": "Half one, "})
B = frame({"content": "half two."})
S = frame(finish="stop")
WHOLE = "Half one, half two."


def said(*texts: str) -> str:
    """The events of an answer that comes in these pieces."""
    return "".join(frame({"content": text}) for text in texts)


def heard(*parts: str | bytes, offered: str = TOOL) -> ModelAnswer:
    """The answer that a body of these parts is. Raises what reading it does."""
    return answer_of((part.encode() if isinstance(part, str) else part for part in parts), offered)


def answer_of(chunks: Iterable[bytes], offered: str = TOOL) -> ModelAnswer:
    """The answer, read as the endpoint's body comes in these chunks."""
    body, answer = AnswerBody(), ModelAnswer(offered=offered)
    try:
        for chunk in chunks:
            for delta in body.feed(chunk):
                answer.take(delta)
        for delta in body.end():
            answer.take(delta)
    finally:
        answer.end()
    return answer
