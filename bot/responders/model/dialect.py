"""A question, and the request that an endpoint takes it in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from bot.responders.model.refusals import RequestPart

ChatMessage = dict[str, Any]
LIMIT_NAMES: tuple[RequestPart, ...] = ("max_tokens", "max_completion_tokens")
"""The names of the limit of an answer's length; most endpoints know the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The question of one call."""

    messages: list[ChatMessage]
    history: tuple[int, ...] = ()
    """The sequences of the earlier messages that are among them."""
    tool: dict[str, Any] | None = None
    """The tool that the model may call, if any."""
    exchange: tuple[ChatMessage, ...] = ()
    """A call of the tool that was made already, and what became of it."""

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
        has_tools = question.tool is not None and "tools" not in left_out
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
            request["tools"] = [question.tool]
        return request


def _without_system(messages: Sequence[ChatMessage]) -> Iterator[ChatMessage]:
    """What the system says as the beginning of the first message of the user's."""
    system = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
    first, *others = [message for message in messages if message["role"] != "system"]
    if first["role"] != "user":
        first, others = {"role": "user", "content": ""}, [first, *others]
    yield {**first, "content": f"{system}\n\n{first['content']}".strip()}
    yield from others
