"""A server on loopback that does with each request what a test says, and the bots that call it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from telegram import Bot

from bot.http.over_aiohttp import AiohttpTransport
from bot.http.over_httpx import HttpxTransport
from tests.house import TOKEN

TRANSPORTS = {"aiohttp": AiohttpTransport, "httpx": HttpxTransport}
TRUE = b'{"ok":true,"result":true}'
CERTIFICATE = Path(__file__).parent / "telegram.example.pem"
"""Of a server that nobody has, for telegram.example, localhost and 127.0.0.1, with its key; valid until 2120."""


@dataclass(frozen=True, slots=True)
class Request:
    """What came in, and the way back."""

    line: str
    headers: Any
    body: bytes
    connection: int
    writer: asyncio.StreamWriter = field(repr=False)

    def answer(self, body: bytes = TRUE, status: str = "200 OK", *headers: str) -> None:
        """Say this."""
        head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""])
        self.writer.write(head.encode() + body)


Answer = Callable[[Request], Awaitable[None]]


async def agree(request: Request) -> None:
    """The answer to a call that had its effect."""
    request.answer()


async def cut(request: Request) -> None:
    """No answer, and no connection any more."""
    request.writer.close()


async def hang(request: Request) -> None:
    """Neither."""


@dataclass(slots=True)
class Serving:
    """What a server has seen."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    def url(self, scheme: str = "http", host: str = "127.0.0.1") -> str:
        """Where it is."""
        return f"{scheme}://{host}:{self.port}"


@asynccontextmanager
async def serving(answer: Answer = agree, *, tls: bool = False, host: str = "127.0.0.1") -> AsyncIterator[Serving]:
    """A server; what is connected at its end is cut."""
    seen = Serving()
    writers: list[asyncio.StreamWriter] = []
    tasks: list[asyncio.Task[Any] | None] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        number = seen.connections
        writers.append(writer)
        tasks.append(asyncio.current_task())
        try:
            while not writer.is_closing():
                request = await _read(reader, writer, number)
                seen.requests.append(request)
                await answer(request)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, host, 0, ssl=server_side() if tls else None)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.gather(*filter(None, tasks))


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> Request:
    head = await reader.readuntil(b"\r\n\r\n")
    line, _, rest = head.partition(b"\r\n")
    headers = BytesParser().parsebytes(rest)
    body = await reader.readexactly(int(headers.get("Content-Length", 0)))
    return Request(line.decode(), headers, body, number, writer)


def server_side() -> ssl.SSLContext:
    """What telegram.example shows."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return context


def trusting() -> ssl.SSLContext:
    """Whoever trusts telegram.example."""
    return ssl.create_default_context(cafile=CERTIFICATE)


@asynccontextmanager
async def calling(kind: str, url: str, **options: Any) -> AsyncIterator[Bot]:
    """A bot that calls the server there by a transport of this kind, which is closed in the end."""
    values = {
        "on_refusal": lambda: None,
        "tls": trusting(),
        "proxy": None,
        "connection_pool_size": 4,
        "read_timeout": 20,
        "pool_timeout": 1,
        **options,
    }
    transport = TRANSPORTS[kind](**values)
    await transport.initialize()
    try:
        yield Bot(TOKEN, base_url=f"{url}/bot", request=transport)
    finally:
        await transport.shutdown()


async def call(bot: Bot, **limits: Any) -> bool:
    """A call that changes something."""
    return await bot.delete_message(5, 7, **limits)


def free_port() -> int:
    """One where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
