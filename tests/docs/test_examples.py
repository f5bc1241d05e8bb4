"""What the how-tos tell people to write does what they say."""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import shlex
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType

import pytest

from bot.app import App
from bot.clock import system_clock
from bot.supervised import Supervisor
from storage.database import Database
from tests.bot.cli.terminal import polar
from tests.docs.pages import DOCS, blocks, prose
from tests.house import House

Load = Callable[[str], ModuleType]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Saves a page's Python blocks, each under the name in its first line, and imports them; gives the last."""
    monkeypatch.syspath_prepend(tmp_path)
    loaded: list[str] = []

    def save(page: str) -> ModuleType:
        for code in blocks(DOCS / "how-to" / page, "python"):
            file = code.splitlines()[0].removeprefix("# ")
            (tmp_path / file).write_text(code, encoding="utf-8")
            loaded.append(file.removesuffix(".py"))
            importlib.import_module(loaded[-1])
        return sys.modules[loaded[-1]]

    yield save
    for module in loaded:
        del sys.modules[module]


async def answers(house: House, *texts: str) -> list[str]:
    """What the bot says to a person who writes these."""
    ann, chat = house.chat()
    for text in texts:
        answered = len(house.world.sent(chat))
        house.world.say(chat, ann, text)
        await house.world.wait(lambda: len(house.world.sent(chat)) > answered)  # noqa: B023 - it is awaited here
    return [message["text"] for message in house.world.sent(chat)]


def test_the_experiment_of_the_how_to_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command of the page in its order, with the file that it begins with; its day is one that is to come."""
    page, settings = DOCS / "how-to" / "run-an-experiment.md", {"database": tmp_path / "polar.db", "responder": "own:x"}
    monkeypatch.chdir(tmp_path)
    Path("short.txt").write_text(blocks(page, "text")[0], encoding="utf-8")
    assert polar("db", "migrate", **settings).exit_code == 0
    commands = "".join(blocks(page, "sh")).replace("\\\n", "").replace("2026-12-24", "2100-01-01").splitlines()
    told = []
    for command in commands:
        done = polar(*shlex.split(command.removeprefix(".venv/bin/python -m bot ")), **settings)
        assert done.exit_code == 0, done.stderr
        told.append(done.stdout)
    assert [line.split()[0] for line in told] == ["terse:", "experiment", "terse:", '{"name":', "terse:"]


async def test_the_middleware_of_the_how_to_works(house: House, load: Load) -> None:
    """One answers by itself, the other signs what is said, in the order that the page gives."""
    load("write-a-middleware.md")
    [setting] = re.findall(r"^POLAR_MIDDLEWARE=(.*)$", blocks(DOCS / "how-to" / "write-a-middleware.md", "sh")[0], re.M)
    async with house.bot(middleware=tuple(setting.split(","))):
        assert await answers(house, "Thanks", "/ping") == ["You are welcome!\n– your bot", "pong\n– your bot"]


async def test_the_middleware_of_the_how_to_knows_what_was_said(house: House, load: Load) -> None:
    """It says the last answer again, as often as it is asked; nobody else here wants to know any history."""
    load("write-a-middleware.md")
    async with house.bot(middleware="pardon:reminded"):
        first, second, third = await answers(house, "hello", "Pardon?", "Pardon?")
    assert first == second == third


@asynccontextmanager
async def model() -> AsyncIterator[str]:
    """A model's server that answers with what it was asked, backwards."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.findall(rb"content-length: (\d+)", head.lower())[0])
        asked = json.loads(await reader.readexactly(length))["messages"][-1]["content"]
        body = json.dumps({"choices": [{"message": {"content": asked[::-1]}}]}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/chat/completions"


async def test_the_responder_of_the_how_to_works(house: House, load: Load) -> None:
    """It asks the model, and its answer is sent."""
    module = load("write-a-responder.md")
    async with model() as url:
        module.URL = url  # type: ignore[attr-defined]
        async with house.bot(responder="my_model:Model"):
            assert await answers(house, "desserts") == ["stressed"]


async def test_the_chain_is_described_in_its_order(house: House) -> None:
    """Layer by layer, as the composition root has it."""
    database = await Database.open(house.path, now_ms=0)
    try:
        app = App(house.settings(), database, system_clock(), Supervisor(), lambda: None)
        in_fact = [type(layer).__name__ for layer in app.layers]
        await app.telegram.close()
    finally:
        await database.close()
    assert re.findall(r"^\d+\. `(\w+)` ", prose(DOCS / "explanation" / "architecture.md"), re.MULTILINE) == in_fact
