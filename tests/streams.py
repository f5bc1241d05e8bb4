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


def heard(*parts: str | bytes, offered: tuple[str, ...] = (TOOL,)) -> ModelAnswer:
    """The answer that a body of these parts is. Raises what reading it does."""
    return answer_of((part.encode() if isinstance(part, str) else part for part in parts), offered)


def answer_of(chunks: Iterable[bytes], offered: tuple[str, ...] = (TOOL,)) -> ModelAnswer:
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


PING = 'event: ping\ndata: {"type":"ping"}\n\n'
COMPLETION: dict[str, Any] = {
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": WHOLE}, "finish_reason": "stop"}],
}

WHOLE_STREAMS = {
    "plain": A + B + S + DONE,
    "without its sign of the end": A + B + S,
    "without a reason": A + B + DONE,
    "an empty reason": A + B + frame(finish="") + DONE,
    "null as a word": A + B.replace("null", '"null"') + DONE,
    "passed on in an event": (A + B + S + DONE).replace("data: ", "data: data: "),
    "a number as a text": A + B.replace('"index": 0', '"index": "0"') + S,
    "no choices": A + event({"id": "c", "object": "chat.completion.chunk"}) + B + S,
    "null choices": A + event({"id": "c", "choices": None}) + B + S,
    "choices of another form": A + event({"choices": 5}) + event({"choices": ["x"]}) + B + S,
    "a ping": A + PING + B + S,
    "another object": A + event({"hello": "world"}) + event([1, 2]) + event(None) + B + S,
    "empty data": A + "data:\n\n" + B + S,
    "a term for trying again": "retry: 3000\n\n" + A + B + S,
    "comments": ": OPENROUTER PROCESSING\n\n" + A + ":\n" + B + S,
    "data that is no JSON": A + "data: keep-alive\n\n" + B + S,
    "CRLF": (A + B + S + DONE).replace("\n", "\r\n"),
    "CR": (A + B + S + DONE).replace("\n", "\r"),
    "a byte order mark": "\ufeff" + A + B + S,
    "no blank after the colon": (A + B + S + DONE).replace("data: ", "data:"),
    "no blank lines": (A + B + S + DONE).replace("\n\n", "\n"),
    "data over several lines": A + B.replace('"choices"', '\ndata: "choices"') + S,
    "no line end at the end": A + B + S.rstrip(),
    "lines of JSON": (A + B + S).replace("data: ", ""),
    "one piece": json.dumps(COMPLETION),
    "one piece over several lines": json.dumps(COMPLETION, indent=2),
    "one piece in an event": event(COMPLETION),
    "a list": json.dumps([json.loads(part[6:]) for part in (A, B, S)], indent=1),
    "a message that grows": "".join(
        event({"choices": [{"index": 0, "message": {"content": text}}]}) for text in ("Half one, ", WHOLE)
    )
    + S,
    "another choice first": event({"choices": [{"index": 1, "delta": {"content": "no"}, "finish_reason": "stop"}]})
    + A
    + event({"choices": [{"index": 1, "delta": {"content": "no"}}, json.loads(B[6:])["choices"][0]]})
    + S,
    "a choice without a number": A.replace('"index": 0, ', "") + B.replace('"index": 0', '"index": null') + S,
    "content in parts": said()
    + frame({"content": [{"type": "text", "text": "Half one, "}, {"type": "new", "x": 1}]})
    + frame({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, "half two."]})
    + S,
    "thoughts beside": frame({"reasoning_content": "hm"}) + frame({"reasoning": "hm", "content": None}) + A + B + S,
    "no error": A + frame(error=None) + B + S,
    "more after the sign of the end": A + B + DONE + A + event({"error": "late"}),
    "nulls": A + frame({"content": None, "tool_calls": None, "refusal": None}, usage=None) + B + S,
}
"""The same answer, as endpoints of all dialects send it."""
