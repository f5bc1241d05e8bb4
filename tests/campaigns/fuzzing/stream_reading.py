"""The body of a model's answer, from its bytes to what is said, and what must hold on the way."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from bot.responders.model import tags
from bot.responders.model.answer import ENDS, ModelAnswer
from bot.responders.model.body import AnswerBody
from bot.responders.model.calls import MOST_CALLS, EndlessCall
from bot.responders.model.frames import ErrorFrame
from bot.responders.model.framing import Garbled
from bot.responders.model.objection import MOST_SAID, Objection
from tests.campaigns.fuzzing.mutation import Mutator, places_in
from tests.campaigns.fuzzing.rules import must, must_be_clean
from tests.streams import PROPOSED, TOOL, WHOLE_STREAMS, event, frame, heard, said

_CALL = {"name": TOOL, "arguments": json.dumps(PROPOSED)}
_HALVES = [{"index": 0, "id": "a", "function": {**_CALL, "arguments": part}} for part in ('{"schedule": "da', 'ily"}')]
_SPOKEN = (
    *("<think>hm</think>Yes.", "[TOOL_CALLS]", "Use `<think>` so.", "It is so. </think> Yes.", "a\ud83d", "\ude00b"),
    f"<tool_call>{json.dumps({'name': TOOL, 'arguments': PROPOSED})}</tool_call>",
    f"<function={TOOL}><parameter=prompt>x</parameter></function>",
    "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Yes.<|return|>",
    json.dumps({"name": TOOL, "arguments": PROPOSED}),
)
_USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12, "prompt_tokens_details": {"cached_tokens": 2}}
_ERROR = {"error": {"message": "words of a person", "code": "server_error", "param": None}}
_REFUSAL = {"content": [{"type": "refusal", "refusal": "no"}, {"type": "thinking", "thinking": "hm"}]}
BODIES: tuple[str, ...] = (
    *WHOLE_STREAMS.values(),
    *(said(text) + frame(finish="stop") for text in _SPOKEN),
    said(*_SPOKEN) + frame(finish="length", usage=_USAGE),
    frame({"tool_calls": _HALVES[:1]}) + frame({"tool_calls": _HALVES[1:]}) + frame(finish="tool_calls"),
    frame({"function_call": _CALL}) + frame({"tool_calls": [{"function": {"name": TOOL, "arguments": PROPOSED}}]}),
    said("Half") + event(_ERROR) + 'event: error\ndata: {"message": "x"}\n\n',
    frame(_REFUSAL) + frame({"reasoning_details": [{"text": "hm"}]}, usage=_USAGE) + frame(finish="SAFETY"),
)
"""Bodies as they were recorded, of all dialects."""
_TAGS = sorted(
    {*tags.OPENERS, *tags.CLOSERS, *tags.CALLS, *tags.CALLS.values(), *tags.HEADERS, *tags.OTHERS, "</s>", "`"}
)
_ENDINGS = ("\n\n", "\n", "\r\n\r\n", "\r", "\r\n", " \n\n", "")
_PREFIXES = ("data: ", "data:", "", "event: error\ndata: ", "data:\ufeff", "error: ", "DATA: ", ": ", "id: 3\ndata: ")
_BESIDE = ("id", "created", "system_fingerprint", "service_tier", "provider", "usage", "model", "of_tomorrow", "x_groq")
_BESIDE_DELTA = ("role", "tool_calls", "refusal", "reasoning", "audio", "of_tomorrow", "function_call", "annotations")
NAMES = (
    "choices",
    "index",
    "delta",
    "message",
    "content",
    "text",
    "type",
    "arguments",
    "finish_reason",
    *_BESIDE,
    *_BESIDE_DELTA,
)
MOST_TEXT_CALLS = 16 + 1
"""Calls that a text may hold besides."""
SPOILT, BYTE_BY_BYTE = 0.15, 0.01


def _lines(body: str) -> list[str]:
    return [line for line in body.replace("\r", "\n").split("\n") if line]


_FRAMES = [
    part for body in BODIES for line in _lines(body) if (part := line.removeprefix("data:").strip()).startswith("{")
]
_DONORS = [part for part in _FRAMES if part.endswith("}")]


@dataclass(frozen=True, slots=True)
class Heard:
    """What was read in a body: the answer, all that was told, and the failure at the end."""

    answer: ModelAnswer
    told: tuple[str, ...]
    failure: str
    error: ErrorFrame | None = None


class StreamReading:
    """Makes inputs, and judges what is read of each."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._mutator = Mutator(chance, _DONORS, NAMES)

    def draw(self) -> bytes:
        """The next input."""
        chance = self._chance
        lines = [self._line(line) for line in _lines(chance.choice(BODIES))]
        for _ in range(chance.randrange(3)):
            act, place = chance.randrange(4), chance.randrange(len(lines) + 1)
            if act == 0:
                lines[place:place] = [f"data: {chance.choice(_FRAMES)}".encode()] * chance.choice((1, 1, 30))
            elif act == 1:
                del lines[place : place + 1]
            elif act == 2:
                lines[place:place] = lines[place : place + 1]
            else:
                lines[place:place] = [
                    chance.choice((b"data: [DONE]", b": ping", b"[DONE]", b"retry: 5", b"<html>", b"data"))
                ]
        ending = chance.choice(_ENDINGS).encode()
        body = ending.join(lines) + ending
        return self._mutator.spoil(body) if chance.random() < SPOILT else body

    def _line(self, line: str) -> bytes:
        chance = self._chance
        prefix, brace, rest = line.partition("{")
        if chance.random() < 0.5 or not (prefix.strip() in ("", "data:") and _is_json(brace + rest)):
            return line.encode("utf-8", "surrogatepass")
        value = self._mutator.tree(brace + rest, most=3)
        if chance.random() < 0.3:
            self._speak(value)
        return (chance.choice(_PREFIXES) if chance.random() < 0.2 else "data: ").encode() + self._mutator.write(value)

    def _speak(self, value: Any) -> None:
        """Something with a tag in it, as a model may say it anywhere."""
        texts = [(holder, key) for holder, key in places_in(value) if isinstance(holder[key], str)]
        if texts:
            holder, key = self._chance.choice(texts)
            words = self._chance.choices((*_TAGS, *_SPOKEN, "words ", " ", "\n", "{"), k=self._chance.randrange(1, 6))
            holder[key] += "".join(words)

    def judge(self, body: bytes) -> None:
        """Raises Broken, or whatever the reading does that it must not."""
        whole = _hear([body])
        _judge_answer(whole.answer, len(body))
        if whole.error is not None:
            objection = Objection.of_json(200, whole.error.fields, ["words of a person"])
            must(len(objection.said) <= MOST_SAID + 2, "what an error says is short")
            must("person" not in objection.words, "no word of a person's is in an error")
        must(_same(whole, _hear(self._cut(body))), "it is read the same wherever it is cut")
        if self._chance.random() < BYTE_BY_BYTE and len(body) < 4_000:
            must(_same(whole, _hear([body])), "it is read the same again")
            must(_same(whole, _hear(bytes([byte]) for byte in body)), "it is read the same byte by byte")
        self._judge_spared()

    def _cut(self, body: bytes) -> list[bytes]:
        cuts = sorted(self._chance.choices(range(len(body) + 1), k=self._chance.randint(1, 4)))
        return [body[begin:end] for begin, end in pairwise([0, *cuts, len(body)])]

    def _judge_spared(self) -> None:
        """What is said stays, whatever stands beside it."""
        odd = self._mutator.odd()
        where: Callable[[dict[str, Any]], Any] = self._chance.choice((_frame, _choice, _delta))
        name = self._chance.choice(_BESIDE_DELTA if where is _delta else _BESIDE)
        chunks = [json.loads(part[6:]) for part in (said("Half one, "), said("half two."), frame(finish="stop"))]
        where(self._chance.choice(chunks[:2]))[name] = odd
        answer = heard(*map(event, chunks))
        must(answer.text == "Half one, half two.", f"what is said stays beside {name}")
        must(answer.finish == "stop", f"the end is read beside {name}")


