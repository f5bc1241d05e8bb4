"""The stand-in for Telegram: it gives what a bot of any library understands, each message with a number of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from telegram import Message, Update

from benchmarks.telegram import BATCH, Feed, Server
from tests.house import until

FORM = b"chat_id=7&text=hello"
JSON = b'{"text": "hello", "chat_id": 7}'
MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="chat_id"\r\nContent-Type: text/plain\r\n\r\n7\r\n'
    b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nhello\r\n--x--\r\n'
)


@dataclass(frozen=True, slots=True)
class Client:
    """A connection to the stand-in."""

    server: Server
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def call(self, method: str, body: bytes = b"") -> Any:
        """What a method gives."""
        self.writer.write(b"POST /botTOKEN/%b HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (method.encode(), len(body)))
        self.writer.write(body)
        head = await self.reader.readuntil(b"\r\n\r\n")
        answer = json.loads(await self.reader.readexactly(int(head.rpartition(b"Content-Length: ")[2])))
        assert answer["ok"]
        return answer["result"]


async def connected(feed: Feed) -> AsyncIterator[Client]:
    """A stand-in with this feed, in the test's own process."""
    server = Server(feed)
    listening = await server.start()
    reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
    yield Client(server, reader, writer)
    writer.close()
    listening.close()


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """One with a few more updates than a batch takes, every second a text."""
    async for client in connected(Feed(updates=BATCH + 2, first=500, texts_percent=50)):
        yield client


@pytest.mark.parametrize("body", [FORM, JSON, MULTIPART])
async def test_every_message_has_a_number_of_its_own(client: Client, body: bytes) -> None:
    """Whatever form the parameters come in; a bot could not keep two receipts with one number."""
    sent = [Message.de_json(await client.call("sendMessage", body)) for _ in range(3)]
    received = await client.call("getUpdates", b"timeout=0")
    numbers = [*(message.message_id for message in sent), *_numbers_of_texts(received)]
    assert len(numbers) == len(set(numbers)) > 3
    assert {message.chat_id for message in sent} == {7}


def _numbers_of_texts(updates: list[dict[str, Any]]) -> list[int]:
    return [update["message"]["message_id"] for update in updates if "message" in update]


async def test_updates_are_given_until_an_offset_confirms_them(client: Client) -> None:
    """As Telegram does: a batch again and again, then the next one; every one can be read."""
    first = await client.call("getUpdates", b"timeout=0")
    assert await client.call("getUpdates", b"timeout=0&offset=500") == first
    then = await client.call("getUpdates", b'{"timeout": 0, "offset": %d}' % (500 + BATCH))
    assert [update["update_id"] for update in (*first, *then)] == list(range(500, 500 + BATCH + 2))
    read = [Update.de_json(update) for update in (*first, *then)]
    assert [update.message is None for update in read] == [number % 2 == 0 for number in range(BATCH + 2)]


async def test_what_is_asked_for_reaches_a_bot_that_waits(capsys: pytest.CaptureFixture[str]) -> None:
    """A long poll ends with it; when it was given, and when the answer came, is told."""
    async for client in connected(Feed(first=500)):
        waiting = asyncio.create_task(client.call("getUpdates", b"timeout=50"))
        await until(lambda: "polled" in capsys.readouterr().out)
        client.server.ask({"chat": 7, "text": "/ping"})
        (given,) = await waiting
        command = Update.de_json(given).message
        assert command is not None and command.parse_entities() == {command.entities[0]: "/ping"}
        await client.call("sendMessage", FORM)
        assert [json.loads(line)[0] for line in capsys.readouterr().out.splitlines()] == ["given", "reply"]
