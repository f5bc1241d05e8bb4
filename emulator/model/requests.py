"""The form of a request. Stricter than most endpoints, so that a mistake is seen here first."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from ..errors import EmulatorError

Json = dict[str, Any]
FIELDS: dict[str, type | tuple[type, ...]] = {
    "model": str,
    "messages": list,
    "stream": bool,
    "stream_options": dict,
    "max_tokens": int,
    "max_completion_tokens": int,
    "temperature": (int, float),
    "tools": list,
    "tool_choice": (str, dict),
    "user": str,
}
MESSAGE_FIELDS = {
    "system": {"role", "content", "name"},
    "developer": {"role", "content", "name"},
    "user": {"role", "content", "name"},
    "assistant": {"role", "content", "name", "tool_calls", "refusal"},
    "tool": {"role", "content", "tool_call_id"},
}
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class BadRequest(EmulatorError):
    """A request is of a wrong form; `param` is the field."""

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


def check(body: object, refused: Collection[str] = ()) -> Json:
    """The request, if it is one; `refused` are fields that this endpoint does not know. Errors: BadRequest."""
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    for name, value in body.items():
        if name not in FIELDS or name in refused:
            raise BadRequest(f"Unsupported parameter: '{name}'", name)
        if not isinstance(value, FIELDS[name]) or (isinstance(value, bool) and FIELDS[name] is not bool):
            raise BadRequest(f"Invalid type for '{name}'", name)
    for name in ("model", "messages"):
        if not body.get(name):
            raise BadRequest(f"Missing required parameter: '{name}'", name)
    _check_options(body)
    _check_messages(body["messages"])
    for tool in body.get("tools", ()):
        _check_tool(tool)
    return body


def _check_options(body: Json) -> None:
    if "stream_options" in body and not body.get("stream"):
        raise BadRequest("'stream_options' is only allowed when 'stream' is true", "stream_options")
    if not set(body.get("stream_options", ())) <= {"include_usage"}:
        raise BadRequest("'stream_options' knows 'include_usage' only", "stream_options")
    if "max_tokens" in body and "max_completion_tokens" in body:
        raise BadRequest("'max_tokens' and 'max_completion_tokens' exclude each other", "max_tokens")
    for name in ("max_tokens", "max_completion_tokens"):
        if body.get(name, 1) < 1:
            raise BadRequest(f"'{name}' must be at least 1", name)
    if not 0 <= body.get("temperature", 1) <= 2:
        raise BadRequest("'temperature' must be between 0 and 2", "temperature")
    if "tools" in body and not body["tools"]:
        raise BadRequest("'tools' must not be empty", "tools")


def _check_messages(messages: list[Any]) -> None:
    called: set[str] = set()
    for number, message in enumerate(messages):
        where = f"messages[{number}]"
        if not isinstance(message, dict) or message.get("role") not in MESSAGE_FIELDS:
            raise BadRequest(f"'{where}' must have a role: {', '.join(MESSAGE_FIELDS)}", where)
        role, content = message["role"], message.get("content")
        if not set(message) <= MESSAGE_FIELDS[role]:
            raise BadRequest(f"'{where}' of role '{role}' has an unknown field", where)
        if not isinstance(content, str) and not (content is None and message.get("tool_calls")):
            raise BadRequest(f"'{where}.content' must be a text", where)
        if "name" in message and not _NAME.fullmatch(str(message["name"])):
            raise BadRequest(f"'{where}.name' must match {_NAME.pattern}", where)
        if role == "tool" and message.get("tool_call_id") not in called:
            raise BadRequest(f"'{where}' must answer a preceding message with 'tool_calls'", where)
        called |= {_called(call, where) for call in message.get("tool_calls", ())}
    _check_turns([message for message in messages if message["role"] != "tool" and not message.get("tool_calls")])


def _check_turns(messages: list[Json]) -> None:
    """As the strictest templates want it: what the system says first, then the user and the assistant by turns."""
    if messages and messages[0]["role"] in ("system", "developer"):
        messages = messages[1:]
    wanted = ["user", "assistant"] * len(messages)
    if any(message["role"] != role for message, role in zip(messages, wanted, strict=False)):
        raise BadRequest("Conversation roles must alternate user/assistant/user/assistant/...", "messages")


def _called(call: object, where: str) -> str:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(call, dict) or call.get("type") != "function" or not isinstance(function, dict):
        raise BadRequest(f"'{where}.tool_calls' must be calls of functions", where)
    if not (isinstance(call.get("id"), str) and call["id"]):
        raise BadRequest(f"'{where}.tool_calls' must have ids", where)
    if not (isinstance(function.get("name"), str) and isinstance(function.get("arguments"), str)):
        raise BadRequest(f"'{where}.tool_calls' must have a name, and arguments as a text", where)
    return str(call["id"])


def _check_tool(tool: object) -> None:
    function = tool.get("function") if isinstance(tool, dict) else None
    if not isinstance(tool, dict) or tool.get("type") != "function" or not isinstance(function, dict):
        raise BadRequest("'tools' must be functions", "tools")
    if not _NAME.fullmatch(str(function.get("name", ""))):
        raise BadRequest(f"a tool's name must match {_NAME.pattern}", "tools")
    if not set(function) <= {"name", "description", "parameters", "strict"}:
        raise BadRequest("a tool's function has an unknown field", "tools")
    if not isinstance(function.get("parameters", {}), dict):
        raise BadRequest("a tool's parameters must be a JSON schema", "tools")
