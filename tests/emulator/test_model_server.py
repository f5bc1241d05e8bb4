"""The model of the tests: a strict endpoint that fails to order."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from emulator.model import (
    Answer,
    Model,
    ModelServer,
    Rule,
    does_not_alternate,
    has,
    long_answer,
    longer_than,
    pieces_of,
    speaks_as,
)
from tests.house import CHECKOUT

HEADERS = {"authorization": "Bearer key"}
HELLO: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
async def model() -> AsyncIterator[Model]:
    """A model that is served."""
    async with ModelServer() as server:
        server.model.url = server.url  # type: ignore[attr-defined]
        yield server.model


async def post(model: Model, body: Any, **options: Any) -> httpx.Response:
    """Ask it."""
    url = f"{model.url}/chat/completions"  # type: ignore[attr-defined]
    async with httpx.AsyncClient(timeout=10) as client:
        return await client.post(url, json=body, **{"headers": HEADERS, **options})


def events(answer: httpx.Response) -> list[Any]:
    """The events of a stream, read."""
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


async def test_it_answers_in_one_piece(model: Model) -> None:
    """As ordered, with usage."""
    model.say("one two", usage=(7, 2))
    answer = (await post(model, HELLO)).json()
    assert answer["choices"][0]["message"]["content"] == "one two"
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["usage"] == {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}


async def test_it_answers_as_a_stream(model: Model) -> None:
    """Word by word; usage in an event of its own, only when asked for; then the end."""
    model.say("one two", "one two")
    stream = {**HELLO, "stream": True}
    told = events(await post(model, {**stream, "stream_options": {"include_usage": True}}))
    assert "".join(e["choices"][0]["delta"].get("content", "") for e in told[:-2]) == "one two"
    assert told[-3]["choices"][0]["finish_reason"] == "stop"
    assert told[-2]["choices"] == []
    assert told[-2]["usage"]["completion_tokens"] > 0
    assert told[-1] == "[DONE]"
    assert all("usage" not in event for event in events(await post(model, stream))[:-1])


async def test_it_calls_a_tool_bit_by_bit(model: Model) -> None:
    """As real endpoints do."""
    model.order(Answer(tool=("do_it", '{"a": 1}')))
    told = events(await post(model, {**HELLO, "stream": True}))
    calls = [e["choices"][0]["delta"]["tool_calls"][0] for e in told[:-1] if "tool_calls" in e["choices"][0]["delta"]]
    assert calls[0]["function"]["name"] == "do_it"
    assert "".join(call["function"]["arguments"] for call in calls) == '{"a": 1}'
    assert told[-2]["choices"][0]["finish_reason"] == "tool_calls"


MESSAGE = {"role": "user", "content": "x"}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"model": "m"},
        {"model": "", "messages": [MESSAGE]},
        {**HELLO, "messages": []},
        {**HELLO, "messages": ["hello"]},
        {**HELLO, "messages": [{"role": "robot", "content": "x"}]},
        {**HELLO, "messages": [{"role": "user"}]},
        {**HELLO, "messages": [{"role": "user", "content": 5}]},
        {**HELLO, "messages": [{**MESSAGE, "name": "Ann Lee"}]},
        {**HELLO, "messages": [{**MESSAGE, "sender": "Ann"}]},
        {**HELLO, "messages": [MESSAGE, {"role": "tool", "content": "x", "tool_call_id": "c"}]},
        {**HELLO, "messages": [MESSAGE, {"role": "assistant", "tool_calls": [{**CALL, "id": ""}]}]},
        {**HELLO, "nonsense": 1},
        {**HELLO, "stream": "yes"},
        {**HELLO, "stream_options": {"include_usage": True}},
        {**HELLO, "max_tokens": 0},
        {**HELLO, "max_tokens": True},
        {**HELLO, "max_tokens": 5, "max_completion_tokens": 5},
        {**HELLO, "temperature": 3},
        {**HELLO, "tools": []},
        {**HELLO, "tools": [{"type": "function", "function": {"name": "no blanks"}}]},
    ],
)
async def test_a_wrong_request_is_refused(model: Model, wrong: Any) -> None:
    """So that the tests cannot agree with a mistake of ours."""
    answer = await post(model, wrong)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert not model.exchanges


SYSTEM, SAID = {"role": "system", "content": "x"}, {"role": "assistant", "content": "x"}


@pytest.mark.parametrize(
    ("messages", "status"),
    [
        ([SYSTEM, MESSAGE], 200),
        ([MESSAGE, SAID, MESSAGE], 200),
        ([SYSTEM, MESSAGE, SAID, MESSAGE], 200),
        ([SYSTEM, SAID, MESSAGE], 400),
        ([SAID, MESSAGE], 400),
        ([MESSAGE, MESSAGE], 400),
        ([MESSAGE, SAID, SAID, MESSAGE], 400),
        ([MESSAGE, SYSTEM], 400),
        ([SYSTEM, SYSTEM, MESSAGE], 400),
    ],
)
async def test_user_and_assistant_must_take_turns(model: Model, messages: Any, status: int) -> None:
    """The user first, behind what the system says: there are templates that refuse all else."""
    answer = await post(model, {**HELLO, "messages": messages})
    assert answer.status_code == status
    assert status == 200 or "must alternate" in answer.json()["error"]["message"]


async def test_a_tools_result_must_follow_its_call(model: Model) -> None:
    """As real endpoints want it."""
    follow = [
        MESSAGE,
        {"role": "assistant", "tool_calls": [CALL]},
        {"role": "tool", "content": "", "tool_call_id": "c"},
    ]
    assert (await post(model, {**HELLO, "messages": follow})).status_code == 200


async def test_without_a_key_it_refuses(model: Model) -> None:
    """Whatever the key is."""
    assert (await post(model, HELLO, headers={})).status_code == 401


async def test_it_refuses_as_ordered(model: Model) -> None:
    """With the status, and when to come back."""
    model.order(Answer(status=429, retry_after="7", code="rate_limit_exceeded"))
    answer = await post(model, HELLO)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.json()["error"]["code"] == "rate_limit_exceeded"


async def test_it_waits_and_cuts_as_ordered(model: Model) -> None:
    """At a piece of the answer; what became of it is kept."""
    model.say("one two three", hold_after=1, cut_after=2)
    asking = asyncio.create_task(post(model, {**HELLO, "stream": True}))
    await model.wait(lambda: bool(model.exchanges) and model.exchanges[0].pieces == 1)
    assert model.exchanges[0].ended is None
    model.release()
    with pytest.raises(httpx.RemoteProtocolError):
        await asking
    assert model.exchanges[0].ended == "cut"


async def test_who_leaves_is_noticed(model: Model) -> None:
    """The answer ends there."""
    model.say("one two three", hold_after=1)
    asking = asyncio.create_task(post(model, {**HELLO, "stream": True}))
    await model.wait(lambda: bool(model.exchanges) and model.exchanges[0].pieces == 1)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await model.wait(lambda: model.exchanges[0].ended == "abandoned")


def test_the_long_answer_has_all_that_is_hard_to_show() -> None:
    """Exactly as long as it is said to be."""
    text = long_answer()
    assert len(text) == 20_000
    assert text.count("](https://") == 300
    assert text.count("```") >= 10
    assert text.count("|---|") >= 5
    assert "".join(pieces_of(text)) == text


async def test_it_is_a_process_that_takes_orders(tmp_path: Any) -> None:
    """For demonstrations: over HTTP, until it is told to end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "emulator.model", "--port", "0", cwd=CHECKOUT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().split()[1]
    control = url.replace("/v1", "/control")
    async with httpx.AsyncClient(timeout=10, headers=HEADERS) as client:
        assert (await client.post(f"{control}/order", json=[{"text": "as told"}])).status_code == 200
        assert "expected" in (await client.post(f"{control}/order", json=[{"txt": "x"}])).json()["error"]
        answer = await client.post(f"{url}/chat/completions", json=HELLO)
        assert answer.json()["choices"][0]["message"]["content"] == "as told"
        answer = await client.post(f"{url}/chat/completions", json=HELLO)
        assert "Hello!" in answer.json()["choices"][0]["message"]["content"]
        assert [e["ended"] for e in (await client.get(f"{control}/requests")).json()] == ["whole", "whole"]
        assert (await client.get(f"{url}/models")).json()["data"][0]["id"] == "canned-1"
    process.terminate()
    assert await process.wait() == 0


