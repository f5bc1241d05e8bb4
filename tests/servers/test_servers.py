"""Polar beside endpoints that others wrote: LiteLLM's proxy, mockllm, LLMock and aimock, as they are."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from emulator.model import Answer, ModelServer
from middleware.texts import say
from tests.house import House
from tests.looking import tell
from tests.pressing import buttons, last
from tests.servers.serving import ANSWER, KEY, MODEL, Endpoint, Started, serving

pytestmark = pytest.mark.slow

CUT = say("model.cut")

MOCKLLM = Started(
    ("bin/python", "-m", "uvicorn", "mockllm.server:app", "--host", "127.0.0.1", "--port", "{port}"),
    {"responses.yml": json.dumps({"responses": {}, "defaults": {"unknown_response": ANSWER}}, ensure_ascii=False)},
    ready="/openapi.json",
)
LLMOCK = Started(("bin/llmock", "serve", "--host", "127.0.0.1", "--port", "{port}", "--tool-mode", "off"))
AIMOCK = Started(
    ("node_modules/.bin/aimock", "--config", "aimock.json", "--port", "{port}"),
    {
        "aimock.json": json.dumps({"llm": {"fixtures": "fixtures.json"}}),
        "fixtures.json": json.dumps(
            {"fixtures": [{"match": {}, "response": {"content": ANSWER, "reasoning": "Let me think about halves."}}]}
        ),
    },
)


def litellm(model: ModelServer) -> Started:
    """LiteLLM's proxy in front of a model of ours."""
    behind = {"model": f"openai/{MODEL}", "api_base": model.url, "api_key": "sk-behind"}
    settings = {"num_retries": 0, "telemetry": False}
    config = {"model_list": [{"model_name": MODEL, "litellm_params": behind}], "litellm_settings": settings}
    return Started(
        ("bin/litellm", "--config", "litellm.json", "--host", "127.0.0.1", "--port", "{port}"),
        {"litellm.json": json.dumps(config)},
        {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MASTER_KEY": KEY},
        ready="/health/liveliness",
    )


@asynccontextmanager
async def llmock(folder: Path, *behaviours: dict[str, Any]) -> AsyncIterator[Endpoint]:
    """LLMock, which shall do this and then answer; in the end it has found nothing wrong with its client."""
    async with serving("llmock", LLMOCK, folder) as endpoint:
        await endpoint.call(
            "/_llmock/scenario", {"behaviors": [*behaviours, {"type": "reply", "text": ANSWER, "times": None}]}
        )
        yield endpoint
        verdict = await endpoint.call("/_llmock/verdict")
        # It cannot see that the person is told that the answer is not the whole.
        found = [finding["code"] for finding in verdict["findings"] if finding["severity"] == "error"]
        assert set(found) <= {"truncated_stream_accepted"}


@pytest.mark.parametrize("name", ["mockllm", "llmock", "aimock", "litellm"])
async def test_an_answer_arrives_whole(house: House, tmp_path: Path, name: str) -> None:
    """As the endpoint streams it, without its thoughts, and nothing said to be cut."""
    async with AsyncExitStack() as stack:
        if name == "llmock":
            endpoint = await stack.enter_async_context(llmock(tmp_path))
        else:
            model = await stack.enter_async_context(ModelServer())
            model.model.say(ANSWER)
            started = {"mockllm": MOCKLLM, "aimock": AIMOCK}.get(name) or litellm(model)
            endpoint = await stack.enter_async_context(serving(name, started, tmp_path))
        await stack.enter_async_context(house.bot(**endpoint.settings()))
        ann, chat = house.chat()
        assert await tell(house, chat, ann, "hello") == [ANSWER]
    [(origin,)] = house.rows("SELECT origin FROM polar_messages WHERE role = 'assistant'")
    assert "ended" not in json.loads(origin)


@pytest.mark.parametrize(
    "behaviour",
    [
        {"type": "fail", "status": 429, "retry_after": 1},
        {"type": "fail", "status": 503},
        {"type": "slow_first_token", "seconds": 1},
        {"type": "stream_fault", "kind": "disconnect", "after_chunks": 0},
    ],
    ids=lambda behaviour: f"{behaviour['type']} {behaviour.get('status', '')}",
)
async def test_what_passes_is_waited_for(house: House, tmp_path: Path, behaviour: dict[str, Any]) -> None:
    """And then the answer comes."""
    async with llmock(tmp_path, behaviour) as endpoint, house.bot(**endpoint.settings()):
        ann, chat = house.chat()
        assert await tell(house, chat, ann, "hello") == [ANSWER]


@pytest.mark.parametrize("kind", ["disconnect", "truncate"])
async def test_a_stream_that_breaks_is_said_to_be_cut(house: House, tmp_path: Path, kind: str) -> None:
    """What has arrived is kept."""
    fault = {"type": "stream_fault", "kind": kind, "after_chunks": 2}
    async with llmock(tmp_path, fault) as endpoint, house.bot(**endpoint.settings()):
        ann, chat = house.chat()
        said = "\n".join(await tell(house, chat, ann, "hello"))
    assert said.endswith(CUT)
    assert len(said) < len(ANSWER) + len(CUT) + 2


async def test_a_proposal_comes_through(house: House, tmp_path: Path) -> None:
    """As the call of the tool that it is, streamed by others."""
    call = {"name": "propose_automation", "arguments": {"schedule": "daily 18:00", "prompt": "water the figs"}}
    async with serving("llmock", LLMOCK, tmp_path) as endpoint, house.bot(**endpoint.settings()):
        await endpoint.call("/_llmock/scenario", {"behaviors": [{"type": "reply", "tool_calls": [call]}]})
        ann, chat = house.chat()
        await tell(house, chat, ann, "remind me each evening to water the figs")
        assert "water the figs" in last(house, chat)["text"]
        assert buttons(last(house, chat))


async def test_a_refusal_behind_a_proxy_is_told(house: House, tmp_path: Path) -> None:
    """LiteLLM wraps what the model behind it says."""
    async with ModelServer() as model, serving("litellm", litellm(model), tmp_path) as endpoint:
        model.model.order(Answer(status=401, message="Incorrect API key provided", code="invalid_api_key"))
        async with house.bot(**endpoint.settings()):
            ann, chat = house.chat()
            assert await tell(house, chat, ann, "hello") == [say("model.key")]
