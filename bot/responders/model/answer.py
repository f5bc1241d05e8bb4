"""An answer as it arrives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.errors import BotError
from bot.responders.model.prices import Usage
from middleware.answering import LONGEST
from storage.text import clean


class Garbled(BotError):
    """The answer is not of the interface's form."""


@dataclass(slots=True)
class ToolCall:
    """A call as it arrives, bit by bit."""

    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class ModelAnswer:
    """The result of one call so far. It is read whatever becomes of the call, so that its cost is known."""

    text: str = ""
    call: ToolCall | None = None
    model: str = ""
    finish: str | None = None
    refused: bool = False
    usage: Usage | None = None
    was_sent: bool = False
    """True if the endpoint may charge for it: not if it refused, or could not be reached."""

    def take(self, chunk: Any) -> None:
        """Add what a chunk brings; the client does not check its form. Raises Garbled."""
        try:
            self._take(chunk)
        except (AttributeError, TypeError, IndexError):
            raise Garbled from None

    def _take(self, chunk: Any) -> None:
        choices, usage = getattr(chunk, "choices", None), getattr(chunk, "usage", None)
        if choices is None and usage is None:
            raise Garbled
        if usage is not None:
            self.usage = _usage(usage) or self.usage
        if isinstance(model := getattr(chunk, "model", None), str):
            self.model = clean(model)[:100]
        for choice in (choices or ())[:1]:
            self.finish = choice.finish_reason or self.finish
            if choice.delta is not None:
                self._add(choice.delta)

    def _add(self, delta: Any) -> None:
        self.text += clean(delta.content or "") if isinstance(delta.content, str | None) else _garbled()
        self.refused = self.refused or bool(getattr(delta, "refusal", None))
        for part in (getattr(delta, "tool_calls", None) or ())[:1]:
            if part.index == 0 and part.function is not None:
                self.call = self.call or ToolCall()
                self.call.id = self.call.id or part.id or ""
                self.call.name += part.function.name or ""
                self.call.arguments += part.function.arguments or ""
                if len(self.call.arguments) > LONGEST:
                    _garbled()


def _garbled() -> str:
    raise Garbled


def _usage(usage: Any) -> Usage | None:
    """The number that the endpoint says, if it makes sense."""
    given, made = getattr(usage, "prompt_tokens", None), getattr(usage, "completion_tokens", None)
    cached = getattr(getattr(usage, "prompt_tokens_details", None), "cached_tokens", None)
    if not (isinstance(given, int) and isinstance(made, int)) or given < 0 or made < 0:
        return None
    return Usage(input=given, output=made, cached=cached if isinstance(cached, int) and cached > 0 else 0)
