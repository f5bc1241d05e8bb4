"""A question, and the request that an endpoint takes it in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from bot.responders.model.refusals import RequestPart

ChatMessage = dict[str, Any]
Tool = dict[str, Any]
LIMIT_NAMES: tuple[RequestPart, ...] = ("max_tokens", "max_completion_tokens")
"""The names of the limit of an answer's length; most endpoints know the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The question of one call."""

    messages: list[ChatMessage]
    history: tuple[int, ...] = ()
    """The sequences of the earlier messages that are among them."""
    tools: tuple[Tool, ...] = ()
    """The tools that the model may call."""
    exchange: tuple[ChatMessage, ...] = ()
    """Calls that were made already, and what became of them."""

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts that are sent along."""
        messages = (*self.messages, *self.exchange)
        return tuple(str(message.get("content") or message.get("tool_calls") or "") for message in messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The model that is asked, and the longest answer in tokens."""

    model: str
    max_tokens: int

    def write(self, question: Question, left_out: AbstractSet[RequestPart]) -> dict[str, Any]:
        """The request, without what this endpoint refuses."""
        has_tools = bool(question.tools) and "tools" not in left_out
        messages = [*question.messages, *question.exchange] if has_tools else question.messages
        request: dict[str, Any] = {"model": self.model}
        request["messages"] = list(_without_system(messages)) if "system" in left_out else messages
        for name in [name for name in LIMIT_NAMES if name not in left_out][:1]:
            request[name] = self.max_tokens
        if "stream" not in left_out:
            request["stream"] = True
            if "stream_options" not in left_out:
                request["stream_options"] = {"include_usage": True}
        if has_tools:
            request["tools"] = list(question.tools)
        return request


def _without_system(messages: Sequence[ChatMessage]) -> Iterator[ChatMessage]:
    """What the system says as the beginning of the first message of the user's."""
    system = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
    first, *others = [message for message in messages if message["role"] != "system"]
    if first["role"] != "user":
        first, others = {"role": "user", "content": ""}, [first, *others]
    yield {**first, "content": f"{system}\n\n{first['content']}".strip()}
    yield from others
