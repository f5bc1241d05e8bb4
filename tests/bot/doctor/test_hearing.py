"""Asking over the network: what comes back is told as it is, and what does not come ends with the limit."""

from __future__ import annotations

import asyncio

import pytest

from bot.doctor import hearing
from tests.house import TOKEN, House

GIVEN_S = 5


def now_ms() -> int:
    """A clock that nobody looks at."""
    return 0


async def test_telegram_is_asked_who_we_are_and_what_in_our_groups(house: House) -> None:
    """It is asked nothing else, and never for updates."""
    ann, _ = house.chat()
    group = house.world.group("Rowers", members=[ann])
    heard = await hearing.telegram(house.settings(), now_ms, [group.id, -100_999], limit_s=GIVEN_S)
    assert heard.me.fields["username"] == "polar_test_bot"
    assert heard.webhook.fields["url"] == ""
    ours, unknown = heard.groups
    assert (ours.member.fields["status"], ours.chat.fields["title"]) == ("administrator", "Rowers")
    assert (unknown.member.status, unknown.member.trouble) == (400, "400 Bad Request: chat not found")
    assert {call.method for call in house.world.calls} == {"getMe", "getWebhookInfo", "getChatMember", "getChat"}


async def test_the_clock_of_telegram_is_that_of_its_answer(house: House) -> None:
    """To the second."""
    heard = await hearing.telegram(house.settings(), now_ms, [], limit_s=GIVEN_S)
    assert heard.server.ahead_ms is not None
    at_ms = -heard.server.ahead_ms
    assert abs(at_ms - house.world.clock() * 1000) < 60_000


async def test_without_a_token_only_the_server_is_asked_whether_it_is_there(house: House) -> None:
    """Whatever it answers."""
    heard = await hearing.telegram(house.settings(telegram_bot_token=""), now_ms, [-1], limit_s=GIVEN_S)
    assert not heard.has_token
    assert heard.server.status > 0
    assert (heard.me.trouble, heard.groups) == ("there is no token", ())


async def test_a_token_that_is_refused_is_asked_about_nothing_more(house: House) -> None:
    """And stands in nothing that is told."""
    settings = house.settings(telegram_bot_token="1:SECRET")
    heard = await hearing.telegram(settings, now_ms, [-1], limit_s=GIVEN_S)
    assert (heard.me.status, heard.groups) == (401, ())
    assert "SECRET" not in repr(heard)


@pytest.mark.parametrize(
    ("kind", "reason"), [("hang", "no answer in time"), ("cut", "RemoteProtocolError"), ("502-html", "status 502")]
)
async def test_each_answer_that_does_not_come_has_its_own_reason(house: House, kind: str, reason: str) -> None:
    """Within the limit; the others are there."""
    house.world.fault("getWebhookInfo", kind)
    heard = await hearing.telegram(house.settings(), now_ms, [], limit_s=2.0 if kind == "hang" else GIVEN_S)
    assert heard.webhook.trouble == reason
    assert heard.me.fields


async def test_where_there_is_no_way_it_is_told_what_the_system_says(house: House) -> None:
    """Not the address, which holds the token."""
    for url, reason in (
        ("http://127.0.0.1:9", "Connection refused"),
        (house.server.url.replace("http", "https"), "SSL"),
    ):
        heard = await hearing.telegram(house.settings(telegram_api_url=url), now_ms, [-1], limit_s=GIVEN_S)
        assert heard.me.status == 0
        assert reason in heard.me.reason
        assert TOKEN not in repr(heard)


async def test_a_proxy_that_is_none_is_the_reason(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is at a start."""
    monkeypatch.setenv("HTTPS_PROXY", "ftp://proxy.example")
    settings = house.settings(telegram_api_url="https://api.telegram.example")
    heard = await hearing.telegram(settings, now_ms, [], limit_s=GIVEN_S)
    assert "HTTPS_PROXY" in heard.me.trouble


async def test_an_answer_without_end_is_not_read_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would fill the memory, or the time."""
    monkeypatch.setattr(hearing, "MOST_BYTES", 1_000)
    is_over = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 2_000)
        await is_over.wait()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        heard = await hearing.models(url, "", now_ms, limit_s=GIVEN_S)
        is_over.set()
    assert (heard.status, hearing.names_of_models(heard)) == (200, None)


@pytest.mark.parametrize("body", [b"[" * 100_000, b"\xff\xfe", b"no JSON", b"[]", b'{"data": [7, {"id": 8}]}'])
async def test_whatever_a_stranger_answers_is_an_answer(body: bytes) -> None:
    """Also what nests too deeply to be read; none of it is a list of models but the last one."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        heard = await hearing.models(url, "", now_ms, limit_s=GIVEN_S)
    assert heard.status == 200
    assert hearing.names_of_models(heard) == (["8"] if b"data" in body else None)