async def test_it_listens_on_this_machine_only() -> None:
    """As the embedded Telegram does."""
    with pytest.raises(ValueError, match="loopback"):
        ModelServer(host="0.0.0.0")  # noqa: S104


async def test_it_refuses_what_breaks_a_rule(model: Model) -> None:
    """The first of them says how; such a request is no exchange."""
    model.rules = [
        Rule(has("tools"), Answer(status=501, message="no tools", param="tools", code="no")),
        Rule(speaks_as("system"), Answer(status=400, raw="no system", content_type="text/plain")),
        Rule(longer_than(10), Answer(status=307, raw="", location="/elsewhere")),
        Rule(does_not_alternate, Answer(status=429, retry_after="5")),
    ]
    tool = {"type": "function", "function": {"name": "f"}}
    answer = await post(model, {**HELLO, "tools": [tool]})
    assert answer.status_code == 501
    assert answer.json()["error"] == {"message": "no tools", "type": "ordered", "param": "tools", "code": "no"}
    answer = await post(model, {**HELLO, "messages": [{"role": "system", "content": "x"}]})
    assert (answer.status_code, answer.text) == (400, "no system")
    answer = await post(model, {**HELLO, "messages": [{"role": "user", "content": "x" * 11}]})
    assert (answer.status_code, answer.headers["location"]) == (307, "/elsewhere")
    model.rules.pop(1)
    answer = await post(model, {**HELLO, "messages": [{"role": "system", "content": "x"}]})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
    assert (await post(model, HELLO)).status_code == 200
    assert len(model.exchanges) == 1


async def test_it_sends_any_bytes(model: Model) -> None:
    """As they are ordered, each piece by itself, so that a test can cut a character or a frame in two."""
    model.order(Answer(raw=(b"data: \xc3", b"\xa9\n\n")), Answer(raw="<html>", content_type="text/html"))
    first, second = [await post(model, {**HELLO, "stream": True}) for _ in range(2)]
    assert (first.content, first.headers["content-type"]) == (b"data: \xc3\xa9\n\n", "text/event-stream")
    assert (second.text, second.headers["content-type"]) == ("<html>", "text/html")
    assert model.exchanges[0].pieces == 2
