"""What a call tells of itself: that it was not sent, that nobody knows, or what came back."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from telegram import Bot, InputFile
from telegram.error import InvalidToken, NetworkError, TelegramError, TimedOut

from bot.http.bot_api import Unsent, trusted
from emulator.api import params
from tests.bot.http.serving import TRUE, Answer, Request, agree, call, calling, cut, free_port, hang, serving
from tests.house import TOKEN


async def failing(bot: Bot, **limits: float) -> TelegramError:
    """What a call ends with; it never shows the token."""
    with pytest.raises(TelegramError) as raised:
        await call(bot, **limits)
    assert TOKEN not in str(raised.value)
    return raised.value


def given(request: Request) -> dict[str, Any]:
    """The parameters of a call as the Bot API reads them."""
    return params.read("", request.headers.get("Content-Type", ""), request.body)


async def test_a_call_arrives_as_the_bot_api_takes_it_wherever_the_server_is(kind: str) -> None:
    """Also below a path; text of any kind is the same text, and what is nested stays so."""
    said = "Grüße & <b>=%41+ 😀"

    async def answer(request: Request) -> None:
        request.answer(b'{"ok":true,"result":{"message_id":1,"date":0,"chat":{"id":5,"type":"private"}}}')

    async with serving(answer) as server, calling(kind, f"{server.url()}/own/api") as bot:
        await bot.send_message(5, said, reply_markup={"inline_keyboard": []})  # type: ignore[arg-type]
    [request] = server.requests
    assert request.line == f"POST /own/api/bot{TOKEN}/sendMessage HTTP/1.1"
    assert given(request) == {"chat_id": 5, "text": said, "reply_markup": {"inline_keyboard": []}}


async def test_an_answer_is_read_as_liberally_as_json_is_written(kind: str) -> None:
    """Half of a character has no UTF-8, and NaN is no JSON; a server may write both."""

    async def answer(request: Request) -> None:
        request.answer(b'{"ok":true,"result":{"half":"\\ud83d","number":NaN}}')

    async with serving(answer) as server, calling(kind, server.url()) as bot:
        result = await bot.do_api_request("sendHologram")
    assert result["half"] == "\ud83d"


async def test_half_of_a_character_is_sent_as_json_has_it() -> None:
    """The Bot API says what it thinks of it; the call is no fault of ours."""
    async with serving() as server, calling("aiohttp", server.url()) as bot:
        await bot.do_api_request("sendHologram", {"text": "half \ud83d"})
    assert json.loads(server.requests[0].body) == {"text": "half \ud83d"}


async def test_calls_follow_each_other_on_one_connection(kind: str) -> None:
    """Opening one costs more than a call."""
    async with serving() as server, calling(kind, server.url()) as bot:
        assert [await call(bot) for _ in range(3)] == [True] * 3
    assert (len(server.requests), server.connections) == (3, 1)


async def test_a_connection_that_the_server_closed_while_it_was_idle_is_not_used(kind: str) -> None:
    """Though nobody here has noticed yet: else what was never read would be unclear."""
    async with serving() as server, calling(kind, server.url()) as bot:
        await call(bot)
        server.requests[0].writer.get_extra_info("socket").shutdown(socket.SHUT_WR)
        assert await call(bot)
    assert [request.connection for request in server.requests] == [1, 2]


async def test_without_a_connection_nothing_was_sent(kind: str) -> None:
    """Nobody listens there."""
    async with calling(kind, f"http://127.0.0.1:{free_port()}") as bot:
        assert isinstance(await failing(bot), Unsent)


async def test_without_an_address_nothing_was_sent(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is not resolved."""

    async def getaddrinfo(*args: Any, **kwargs: Any) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "not now")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    async with calling(kind, "http://telegram.example") as bot:
        assert isinstance(await failing(bot), Unsent)


