"""The part of the interface that an endpoint understands, found out as it refuses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from openai import APIStatusError

ChatMessage = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The question of one call."""

    messages: list[ChatMessage]
    tool: dict[str, Any] | None = None
    """The tool that the model may call, if any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Fields that differ between endpoints. It begins with what most understand."""

    model: str
    max_tokens: int
    limit_name: str = "max_tokens"
    tells_usage: bool = True
    knows_tools: bool = True

    def write(self, question: Question) -> dict[str, Any]:
        """The request."""
        request = {"model": self.model, "messages": question.messages, "stream": True}
        request[self.limit_name] = self.max_tokens
        if self.tells_usage:
            request["stream_options"] = {"include_usage": True}
        if question.tool is not None and self.knows_tools:
            request["tools"] = [question.tool]
        return request

    def adapted(self, error: Exception) -> Dialect | None:
        """Without what this error refuses; None when it refuses nothing that could be left out."""
        if not isinstance(error, APIStatusError) or error.status_code not in (400, 422):
            return None
        if self.limit_name == "max_tokens" and (error.param == "max_tokens" or "max_completion_tokens" in str(error)):
            return replace(self, limit_name="max_completion_tokens")
        if self.tells_usage and (error.param == "stream_options" or "stream_options" in str(error)):
            return replace(self, tells_usage=False)
        if self.knows_tools and (error.param == "tools" or "does not support tools" in str(error)):
            return replace(self, knows_tools=False)
        return None
