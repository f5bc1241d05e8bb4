"""A request as the canned model reads it: who said what, what is known, and which tools are really offered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
_MENTION = re.compile(r"\s*@\w+[,:]?\s+")


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands in a request; people's messages are plain, or lines of JSON with a `text`."""

    newest: str
    earlier: tuple[str, ...]
    """What people said before, oldest first."""
    answers: tuple[str, ...]
    """What the model itself said before."""
    known: tuple[str, ...]
    """Facts that stand in a system message as a list of JSON texts, whatever it is called."""
    quoted: str
    """The words that the newest message answers, '' if none."""
    attached: str
    """The kind of file that came with it, '' if none."""
    is_due: bool
    """True if a note says that it was scheduled, so that nobody has written it just now."""
    tools: Mapping[str, tuple[str, ...]]
    """The names of the parameters of each tool that is offered."""
    result: Mapping[str, Any] | None
    """What became of a call of a tool, where that is the last that is told."""

    @classmethod
    def of(cls, request: Json) -> Asked:
        """Read it, whatever else it holds."""
        messages: list[Json] = request["messages"]
        lines = [line for message in messages if message["role"] == "user" for line in _lines(str(message["content"]))]
        last = lines[-1] if lines else {}
        texts = [str(line["text"]) for line in lines] or [""]
        parts = [part for part in last.get("parts", ()) if isinstance(part, dict)]
        attachments = last.get("attachments") or [{}]
        return cls(
            newest=_MENTION.sub("", texts[-1], count=1) if _MENTION.match(texts[-1]) else texts[-1],
            earlier=tuple(text for text in texts[:-1] if text),
            answers=tuple(str(each.get("content") or "") for each in messages if each["role"] == "assistant"),
            known=tuple(fact for each in messages if each["role"] == "system" for fact in _facts(str(each["content"]))),
            quoted=next((str(part["text"]) for part in reversed(parts) if part.get("text")), ""),
            attached=str(attachments[0].get("kind", "")),
            is_due="scheduled" in str(last.get("note", "")),
            tools={tool["function"]["name"]: _parameters(tool["function"]) for tool in request.get("tools", ())},
            result=_result(messages[-1]),
        )


def _lines(content: str) -> list[Json]:
    """Lines of JSON, else the whole as one text."""
    lines = []
    for line in content.split("\n"):
        try:
            value = json.loads(line)
            lines.append({**value, "text": value["text"]})
        except (ValueError, KeyError, TypeError):
            return [{"text": content}]
    return lines


def _facts(content: str) -> Iterator[str]:
    for line in content.split("\n"):
        label, _, value = line.partition(": ")
        if label.isidentifier() and value.startswith('["'):
            yield from (str(fact) for fact in json.loads(value))


def _parameters(function: Json) -> tuple[str, ...]:
    return tuple(function.get("parameters", {}).get("properties", {}))


def _result(message: Json) -> Mapping[str, Any] | None:
    if message["role"] != "tool":
        return None
    try:
        value = json.loads(message["content"])
    except ValueError:
        value = message["content"]
    return value if isinstance(value, dict) else {"result": value}