async def test_of_several_addresses_one_that_answers_is_enough(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a machine has IPv6 addresses and no way out by them."""
    async with serving() as server:
        stream = (socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        addresses = [
            (socket.AF_INET6, *stream, ("::1", server.port, 0, 0)),
            (socket.AF_INET, *stream, ("127.0.0.1", server.port)),
        ]

        async def getaddrinfo(*args: Any, **kwargs: Any) -> list[Any]:
            return addresses

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        async with calling(kind, server.url(host="telegram.example")) as bot:
            assert await call(bot)


async def test_a_connection_that_does_not_come_about_is_given_up_and_nothing_was_sent(kind: str) -> None:
    """Somebody listens, and never says a word of TLS."""
    listener = socket.create_server(("127.0.0.1", 0))
    with listener:
        async with calling(kind, f"https://127.0.0.1:{listener.getsockname()[1]}", pool_timeout=0.1) as bot:
            assert isinstance(await failing(bot, connect_timeout=0.05), Unsent)


async def test_a_server_that_nobody_trusts_is_sent_nothing(kind: str) -> None:
    """Its certificate is its own work."""
    async with serving(tls=True) as server, calling(kind, server.url("https"), tls=trusted()) as bot:
        assert isinstance(await failing(bot), Unsent)
    assert server.requests == []


async def test_a_server_that_is_trusted_is_called_by_tls(kind: str) -> None:
    """And left without a word of warning."""
    async with serving(tls=True) as server, calling(kind, server.url("https")) as bot:
        assert [await call(bot) for _ in range(2)] == [True] * 2
    assert server.connections == 1


async def test_what_finds_no_free_connection_was_not_sent(kind: str) -> None:
    """All of them wait for answers."""
    asked = asyncio.Event()

    async def answer(request: Request) -> None:
        asked.set()

    async with serving(answer) as server, calling(kind, server.url(), connection_pool_size=1, pool_timeout=0.05) as bot:
        first = asyncio.create_task(call(bot))
        await asked.wait()
        assert isinstance(await failing(bot, connect_timeout=0.05), Unsent)
        first.cancel()
        await asyncio.wait((first,))
    assert len(server.requests) == 1


async def within(request: Request) -> None:
    """An answer that breaks off."""
    request.writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"ok":true')
    request.writer.close()


async def nonsense(request: Request) -> None:
    """What is no HTTP."""
    request.writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
    request.writer.close()


async def squeezed(request: Request) -> None:
    """What is said to be compressed, and is not."""
    request.answer(TRUE, "200 OK", "Content-Encoding: gzip")


async def elsewhere(request: Request) -> None:
    """Another place, which would be called without leave."""
    request.answer(b"", "307 Temporary Redirect", "Location: /elsewhere")


async def broken(request: Request) -> None:
    """A server in trouble."""
    request.answer(b"<html>", "502 Bad Gateway")


@pytest.mark.parametrize("answer", [cut, within, nonsense, squeezed, elsewhere, broken])
async def test_what_went_out_and_brought_no_answer_is_unclear(kind: str, answer: Answer) -> None:
    """It may have had its effect; and it is not sent once more by itself."""
    async with serving(answer) as server, calling(kind, server.url()) as bot:
        assert type(await failing(bot)) is NetworkError
    assert len(server.requests) == 1


async def test_an_answer_that_takes_too_long_is_unclear(kind: str) -> None:
    """The limit may be given for one call."""
    async with serving(hang) as server, calling(kind, server.url()) as bot:
        assert type(await failing(bot, read_timeout=0.05)) is TimedOut
    assert len(server.requests) == 1


async def test_a_request_that_nobody_reads_is_given_up_as_unclear(kind: str) -> None:
    """A part of it may have arrived."""
    listener = socket.create_server(("127.0.0.1", 0))
    with listener:
        async with calling(kind, f"http://127.0.0.1:{listener.getsockname()[1]}") as bot:
            with pytest.raises(TelegramError) as raised:
                await bot.send_document(5, bytes(8_000_000), filename="zeros", write_timeout=0.05)
    assert type(raised.value) is TimedOut


@pytest.mark.parametrize("size", [10, 1_000_000])
@pytest.mark.parametrize("source", ["bytes", "path", "file"])
async def test_a_file_arrives_with_every_byte(kind: str, source: str, size: int, tmp_path: Path) -> None:
    """From memory, from a path, or from what is open; under its name."""
    text = "\x00\r\n--é😀" * (size // 10)
    content = text.encode()
    path = tmp_path / "a file, é.bin"
    path.write_bytes(content)
    files: dict[str, Any] = {
        "bytes": content,
        "path": path,
        "file": InputFile(BytesIO(content), path.name, read_file_handle=False),
    }

    async def answer(request: Request) -> None:
        request.answer(b'{"ok":true,"result":{"message_id":1,"date":0,"chat":{"id":5,"type":"private"}}}')

    async with serving(answer) as server, calling(kind, server.url()) as bot:
        await bot.send_document(5, files[source], caption="é", filename=path.name)
    assert given(server.requests[0]) == {
        "chat_id": 5,
        "caption": "é",
        "document": {"file_name": path.name, "file_size": len(content), "content": text},
    }


async def test_a_compressed_answer_is_read(kind: str) -> None:
    """Long answers of getUpdates come so."""

    async def answer(request: Request) -> None:
        assert "gzip" in request.headers["Accept-Encoding"]
        request.answer(gzip.compress(TRUE), "200 OK", "Content-Encoding: gzip")

    async with serving(answer) as server, calling(kind, server.url()) as bot:
        assert await call(bot)


async def test_an_answer_in_chunks_is_read(kind: str) -> None:
    """However long they are."""

    async def answer(request: Request) -> None:
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in TRUE)
        request.writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")

    async with serving(answer) as server, calling(kind, server.url()) as bot:
        assert await call(bot)


async def test_what_lies_in_netrc_goes_nowhere(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds passwords, none of which is meant for Telegram."""
    (tmp_path / ".netrc").write_text("default login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    async with serving() as server, calling(kind, server.url()) as bot:
        await call(bot)
    assert "Authorization" not in server.requests[0].headers


async def test_a_cookie_is_not_kept() -> None:
    """Nobody would ever erase it; httpx, of which this cannot be asked, is not the default."""

    async def answer(request: Request) -> None:
        request.answer(TRUE, "200 OK", "Set-Cookie: who=me")

    async with serving(answer) as server, calling("aiohttp", server.url()) as bot:
        await call(bot)
        await call(bot)
    assert "Cookie" not in server.requests[1].headers


async def test_a_refused_token_is_told_at_once(kind: str) -> None:
    """Whoever may end the bot hears of it, whatever python-telegram-bot makes of it."""
    told: list[str] = []

    async def answer(request: Request) -> None:
        request.answer(b'{"ok":false,"error_code":401,"description":"Unauthorized"}', "401 Unauthorized")

    async with serving(answer) as server, calling(kind, server.url(), on_refusal=lambda: told.append("no")) as bot:
        assert isinstance(await failing(bot), InvalidToken)
    assert told == ["no"]


async def test_a_transport_that_was_closed_calls_nobody_until_it_is_opened_again(kind: str) -> None:
    """Closing it twice is closing it once."""
    async with serving() as server, calling(kind, server.url()) as bot:
        await call(bot)
        await bot.request.shutdown()
        await bot.request.shutdown()
        await failing(bot)
        await bot.request.initialize()
        await call(bot)
    assert len(server.requests) == 2


async def test_a_call_that_is_given_up_leaves_a_connection_that_is_used_no_more(kind: str) -> None:
    """Its late answer would be taken for that of the next call."""
    asked = asyncio.Event()

    async def answer(request: Request) -> None:
        if asked.is_set():
            await agree(request)
        asked.set()

    async with serving(answer) as server, calling(kind, server.url()) as bot:
        first = asyncio.create_task(call(bot))
        await asked.wait()
        first.cancel()
        await asyncio.wait((first,))
        assert await call(bot)
    assert [request.connection for request in server.requests] == [1, 2]
