"""What endpoints refuse, in their own words."""

from __future__ import annotations

import json

import pytest

from bot.responders.model.objection import Objection
from bot.responders.model.refusals import PARTS, RequestPart, is_too_long, parts_of, refused_part

REFUSED: list[tuple[int, str, RequestPart]] = [
    (400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set', "tools"),
    (404, "No endpoints found that support tool use. To learn more about provider routing, visit: …", "tools"),
    (400, "registry.ollama.ai/library/gemma:2b does not support tools", "tools"),
    (400, "tools is not supported in this model. For a list of supported models refer to …", "tools"),
    (400, "Unrecognized request argument supplied: tools", "tools"),
    (400, "Function calling is not enabled for models/gemma-3-4b-it", "tools"),
    (400, "`tool calling` is not supported with this model", "tools"),
    (400, "tool_use is not available for this model", "tools"),
    (400, "Additional properties are not allowed ('tools' was unexpected)", "tools"),
    (500, "tools param requires --jinja flag", "tools"),
    (500, "create() got an unexpected keyword argument 'tools'", "tools"),
    (501, "tools: not implemented", "tools"),
    (400, "System role not supported", "system"),
    (400, "Only user and assistant roles are supported!", "system"),
    (400, "Conversation roles must alternate user/assistant/user/assistant/...", "system"),
    (400, "After the optional system message, conversation roles must alternate user/assistant", "system"),
    (400, "Developer instruction is not enabled for models/gemma-3-27b-it", "system"),
    (400, "Unsupported value: 'messages[0].role' does not support 'system' with this model.", "system"),
    (422, "messages[0].role: unknown variant `system`, expected `user` or `assistant`", "system"),
    (400, "This model doesn't support system messages", "system"),
    (400, "Unsupported parameter: 'max_tokens' is not supported with this model.", "max_tokens"),
    (400, "max_tokens is too large: 2048. This model supports at most 1024 completion tokens", "max_tokens"),
    (400, "property 'stream_options' is unsupported", "stream_options"),
    (400, "1 validation error for Request\nbody -> stream_options\n  extra fields not permitted", "stream_options"),
    (400, 'Invalid JSON payload received. Unknown name "stream_options": Cannot find field.', "stream_options"),
    (400, "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options"),
    (400, "Streaming is not supported for this model", "stream"),
    (400, "Unsupported value: 'stream' does not support true with this model.", "stream"),
]


def read(status: int, message: str, **fields: object) -> Objection:
    """The objection of a body in the usual form."""
    return Objection.read(status, json.dumps({"error": {"message": message, **fields}}), ())


@pytest.mark.parametrize(("status", "message", "part"), REFUSED)
def test_what_is_named_is_left_out(status: int, message: str, part: RequestPart) -> None:
    """If it was sent: what is left out already is not refused again."""
    assert refused_part(read(status, message), PARTS) == part
    others = set(PARTS) - {part, "max_completion_tokens"}
    assert refused_part(read(status, message), others) != part


@pytest.mark.parametrize("part", PARTS)
def test_a_field_that_is_given_as_the_parameter_needs_no_words(part: RequestPart) -> None:
    """Whatever language the message is in."""
    assert refused_part(read(400, "不支持", param=part), {part}) == part


def test_a_limit_that_is_refused_by_both_names_is_left_out() -> None:
    """The other name comes first."""
    said = read(400, "Unsupported parameter: 'max_completion_tokens'")
    assert refused_part(said, {"max_completion_tokens"}) == "max_completion_tokens"
    assert refused_part(said, {"tools", "stream"}) is None


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "Invalid request"),
        (400, "temperature is not supported"),
        (400, "The tools are in the shed"),
        (404, "The model `m` does not exist or you do not have access to it."),
        (404, "Not Found"),
        (401, "tools are not supported"),
        (403, "tools are not allowed for this key"),
        (429, "Too many requests with tools: only 3 are allowed"),
        (500, "The server had an error while processing your tools"),
        (500, "upstream stream error: unexpected end"),
        (503, "tools are not supported just now"),
    ],
)
def test_what_names_nothing_or_passes_is_a_failure(status: int, message: str) -> None:
    """A status that means something else decides nothing about the request."""
    assert refused_part(read(status, message), PARTS) is None


@pytest.mark.parametrize(("param", "part"), [("tools[0].function", "tools"), ("stream_options.x", "stream_options")])
def test_what_is_refused_within_a_field_is_the_field(param: str, part: RequestPart) -> None:
    """It is left out as a whole."""
    assert refused_part(read(400, "No.", param=param), PARTS) == part


def test_where_a_role_is_refused_still_the_tools_have_one() -> None:
    """Templates that know no system have none for what tools say, either."""
    said = read(400, "Only user and assistant roles are supported!")
    assert refused_part(said, {"tools", "stream"}) == "tools"
    assert refused_part(said, {"stream"}) is None


def test_a_page_refuses_nothing() -> None:
    """Its title is some web server's."""
    assert refused_part(Objection.read(404, "<title>Streaming is not supported</title>", ()), PARTS) is None


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "This model's maximum context length is 4096 tokens. However, you requested 4500 tokens (2000 in the "
              "messages, 452 in the functions, 2048 in the completion). Please reduce the length of the messages."),
        (400, "prompt is too long: 210000 tokens > 200000 maximum"),
        (400, "the request exceeds the available context size. try increasing the context size"),
        (400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)"),
        (400, "context_length_exceeded"),
        (400, "Messages and tools exceed the context window: only 4096 tokens are allowed"),
        (413, "Request Entity Too Large"),
        (413, ""),
    ],
)  # fmt: skip
def test_what_is_too_long_is_known(status: int, message: str) -> None:
    """And takes nothing else for refused, though it is counted there."""
    assert is_too_long(read(status, message))
    assert refused_part(read(status, message), PARTS) is None


def test_a_limit_of_the_answer_that_leaves_no_room_is_left_out_before_the_history() -> None:
    """As the endpoint says that it is that."""
    said = read(400, "'max_tokens' is too large: 2048. This model's maximum context length is 2048 tokens")
    assert is_too_long(said)
    assert refused_part(said, PARTS) == "max_tokens"
    assert refused_part(said, {"tools", "stream", "system"}) is None


def test_the_parts_of_a_request_are_those_that_are_in_it() -> None:
    """What is not there cannot be left out."""
    user, system = {"role": "user", "content": "x"}, {"role": "system", "content": "x"}
    assert parts_of({"model": "m", "messages": [user]}) == set()
    request = {"model": "m", "messages": [system, user], "stream": True, "max_tokens": 1, "tools": []}
    assert parts_of(request) == {"system", "stream", "max_tokens", "tools"}