def _frame(chunk: dict[str, Any]) -> Any:
    return chunk


def _choice(chunk: dict[str, Any]) -> Any:
    return chunk["choices"][0]


def _delta(chunk: dict[str, Any]) -> Any:
    return chunk["choices"][0]["delta"]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _hear(chunks: Iterable[bytes]) -> Heard:
    """As the endpoint reads it."""
    body, answer, told = AnswerBody(), ModelAnswer(offered=(TOOL,)), []
    failure, error = "", None
    try:
        for chunk in chunks:
            for delta in body.feed(chunk):
                told.append(repr(delta))
                answer.take(delta)
            if body.is_over:
                break
        else:
            for delta in body.end():
                told.append(repr(delta))
                answer.take(delta)
    except (Garbled, EndlessCall) as failed:
        failure = f"{type(failed).__name__}: {failed}"
    except ErrorFrame as failed:
        failure, error = f"ErrorFrame: {failed.fields!r}", failed
    answer.end()
    return Heard(answer, tuple(told), failure, error)


def _same(one: Heard, other: Heard) -> bool:
    return (one.told, one.failure, repr(one.answer)) == (other.told, other.failure, repr(other.answer))


def _judge_answer(answer: ModelAnswer, length: int) -> None:
    must_be_clean(answer.text, "an answer")
    must_be_clean(answer.model, "a model's name")
    must(len(answer.text) <= length, "an answer is no longer than its body")
    must(answer.finish in (None, *ENDS), "an end is one of those that there are")
    must(answer.arrived_tokens <= 3 * length + 8, "an estimate is bounded")
    must(len(answer.calls) <= MOST_CALLS + MOST_TEXT_CALLS * max(1, length // 20), "calls are bounded")
    for call in answer.calls:
        for text in (call.id, call.name, call.arguments):
            must_be_clean(text, "a call")
    if (usage := answer.usage) is not None:
        must(0 <= usage.input <= 10**10 and 0 <= usage.output <= 10**10, "usage is bounded")
