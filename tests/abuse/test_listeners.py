"""Who calls the webhook or the dashboard holds nobody up: not the bot, not Telegram, not who knows the secret."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot import listener, tally
from bot.listener import MOST, Listener, Listening, bind
from bot.receiving.webhook import SECRET_HEADER
from bot.tally import Tally
from storage.sqlite import opening
from tests.faults.machine import started
from tests.house import House, until
from tests.web.house import serving
from web.app import create_app
from web.config import Config
from web.login import Door

SECRET = "a-secret-that-nobody-guesses"
HERE = "127.0.0.1"
WRONG = b"POST /updates HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
HEAD = f"POST /updates HTTP/1.1\r\nHost: localhost\r\n{SECRET_HEADER}: {SECRET}\r\n".encode()
QUEUE = """
INSERT INTO polar_delivery_queue
  (deliveryId, sessionId, channel, payload, status, createdAtMs, updatedAtMs, sequence, replyId, rank)
VALUES (?1, ?2, 'telegram', '{"method":"sendMessage","text":"hello"}', 'pending', 0, 0,
  (SELECT coalesce(max(sequence), 0) + 1 FROM polar_delivery_queue), ?1, 0)
"""

Talk = Callable[[asyncio.StreamWriter], Awaitable[None]]


def hook() -> tuple[int, dict[str, Any]]:
    """A free port, and the settings of a webhook there."""
    with socket.create_server((HERE, 0)) as found:
        port = int(found.getsockname()[1])
    listen = f"{HERE}:{port}"
    return port, {"webhook_url": f"http://{listen}/updates", "webhook_listen": listen, "webhook_secret": SECRET}


@asynccontextmanager
async def silent(port: int, number: int) -> AsyncIterator[list[asyncio.Task[None]]]:
    """So many connections on which nothing is said; each is a task that ends when the other side has closed it."""
    loop = asyncio.get_running_loop()

    async def end(connection: socket.socket) -> None:
        with contextlib.suppress(ConnectionError):
            await loop.sock_recv(connection, 1)

    with ExitStack() as stack:
        ends = []
        for _ in range(number):
            connection = stack.enter_context(socket.socket())
            connection.setblocking(False)
            await loop.sock_connect(connection, (HERE, port))
            ends.append(asyncio.create_task(end(connection)))
        yield ends
        for task in ends:
            task.cancel()
        await asyncio.gather(*ends, return_exceptions=True)


async def closed(ends: list[asyncio.Task[None]], number: int) -> None:
    """Wait until so many of them were closed."""
    async with asyncio.timeout(30):
        while sum(end.done() for end in ends) < number:
            await asyncio.wait([end for end in ends if not end.done()], return_when=asyncio.FIRST_COMPLETED)


def turned_away(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log tells of connections and calls that were refused."""
    return [record.getMessage() for record in caplog.records if "turned away" in record.getMessage()]


async def say_nothing(writer: asyncio.StreamWriter) -> None:
    """Not a byte."""


async def never_end_the_head(writer: asyncio.StreamWriter) -> None:
    """A name of a header without end."""
    writer.write(HEAD)
    await trickle(writer, b"X")


async def never_end_the_body(writer: asyncio.StreamWriter) -> None:
    """It has a gigabyte."""
    writer.write(HEAD + b"Content-Length: 1000000000\r\n\r\n")
    await trickle(writer, b"1")


async def go_on_after_the_answer(writer: asyncio.StreamWriter) -> None:
    """It is refused at its head, and its body comes all the same."""
    writer.write(WRONG.replace(b"Length: 0", b"Length: 1000000000"))
    await trickle(writer, b"1")


async def trickle(writer: asyncio.StreamWriter, more: bytes) -> None:
    """Again and again, until nobody takes it any more."""
    while not writer.transport.is_closing():
        writer.write(more)
        await asyncio.sleep(0)
        await writer.drain()


