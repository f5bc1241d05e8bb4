"""Endpoints that others wrote, each a process of its own from an environment of its own (`make servers`)."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from tests.house import CHECKOUT

ENVIRONMENTS = CHECKOUT / ".venv-servers"
ANSWER = "Half one, half two. 😀"
MODEL = "gpt-4o"
KEY = "sk-of-no-worth-at-all"
_direct = build_opener(ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where it is, and how its settings are changed while it runs."""

    url: str

    def settings(self) -> dict[str, Any]:
        """The bot's, to have its answers from there."""
        return {
            "responder": "openai",
            "openai_base_url": f"{self.url}/v1",
            "openai_api_key": KEY,
            "openai_model": MODEL,
        }

    async def call(self, path: str, body: Any = None) -> Any:
        """What a path of its own answers, a POST where there is a body."""
        return await asyncio.to_thread(_call, f"{self.url}{path}", body)


@dataclass(frozen=True, slots=True)
class Started:
    """How it is started: its command behind the environment's folder, `{port}` in it, and what else it needs."""

    command: Sequence[str]
    files: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: str = "/v1/models"


def _call(url: str, body: Any) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - loopback
    with _direct.open(request, timeout=30) as answer:
        return json.load(answer)


@asynccontextmanager
async def serving(name: str, started: Started, folder: Path) -> AsyncIterator[Endpoint]:
    """An endpoint that answers; skips the test where its environment was not made."""
    home = ENVIRONMENTS / name
    if not (home / "ready.stamp").exists():
        pytest.skip(f"{name} is not there: `make servers` gets it")
    for file, content in started.files.items():
        (folder / file).write_text(content, encoding="utf-8")
    endpoint = Endpoint(f"http://127.0.0.1:{(port := _free_port())}")
    program, *arguments = (part.format(port=port) for part in started.command)
    log = (folder / f"{name}.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        home / program, *arguments, cwd=folder, env={**os.environ, **started.environment}, stdout=log, stderr=log
    )
    try:
        await _ready(process, endpoint, started.ready, folder / f"{name}.log")
        yield endpoint
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
        await process.wait()
        log.close()


async def _ready(process: asyncio.subprocess.Process, endpoint: Endpoint, path: str, log: Path) -> None:
    """Wait until it answers, at most two minutes: some import for half a minute on a busy machine."""
    async with asyncio.timeout(120):
        while process.returncode is None:
            try:
                await endpoint.call(path)
            except (URLError, OSError, ValueError):
                await asyncio.sleep(0.1)
            else:
                return
    raise AssertionError(f"it ended: {_end_of(log)}")


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
