"""Calls of tools that a model writes as text, as it was taught, where its server does not read them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from bot.responders.model.calls import ToolCall

_DECODER = json.JSONDecoder(strict=False)
_FUNCTION = re.compile(r"<(?:function=|invoke name=\"|function name=\")([\w.-]{1,64})\"?\s*>", re.IGNORECASE)
_PARAMETER = re.compile(r"<parameter(?:=| name=\")([\w.-]{1,64})\"?[^<>]{0,40}>\s*(.*?)\s*</parameter>", re.DOTALL)
_KEYED = re.compile(r"<arg_key>\s*(.*?)\s*</arg_key>\s*<arg_value>\s*(.*?)\s*</arg_value>", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][\w.-]{0,63}")
_WORDS_OF_TAGS = {"function", "functions", "json", "assistant", "commentary", "to", "ARGS"}
_TAG = re.compile(r"<[|｜][^<>]{1,40}[|｜]>|\[ARGS\]|```")
_FENCED = re.compile(r"```[\w-]*\s*(.*?)\s*```", re.DOTALL)
_ARGUMENTS = ("arguments", "parameters", "args", "input")
_NAMES = ("name", "tool", "tool_name")
_OTHER_KEYS = ("function", "type", "id", *_ARGUMENTS)
_BEGUN = re.compile(r"^```[\w-]*\s?")
_LONGEST_BEGINNING = 200
MOST_OBJECTS = 16
"""Calls of one body; those beyond are not read."""


def read_calls(body: str) -> list[ToolCall]:
    """The calls in what stands between the tags of one; none where it is nothing of the kind."""
    found = [call for value, before in _values(body) if (call := _call(value, before)) is not None]
    return found or list(_tagged(body))


def whole_calls(text: str, offered: Collection[str]) -> list[ToolCall]:
    """The calls that a text is, from its beginning to its end: JSON, in a code block or not, which names tools."""
    text = text.strip()
    fenced = _FENCED.fullmatch(text)
    text = fenced[1] if fenced else text
    if not offered or not text.startswith(("{", "[")):
        return []
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return []
    values = value[:MOST_OBJECTS] if isinstance(value, list) else [value]
    calls = [call for each in values if (call := _call(each, "")) is not None and call.name in offered]
    return calls if len(calls) == len(values) else []


def may_be_call(text: str, offered: Collection[str]) -> bool:
    """True while such a call may be coming, or is there: so that nobody is shown half of one."""
    beginnings = (*_named(offered), *(f'{{"{key}":' for key in _OTHER_KEYS), "```")
    begun = _beginning(text)
    return any(begun.startswith(beginning) or beginning.startswith(begun) for beginning in beginnings)


def is_half_call(text: str, offered: Collection[str]) -> bool:
    """True for a text that is the beginning of such a call, which ended before it did."""
    begun = _beginning(text)
    return any(map(begun.startswith, _named(offered))) and not any(_values(text))


def _named(offered: Collection[str]) -> Iterator[str]:
    """How a call that begins with the name of a tool does."""
    return (f'{{"{key}":"{name}"' for name in offered for key in _NAMES)


def _beginning(text: str) -> str:
    """What a text begins with, without blanks and a code block's tag."""
    begun = _BEGUN.sub("", text.lstrip()[:_LONGEST_BEGINNING])
    return "".join(begun.split()).removeprefix("[")


def _values(body: str) -> Iterator[tuple[Any, str]]:
    """The JSON objects of a text, each with what stands before it."""
    at, found = 0, 0
    while (begin := body.find("{", at)) >= 0 and found < MOST_OBJECTS:
        found += 1
        try:
            value, end = _DECODER.raw_decode(body, begin)
        except (ValueError, RecursionError):
            return
        yield value, body[at:begin]
        at = end


def _call(value: object, before: str) -> ToolCall | None:
    """A call as an object with a name; else its arguments, with its name before them."""
    if not isinstance(value, dict):
        return None
    if isinstance(inner := value.get("function"), dict):
        value = inner
    name = next((value[key] for key in (*_NAMES, "function") if isinstance(value.get(key), str)), "")
    given = next((value[key] for key in _ARGUMENTS if key in value), None)
    if name and given is not None:
        return _made(name, given)
    named = [word for word in _NAME.findall(_TAG.sub(" ", before)) if word not in _WORDS_OF_TAGS]
    return _made(named[-1], value) if named else None


def _made(name: str, given: object) -> ToolCall | None:
    try:
        arguments = given if isinstance(given, str) else json.dumps(given)
    except RecursionError:
        return None
    return ToolCall(name=name.removeprefix("functions."), arguments=arguments)


def _tagged(body: str) -> Iterator[ToolCall]:
    """A call whose arguments stand in tags, each by its name."""
    function = _FUNCTION.search(body) or _NAME.match(body.strip())
    given = dict(_PARAMETER.findall(body)) or dict(_KEYED.findall(body))
    if function is not None and given:
        yield ToolCall(name=function[1] if function.re is _FUNCTION else function[0], arguments=json.dumps(given))