async def end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Wait until the other side has closed."""
    with contextlib.suppress(ConnectionError):
        while await reader.read(65536):
            pass
    writer.transport.abort()


@pytest.mark.parametrize("talk", [say_nothing, never_end_the_head, never_end_the_body, go_on_after_the_answer])
async def test_nobody_holds_a_connection_for_long(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, talk: Talk
) -> None:
    """Whatever is said on it, and however slowly, when it is no whole request."""
    monkeypatch.setattr(listener, "PATIENCE_S", 0.05)
    monkeypatch.setattr(tally, "TELL_EVERY_S", 0)
    port, settings = hook()
    async with house.bot(**settings), asyncio.timeout(30):
        reader, writer = await asyncio.open_connection(HERE, port)
        await asyncio.gather(talk(writer), end(reader, writer), return_exceptions=True)
    assert "connection(s) that made it wait for 0.05 s" in " ".join(turned_away(caplog))


async def test_an_answer_that_is_not_read_is_not_kept_for_long(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever asks for much and takes nothing of it is cut off."""
    monkeypatch.setattr(listener, "PATIENCE_S", 0.05)

    async def give_much(request: Request) -> Response:
        return PlainTextResponse(b"1" * 32_000_000)

    async with listening(Starlette(routes=[Route("/", give_much)])) as port:
        reader, writer = await asyncio.open_connection(HERE, port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await until(lambda: bool(turned_away(caplog)))
        taken = 0
        with contextlib.suppress(ConnectionError):
            while more := await reader.read(1_000_000):
                taken += len(more)
        writer.close()
    assert taken < 32_000_000


async def test_a_request_in_hand_has_all_the_time_that_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the client is not waited for."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def take_long(request: Request) -> Response:
        begun.set()
        await go_on.wait()
        return PlainTextResponse("here it is")

    async with listening(Starlette(routes=[Route("/", take_long)])) as port, httpx.AsyncClient() as client:
        asked = asyncio.create_task(client.get(f"http://{HERE}:{port}/"))
        await begun.wait()
        monkeypatch.setattr(listener, "PATIENCE_S", 0.02)  # from here on, as a request may take long to be sent
        async with silent(port, 1) as ends:
            await closed(ends, 1)
        go_on.set()
        assert (await asked).text == "here it is"


@asynccontextmanager
async def listening(application: Starlette) -> AsyncIterator[int]:
    """The port at which it is served."""
    server = Listener(Listening(application, Tally(logging.getLogger("polar.test")), lifespan="off"))
    with bind(HERE, 0) as bound:
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        yield bound.getsockname()[1]
        server.should_exit = True
        await serving


@pytest.mark.slow
async def test_connections_are_few_and_further_ones_are_closed_at_once(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """A line of the log tells, not one for each; when the others have gone, Telegram is served again."""
    port, settings = hook()
    ann, chat = house.chat()
    async with house.bot(**settings):
        async with silent(port, MOST + 60) as ends:
            await closed(ends, 60)
            house.world.say(chat, ann, "/ping")
        await house.world.wait(lambda: [m["text"] for m in house.world.sent(chat)] == ["pong"])
    assert turned_away(caplog) == [f"turned away, since the last such line: 1 connection(s) beyond {MOST} at a time"]


async def test_what_is_turned_away_is_told_once_a_minute(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what and how many there were since the last line."""
    counting = Tally(logging.getLogger("polar.test"))
    for what in ("call(s)", "call(s)", "connection(s)", "call(s)"):
        counting.count(what)
    later = asyncio.get_running_loop().time() + tally.TELL_EVERY_S
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: later)
    counting.count("call(s)")
    assert [line.partition(": ")[2] for line in turned_away(caplog)] == ["1 call(s)", "3 call(s), 1 connection(s)"]


async def test_what_is_no_http_is_no_line_of_the_log_each(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Nor what asks for another protocol."""
    port, settings = hook()
    async with house.bot(**settings):
        for sent in [b"garbage\r\n\r\n"] * 20 + [
            WRONG.replace(b"\r\nC", b"\r\nConnection: upgrade\r\nUpgrade: x\r\nC")
        ]:
            reader, writer = await asyncio.open_connection(HERE, port)
            writer.write(sent)
            assert (await reader.readline())[9:12] in (b"400", b"403")
            writer.close()
    lines = [record for record in caplog.records if record.name.startswith(("uvicorn", "polar.webhook"))]
    assert len(lines) <= 1


async def test_who_leaves_within_a_call_is_no_mistake_of_ours(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """No traceback fills the log."""
    port, settings = hook()
    async with house.bot(**settings):
        for _ in range(3):
            _, writer = await asyncio.open_connection(HERE, port)
            writer.write(HEAD + b"Content-Length: 100\r\n\r\n{")
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        async with httpx.AsyncClient() as client:
            answer = await client.post(f"http://{HERE}:{port}/updates", headers={SECRET_HEADER: SECRET}, content=b"[]")
            assert answer.status_code == 200
    assert [record for record in caplog.records if record.exc_info] == []


@pytest.mark.slow
async def test_silent_connections_leave_descriptors_for_the_bots_own_calls(house: House) -> None:
    """700 of them, where the process may have 256: what is queued meanwhile is sent, and the log stays short."""
    port, settings = hook()
    people = [house.chat(f"Person {number}") for number in range(8)]
    limit = ("sh", "-c", 'ulimit -n 256; exec "$@"', "sh")
    async with started(house, *limit, **settings) as run:
        async with silent(port, 700) as ends:
            for number, (_, chat) in enumerate(people):
                house.write(QUEUE, f"r:{number}", f"telegram:chat:{chat.id}")
            async with asyncio.timeout(8):  # before the first of them has been silent for too long
                await house.world.wait(lambda: len(house.world.sent()) == len(people))
            await closed(ends, 700 - 64)
        run.process.send_signal(signal.SIGTERM)
        assert await run.end() == 0
    assert len(run.lines) < 40


@pytest.mark.slow
async def test_the_dashboard_holds_few_connections_and_none_for_long(tmp_path: Path) -> None:
    """It is the same rule."""
    opening.prepare(tmp_path / "polar.db", 1)[0].close()
    with serving(tmp_path / "polar.db") as web:
        async with silent(web.port, MOST + 200) as ends:
            await closed(ends, 200)
        assert web.get("/healthz").status == 200


@asynccontextmanager
async def dashboard(tmp_path: Path, secret: str = "") -> AsyncIterator[httpx.AsyncClient]:
    """A client of a dashboard on loopback, which looks at nothing."""
    app = create_app(Config(database=tmp_path / "none.db", artifacts=tmp_path, secret=secret, host=HERE, port=8090))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{HERE}:8090") as client:
        yield client


async def enter(client: httpx.AsyncClient, secret: str) -> int:
    """The status of a log-in."""
    return (await client.post("/login", data={"secret": secret})).status_code


async def show(client: httpx.AsyncClient, secret: str) -> int:
    """The status of a page that is asked for with a secret."""
    return (await client.get("/artifacts", headers={"Authorization": f"Bearer {secret}"})).status_code


async def test_who_guesses_at_the_form_locks_out_no_monitoring_system(tmp_path: Path) -> None:
    """Both come from one address, a proxy's."""
    async with dashboard(tmp_path, SECRET) as client:
        assert [await enter(client, "wrong") for _ in range(6)] == [401] * Door.FORM.value + [429]
        assert await show(client, SECRET) == 200


async def test_a_program_with_a_wrong_secret_locks_nobody_out(tmp_path: Path) -> None:
    """Neither people at the form nor other programs, for a while; who goes on guessing is stopped."""
    async with dashboard(tmp_path, SECRET) as client:
        assert {await show(client, "wrong") for _ in range(5)} == {401}
        assert (await show(client, SECRET), await enter(client, SECRET)) == (200, 303)
        client.cookies.clear()
        tries = [await show(client, "wrong") for _ in range(Door.BEARER.value)]
        assert (tries.count(401), tries[-1]) == (Door.BEARER.value - 5, 429)
        assert await show(client, SECRET) == 429
        assert await enter(client, SECRET) == 303


async def test_a_cookie_is_worth_nothing_after_log_out(tmp_path: Path) -> None:
    """Whoever kept a copy, in whatever browser the session began."""
    async with dashboard(tmp_path, SECRET) as client:
        copies = []
        for _ in range(2):
            assert await enter(client, SECRET) == 303
            copies.append({"Cookie": f"polar_session={client.cookies['polar_session']}"})
            client.cookies.clear()
        assert {(await client.get("/artifacts", headers=copy)).status_code for copy in copies} == {200}
        assert (await client.post("/logout", headers=copies[0])).status_code == 303
        assert {(await client.get("/artifacts", headers=copy)).status_code for copy in copies} == {401}


@pytest.mark.parametrize("headers", [{}, {"Cookie": "polar_session=made-up"}, {"Authorization": "Bearer wrong"}])
async def test_who_is_not_in_logs_nobody_out(tmp_path: Path, headers: dict[str, str]) -> None:
    """Log-out is for who has a session."""
    async with dashboard(tmp_path, SECRET) as client:
        assert await enter(client, SECRET) == 303
        cookie = {"Cookie": f"polar_session={client.cookies['polar_session']}"}
        client.cookies.clear()
        await client.post("/logout", headers=headers)
        assert (await client.get("/artifacts", headers=cookie)).status_code == 200


@pytest.mark.parametrize("path", ["/artifacts", "/metrics", "/healthz", "/static/style.css", "/login"])
@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://elsewhere.example"}],
)
async def test_without_a_secret_nothing_that_another_sites_page_sends_is_answered(
    tmp_path: Path, path: str, headers: dict[str, str]
) -> None:
    """A GET neither, as its work is work, and its time tells something."""
    async with dashboard(tmp_path) as client:
        assert (await client.get(path, headers=headers)).status_code == 403


@pytest.mark.parametrize("site", ["none", "same-origin", None])
async def test_our_own_pages_and_programs_are_answered(tmp_path: Path, site: str | None) -> None:
    """An address that somebody typed, a link of ours, and what is no browser."""
    async with dashboard(tmp_path) as client:
        headers = {} if site is None else {"Sec-Fetch-Site": site}
        assert (await client.get("/artifacts", headers=headers)).status_code == 200


async def test_an_origin_that_is_no_address_is_no_mistake_of_ours(tmp_path: Path) -> None:
    """It is another site's."""
    async with dashboard(tmp_path, SECRET) as client:
        assert (await client.post("/login", headers={"Origin": "http://["}, content=b"")).status_code == 403


@pytest.mark.parametrize(
    "host",
    [
        "[::1].evil.com",
        "[::1]evil.com:8090",
        "127.0.0.1:99@evil.com",
        "127.0.0.1:8090:80",
        "localhost:port",
        "localhost/",
        "user@localhost",
        "[127.0.0.1",
        "::1",
        "[::1]]",
        "127.0.0.1, evil.com",
    ],
)
async def test_a_host_is_taken_whole(tmp_path: Path, host: str) -> None:
    """What only begins like a name of ours is another's."""
    async with dashboard(tmp_path) as client:
        assert (await client.get("/artifacts", headers={"Host": host})).status_code == 421
