"""Updates posted to the bot's own address."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from emulator import Chat, Person, World
from tests.emulator.client import Client


class Receiver:
    """An HTTP server that keeps what it gets; it answers with `statuses` first, then 200."""

    def __init__(self) -> None:
        self.got: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self.statuses: list[int] = []
        self.port = 0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().partition("content-length:")[2].split()[0])
        self.got.put_nowait((head, json.loads(await reader.readexactly(length))))
        status = self.statuses.pop(0) if self.statuses else 200
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.take, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


async def test_updates_are_posted_in_order_with_the_secret_until_they_are_taken(
    world: World, ann: Person, chat: Chat, client: Client, receiver: Receiver
) -> None:
    """One that is not answered with 200 comes again before the next."""
    receiver.statuses = [500]
    world.say(chat, ann, "one")
    world.say(chat, ann, "two")
    url = f"http://127.0.0.1:{receiver.port}/hook"
    await client.result("setWebhook", url=url, secret_token="s3cret")
    await world.wait(lambda: world.updates_pending() == 0)
    posts = [receiver.got.get_nowait() for _ in range(3)]
    assert [body["message"]["text"] for _, body in posts] == ["one", "one", "two"]
    assert all("X-Telegram-Bot-Api-Secret-Token: s3cret" in head for head, _ in posts)
    assert (await client.result("getWebhookInfo"))["url"] == url


async def test_polling_is_refused_while_a_webhook_is_set(world: World, client: Client, receiver: Receiver) -> None:
    """409, also for the poll in hand; deleting may drop what waits."""
    poll = asyncio.create_task(client.refusal("getUpdates", timeout=50))
    await world.wait(lambda: bool(world.calls))
    await client.result("setWebhook", url=f"http://127.0.0.1:{receiver.port}/hook")
    assert await poll == (409, "Conflict: terminated by setWebhook request")
    assert (await client.refusal("getUpdates"))[0] == 409
    world.say(world.private(world.person("Bob")), world.people[500000001], "x")
    await receiver.got.get()
    await client.result("deleteWebhook", drop_pending_updates=True)
    assert await client.result("getUpdates") == []


async def test_a_webhook_beyond_loopback_is_refused(client: Client) -> None:
    """However its address is written."""
    for url in (
        "http://example.org/",
        "https://127.0.0.1/",
        "http://127.0.0.1.example.org/",
        "http://[",
        "http://127.0.0.1:99999/",
    ):
        assert (await client.refusal("setWebhook", url=url))[0] == 400


async def test_an_address_where_nobody_listens_is_tried_again(
    world: World, ann: Person, chat: Chat, client: Client, receiver: Receiver
) -> None:
    """The error is told, and a new address gets what waited."""
    async with await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0) as rude:
        port = rude.sockets[0].getsockname()[1]
        await client.result("setWebhook", url=f"http://127.0.0.1:{port}/")
        world.say(chat, ann, "hello")
        await world.wait(lambda: world.bot.webhook and world.bot.webhook.last_error)
    info = await client.result("getWebhookInfo")
    assert info["last_error_message"].startswith("Connection failed")
    assert info["pending_update_count"] == 1
    await client.result("setWebhook", url=f"http://127.0.0.1:{receiver.port}/")
    await world.wait(lambda: world.updates_pending() == 0)
    await client.result("setWebhook", url="")
    assert (await client.result("getWebhookInfo"))["url"] == ""
