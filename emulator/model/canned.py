"""A friendly canned model: it reads what it is given, remembers from there, proposes, and writes Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from .answers import Answer
from .samples import long_answer

_REMIND = re.compile(
    r"remind me (?P<schedule>.+?) to (?P<prompt>.+)|remind me to (?P<what>.+?) (?P<when>(?:every|in|at|on) .+)",
    re.IGNORECASE | re.DOTALL,
)
_NAME = re.compile(r"(?:my name is|i am called|call me) (?P<name>\w+)", re.IGNORECASE)
_QUESTION = re.compile(r"(?:what|which|who|where|when|how)\b.*\?", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r"\w{3,}")
_EMPTY = {"what", "which", "who", "where", "when", "how", "the", "you", "are", "and", "was", "does", "did", "have"}
_ABOUT = (
    "**Polar** keeps what you say:\n\n1. it is written down *before* it is acknowledged,\n2. an answer is queued in "
)
_ABOUT += "the same commit,\n3. and `kill -9` loses neither.\n\n```python\nasync def handle(turn):\n    return await "
_ABOUT += "chain(turn)\n```"


def reply(request: dict[str, Any]) -> Answer:
    """The answer to the newest message, from nothing but the request."""
    *earlier, newest = _said(request["messages"]) or [""]
    tool = _tool(request)
    if tool and request["messages"][-1]["role"] == "user" and (match := _REMIND.search(newest)):
        given = {"schedule": match["schedule"] or match["when"], "prompt": match["prompt"] or match["what"]}
        return Answer(text="Gladly.", tool=(tool, json.dumps({k: v.strip(" .!") for k, v in given.items()})))
    if _is_due(request["messages"][-1]):
        return Answer(text=f"⏰ {newest}")
    return Answer(text=_talk(newest, earlier, list(_known(request["messages"]))))


def _talk(newest: str, earlier: list[str], known: list[str]) -> str:
    if match := _NAME.search(newest):
        return f"Nice to meet you, **{match['name']}**! What can I do for you?"
    if re.search(r"\blong answer\b", newest, re.IGNORECASE):
        return long_answer()
    if re.search(r"\bhow do you work\b|\bexplain\b", newest, re.IGNORECASE):
        return _ABOUT
    if _QUESTION.search(newest):
        closest = _closest(newest, known) or _closest(newest, [text for text in earlier if not _QUESTION.search(text)])
        return f"You told me:\n\n> {closest}" if closest else "I do not know that *yet*. Tell me, and ask me again."
    if re.match(r"(?:hi|hello|hey)\b", newest.strip(), re.IGNORECASE):
        return "Hello! I am a *canned* model, just good enough to show how a real one would look here."
    return "Noted. **Ask me** about it whenever you like."


def _said(messages: list[dict[str, Any]]) -> list[str]:
    """People's messages, oldest first: plain, or in lines of JSON with a `text`."""
    return [text for message in messages if message["role"] == "user" for text in _texts(str(message["content"]))]


def _is_due(message: dict[str, Any]) -> bool:
    """True if a note says that it was scheduled."""
    try:
        return "scheduled" in json.loads(message["content"])["note"]
    except (ValueError, KeyError, TypeError):
        return False


def _texts(content: str) -> list[str]:
    texts = []
    for line in content.split("\n"):
        try:
            texts.append(str(json.loads(line)["text"]))
        except (ValueError, KeyError, TypeError):
            return [content]
    return texts


def _known(messages: list[dict[str, Any]]) -> Iterator[str]:
    """Facts that stand in a system message as a list of JSON texts, whatever it is called."""
    for message in messages:
        if message["role"] != "system":
            continue
        for line in str(message["content"]).split("\n"):
            label, _, value = line.partition(": ")
            if label.isidentifier() and value.startswith('["'):
                yield from (str(fact) for fact in json.loads(value))


def _closest(question: str, texts: list[str]) -> str | None:
    """The text that shares the most words with a question; the newest among equals."""
    asked = _words(question)
    best = max(reversed(texts), key=lambda text: len(asked & _words(text)), default="")
    return best if asked & _words(best) else None


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)} - _EMPTY


def _tool(request: dict[str, Any]) -> str | None:
    """The first tool that takes a schedule and a prompt."""
    for tool in request.get("tools", ()):
        parameters = tool["function"].get("parameters", {}).get("properties", {})
        if {"schedule", "prompt"} <= set(parameters):
            return str(tool["function"]["name"])
    return None
