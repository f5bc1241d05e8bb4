"""Which way a call goes where the environment names proxies, and what of that is never shown."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode
from typing import Any

import pytest
import typer
from telegram.error import TelegramError

from bot import logs
from bot.errors import SettingsError
from bot.http import choose
from bot.http.bot_api import Unsent
from bot.http.over_aiohttp import AiohttpTransport
from bot.http.over_httpx import HttpxTransport
from bot.http.proxies import Proxy, proxy_for
from tests.bot.cli.terminal import polar
from tests.bot.http.serving import Request, call, calling, free_port, server_side, serving
from tests.house import TOKEN

API = "https://api.telegram.org"
PASSWORD = "PASSWORD-THAT-NOBODY-MAY-SEE"
BASIC = "Basic " + b64encode(f"me@home:{PASSWORD}".encode()).decode()


def guarded(port: int) -> Proxy:
    """A proxy on this machine that wants a password."""
    return Proxy(f"http://me%40home:{PASSWORD}@127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("url", "environment", "address"),
    [
        (API, {}, None),
        (API, {"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        (API, {"https_proxy": "proxy:3128"}, "http://proxy:3128"),
        (API, {"HTTP_PROXY": "http://proxy:3128"}, None),
        (API, {"ALL_PROXY": "socks5://proxy:1080"}, "socks5://proxy:1080"),
        (API, {"ALL_PROXY": "socks5://proxy:1080", "HTTPS_PROXY": "http://proxy"}, "http://proxy"),
        (API, {"HTTPS_PROXY": ""}, None),
        (API, {"HTTPS_PROXY": "http://proxy", "NO_PROXY": "*"}, None),
        (API, {"HTTPS_PROXY": "http://proxy", "NO_PROXY": "example.com, telegram.org"}, None),
        (API, {"HTTPS_PROXY": "http://proxy", "NO_PROXY": "gram.org"}, "http://proxy"),
        (f"{API}:8443", {"HTTPS_PROXY": "http://proxy", "NO_PROXY": "api.telegram.org:8443"}, None),
        ("http://10.0.0.7:8081/api", {"HTTP_PROXY": "http://proxy", "NO_PROXY": "10.0.0.7"}, None),
        ("http://10.0.0.7:8081/api", {"HTTP_PROXY": "http://proxy"}, "http://proxy"),
        ("http://127.0.0.1:8081", {"HTTP_PROXY": "http://proxy", "ALL_PROXY": "http://proxy"}, None),
        ("http://localhost:8081", {"HTTP_PROXY": "http://proxy"}, None),
        ("http://[::1]:8081", {"HTTP_PROXY": "http://proxy"}, None),
    ],
)
def test_a_proxy_is_taken_as_the_environment_says(
    url: str, environment: dict[str, str], address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the scheme of the server, or for all; never for what runs on this machine."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    proxy = proxy_for(url)
    assert (None if proxy is None else proxy.address) == address


@pytest.mark.parametrize("kind", ["socks4://me:secret@proxy", "ftp://me:secret@proxy", "http://", "http://proxy:1e9"])
def test_a_proxy_of_no_known_kind_ends_the_start_with_a_clear_line(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variable, and without what it says."""
    monkeypatch.setenv("HTTPS_PROXY", kind)
    with pytest.raises(SettingsError, match=r"^HTTPS_PROXY: expected .*http.*socks5h") as raised:
        proxy_for(API)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("wanted", "proxy", "taken", "told"),
    [
        ("aiohttp", "", AiohttpTransport, False),
        ("aiohttp", "http://proxy", AiohttpTransport, False),
        ("aiohttp", "https://proxy", HttpxTransport, True),
        ("aiohttp", f"socks5://me:{PASSWORD}@proxy", HttpxTransport, True),
        ("aiohttp", f"socks5h://me:{PASSWORD}@proxy", HttpxTransport, True),
        ("httpx", "", HttpxTransport, False),
        ("httpx", "socks5://proxy", HttpxTransport, False),
    ],
)
async def test_httpx_is_taken_where_aiohttp_cannot_go(
    wanted: Any,
    proxy: str,
    taken: type,
    told: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A line of the log says so, and nothing of the password."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with caplog.at_level(logging.INFO):
        make = choose(wanted, API, lambda: None)
    transport = make(connection_pool_size=1, read_timeout=1, pool_timeout=1)
    assert isinstance(transport, taken)
    assert ("httpx is taken instead of aiohttp" in caplog.text) is told
    assert PASSWORD not in caplog.text
    await transport.shutdown()


async def test_what_is_not_encrypted_is_given_to_the_proxy_whole(kind: str) -> None:
    """With the password, which the server does not need, and the token, which it does."""
    async with serving() as server, calling(kind, "http://telegram.example", proxy=guarded(server.port)) as bot:
        assert [await call(bot) for _ in range(2)] == [True] * 2
    assert server.connections == 1
    for request in server.requests:
        assert request.line == f"POST http://telegram.example/bot{TOKEN}/deleteMessage HTTP/1.1"
        assert request.headers["Proxy-Authorization"] == BASIC


async def test_what_is_encrypted_goes_through_a_tunnel(kind: str) -> None:
    """The proxy is told where to, and the password; the server behind it, only what concerns it."""

    async def answer(request: Request) -> None:
        if request.line.startswith("CONNECT"):
            request.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await request.writer.start_tls(server_side())
        else:
            request.answer()

    async with serving(answer) as server, calling(kind, "https://telegram.example", proxy=guarded(server.port)) as bot:
        assert [await call(bot) for _ in range(2)] == [True] * 2
    connect, first, second = server.requests
    assert (connect.line, connect.headers["Proxy-Authorization"]) == ("CONNECT telegram.example:443 HTTP/1.1", BASIC)
    for request in (first, second):
        assert request.line == f"POST /bot{TOKEN}/deleteMessage HTTP/1.1"
        assert "Proxy-Authorization" not in request.headers


@pytest.mark.parametrize("status", ["403 Forbidden", "407 Proxy Authentication Required", "502 Bad Gateway"])
async def test_a_proxy_that_refuses_the_way_was_given_no_call(kind: str, status: str) -> None:
    """It is tried again as long as need be, and unmarked."""

    async def answer(request: Request) -> None:
        request.answer(b"<html>", status)

    async with serving(answer) as server, calling(kind, "https://telegram.example", proxy=guarded(server.port)) as bot:
        with pytest.raises(Unsent) as raised:
            await call(bot)
    assert PASSWORD not in str(raised.value)


async def test_a_proxy_that_is_down_was_given_no_call(kind: str) -> None:
    """The same."""
    async with calling(kind, "https://telegram.example", proxy=guarded(free_port())) as bot:
        with pytest.raises(Unsent):
            await call(bot)


async def test_a_call_goes_by_socks() -> None:
    """The proxy resolves the name, and joins the two."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(3) == b"\x05\x01\x00"
        writer.write(b"\x05\x00")
        asked.append(await reader.readexactly(5 + len("telegram.example") + 2))
        writer.write(b"\x05\x00\x00\x01" + bytes(6))
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n{"ok":true,"result":true}')
        writer.close()

    asked: list[bytes] = []
    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    proxy = Proxy(f"socks5h://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    async with server, calling("httpx", "http://telegram.example", proxy=proxy) as bot:
        assert await call(bot)
    assert asked == [b"\x05\x01\x00\x03\x10telegram.example\x00\x50"]


def test_the_password_of_a_proxy_is_a_secret_of_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a library may print the address."""
    secrets: list[str] = []

    def note(form: str, *others: str, level: str) -> None:
        secrets.extend(others)
        raise typer.Exit(0)

    monkeypatch.setenv("HTTPS_PROXY", f"http://me:{PASSWORD}@proxy")
    monkeypatch.setattr(logs, "set_up", note)
    assert polar("run").exit_code == 0
    assert PASSWORD in secrets


async def test_what_fails_behind_a_proxy_shows_no_password(kind: str) -> None:
    """The cause of an error may be printed, too."""
    async with calling(kind, "https://telegram.example", proxy=guarded(free_port())) as bot:
        with pytest.raises(TelegramError) as raised:
            await call(bot)
    cause: BaseException | None = raised.value
    while cause is not None:
        assert PASSWORD not in str(cause)
        cause = cause.__cause__
