"""Who calls the webhook keeps nobody from stopping, and nobody from being served."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from bot import listener
from bot.receiving.webhook import SECRET_HEADER
from bot.supervised import Ended
from tests.house import House
from tests.looking import texts

pytestmark = pytest.mark.slow

SECRET = "a-secret-that-nobody-guesses"
HEAD = f"POST /updates HTTP/1.1\r\nHost: localhost\r\n{SECRET_HEADER}: {SECRET}\r\n"
UNFINISHED = {
    "a body that never ends": f'{HEAD}Content-Length: 100\r\n\r\n{{"update_id": 1',
    "chunks that never end": f"{HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n",
    "headers that never end": HEAD,
    "nothing at all": "",
}


@pytest.fixture
def port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.fixture
def hook(port: int) -> dict[str, Any]:
    """The settings of a webhook there, with an hour to stop."""
    listen = f"127.0.0.1:{port}"
    return {
        "webhook_url": f"http://{listen}/updates",
        "webhook_listen": listen,
        "webhook_secret": SECRET,
        "shutdown_seconds": 3600,
    }


@pytest.mark.parametrize("sent", UNFINISHED.values(), ids=UNFINISHED)
async def test_a_request_that_never_ends_keeps_nobody_from_stopping(
    house: House, port: int, hook: dict[str, Any], sent: str
) -> None:
    """However much time there is for what is in hand: it is answered or cut, and comes again."""
    ann, chat = house.chat()
    async with asyncio.timeout(60):
        async with house.bot(**hook):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent.encode())
            await writer.drain()
            house.world.say(chat, ann, "/ping")
            await house.world.wait(lambda: texts(house, chat) == ["pong"])
        answer = await reader.read()
    writer.close()
    assert not answer.startswith(b"HTTP/1.1 200")


async def test_a_body_has_so_long_to_arrive(
    house: House, port: int, hook: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it is refused and the line closed, so that nobody holds it for good; the update comes again."""
    monkeypatch.setattr(listener, "PATIENCE_S", 0.3)
    async with house.bot(**hook):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(UNFINISHED["a body that never ends"].encode())
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408")


async def test_the_end_of_the_server_is_the_end_of_the_process(house: House, hook: dict[str, Any]) -> None:
    """A bot that nobody can call any more would look healthy."""
    async with house.bot(**hook) as bot:
        [task] = [task for task in asyncio.all_tasks() if task.get_name() == "the webhook's server"]
        task.cancel()
        with pytest.raises(Ended, match="the webhook's server"):
            async with asyncio.timeout(30):
                await bot.finished
