"""Receiving by webhook: kept before it is answered."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

import httpx
import pytest

from bot.errors import CannotRun
from bot.receiving.webhook import MAX_BODY_BYTES, SECRET_HEADER
from tests.house import House
from tests.looking import idle, texts
from tests.responders import ECHO

SECRET = "a-secret-that-nobody-guesses"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def hook(port: int) -> dict[str, Any]:
    """The settings of a webhook on loopback."""
    listen = f"127.0.0.1:{port}"
    return {"webhook_url": f"http://{listen}/updates", "webhook_listen": listen, "webhook_secret": SECRET}


async def test_an_update_by_webhook_is_kept_and_answered(house: House) -> None:
    """Telegram calls us, the update is journalled, the reply goes out; nothing is polled."""
    ann, chat = house.chat()
    async with house.bot(**hook(free_port())):
        house.world.say(chat, ann, "/ping")
        await house.world.wait(lambda: [m["text"] for m in house.world.sent(chat)] == ["pong"])
        await house.world.wait(lambda: house.world.updates_pending() == 0)
    assert house.rows("SELECT status FROM polar_updates") == [("done",)]
    assert not any(call.method == "getUpdates" for call in house.world.calls)


@pytest.mark.parametrize("secret", ["", "wrong", "a-secret-that-nobody-guesseS", "ünïcode"])
async def test_who_does_not_know_the_secret_is_refused(house: House, secret: str) -> None:
    """A forged update leaves no row."""
    port = free_port()
    async with house.bot(**hook(port)), httpx.AsyncClient() as client:
        headers = {SECRET_HEADER.encode(): secret.encode()}
        answer = await client.post(f"http://127.0.0.1:{port}/updates", headers=headers, json={"update_id": 1})
        assert answer.status_code == 403
        assert house.rows("SELECT count(*) FROM polar_updates") == [(0,)]


@pytest.mark.parametrize("body", [b"", b"garbage", b"[]", b'{"message": {}}', b"[" * 100_000])
async def test_what_holds_no_update_is_not_repeated_for_a_day(house: House, body: bytes) -> None:
    """It is answered with 200, and those behind it go on."""
    port = free_port()
    ann, chat = house.chat()
    async with house.bot(**hook(port)), httpx.AsyncClient() as client:
        headers = {SECRET_HEADER: SECRET}
        answer = await client.post(f"http://127.0.0.1:{port}/updates", headers=headers, content=body)
        assert answer.status_code == 200
        house.world.say(chat, ann, "/ping")
        await house.world.wait(lambda: len(house.world.sent(chat)) == 1)


@pytest.mark.parametrize(("secret", "size", "status"), [("wrong", 8_000_000, 403), (SECRET, MAX_BODY_BYTES, 413)])
async def test_a_body_that_is_too_large_is_refused_and_those_behind_it_go_on(
    house: House, secret: str, size: int, status: int
) -> None:
    """Nothing of it is kept, and who does not know the secret has none of it read."""
    port = free_port()
    ann, chat = house.chat()
    async with house.bot(**hook(port)), httpx.AsyncClient() as client:
        body = b'{"update_id": 1, "x": "' + b"x" * size + b'"}'
        with contextlib.suppress(httpx.TransportError):  # closed before it was all sent
            answer = await client.post(
                f"http://127.0.0.1:{port}/updates", headers={SECRET_HEADER: secret}, content=body
            )
            assert answer.status_code == status
        house.world.say(chat, ann, "/ping")
        await idle(house, updates=1)
    assert texts(house, chat) == ["pong"]


async def test_an_update_that_is_called_again_is_handled_once(house: House) -> None:
    """Telegram repeats what it had no answer to, and whoever knows the secret could repeat what was said."""
    port = free_port()
    ann, chat = house.chat()
    message = {"message_id": 1, "date": 1, "chat": chat.json(), "from": ann.json(), "text": "hello"}
    async with house.bot(**hook(port), responder=ECHO), httpx.AsyncClient() as client:
        for _ in range(5):
            url, body = f"http://127.0.0.1:{port}/updates", {"update_id": 1, "message": message}
            assert (await client.post(url, headers={SECRET_HEADER: SECRET}, json=body)).status_code == 200
            await idle(house, updates=1)
    assert texts(house, chat) == ["echo: hello"]


async def test_an_update_is_not_acknowledged_when_it_cannot_be_kept(house: House) -> None:
    """With the database gone the answer is 503, so that Telegram sends it again."""
    port = free_port()
    async with house.bot(**hook(port)) as bot, httpx.AsyncClient() as client:
        await bot.app.database.close()
        headers = {SECRET_HEADER: SECRET}
        answer = await client.post(f"http://127.0.0.1:{port}/updates", headers=headers, json={"update_id": 5})
        assert answer.status_code == 503


async def test_a_webhook_without_a_secret_or_a_free_port_does_not_start(house: House) -> None:
    """Each is said in one line that names the setting."""
    with pytest.raises(CannotRun, match="POLAR_WEBHOOK_SECRET"):
        async with house.bot(**{**hook(free_port()), "webhook_secret": ""}):
            pass
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotRun, match="POLAR_WEBHOOK_LISTEN"):
            async with house.bot(**hook(port)):
                pass


async def test_calls_without_the_secret_are_told_in_the_log_and_not_each(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """A wrong secret, ours or Telegram's, is seen; whoever calls a thousand times does not fill the disk."""
    port = free_port()
    async with house.bot(**hook(port)), httpx.AsyncClient() as client:
        for _ in range(5):
            await client.post(f"http://127.0.0.1:{port}/updates", json={"update_id": 1})
    told = [record.getMessage() for record in caplog.records if "without the right secret" in record.message]
    assert told == ["turned away, since the last such line: 1 call(s) without the right secret"]
