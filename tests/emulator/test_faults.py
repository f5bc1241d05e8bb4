"""Failures to order."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from emulator import Chat, Server, World
from tests.emulator.client import Client
from tests.house import TOKEN


@pytest.mark.parametrize(
    ("kind", "status", "description"),
    [
        ("429", 429, "Too Many Requests: retry after 7"),
        ("500", 500, "Internal Server Error"),
        ("401", 401, "Unauthorized"),
        ("400:chat not found", 400, "Bad Request: chat not found"),
        ("400:Bad Request: chat not found", 400, "Bad Request: chat not found"),
        ("403:bot was blocked by the user", 403, "Forbidden: bot was blocked by the user"),
    ],
)
async def test_an_error_is_answered_once_and_has_no_effect(
    world: World, chat: Chat, client: Client, kind: str, status: int, description: str
) -> None:
    """The next call succeeds; both are in the list of calls."""
    world.fault("sendMessage", kind, retry_after=7)
    assert await client.refusal("sendMessage", chat_id=chat.id, text="hi") == (status, description)
    assert world.sent() == []
    await client.result("sendMessage", chat_id=chat.id, text="hi")
    assert [(call.status, call.fault) for call in world.calls] == [(status, kind), (200, None)]


@pytest.mark.parametrize(("kind", "status"), [("502-html", 502), ("404-html", 404)])
async def test_a_proxy_in_front_answers_with_a_page(world: World, client: Client, kind: str, status: int) -> None:
    """HTML in place of JSON."""
    world.fault("*", kind)
    response = await client.http.get(f"/bot{TOKEN}/getMe")
    assert (response.status_code, response.headers["content-type"][:9]) == (status, "text/html")


async def test_an_empty_list_is_answered_whatever_was_asked(world: World, client: Client) -> None:
    """At once, as a server does that holds no poll; and in a form that no other call has."""
    world.fault("*", "empty", times=2)
    assert await client.result("getUpdates", timeout=50) == []
    assert await client.result("getMe") == []
    assert (await client.result("getMe"))["is_bot"]


@pytest.mark.parametrize(("kind", "sent"), [("cut", 0), ("cut_after", 1)])
async def test_a_connection_is_cut_before_or_after_the_effect(
    world: World, chat: Chat, client: Client, kind: str, sent: int
) -> None:
    """Which its client cannot tell apart."""
    world.fault("sendMessage", kind)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await client.call("sendMessage", chat_id=chat.id, text="hi")
    assert len(world.sent()) == sent
    assert world.calls[-1].status == 0


@pytest.mark.parametrize(("kind", "sent"), [("hang", 0), ("hang_after", 1)])
async def test_a_call_hangs_until_faults_are_cleared(
    world: World, chat: Chat, client: Client, kind: str, sent: int
) -> None:
    """With its effect before or after that."""
    world.fault("sendMessage", kind)
    call = asyncio.create_task(client.result("sendMessage", chat_id=chat.id, text="hi"))
    await world.wait(lambda: bool(world.calls) and (kind == "hang" or bool(world.sent())))
    assert (len(world.sent()), world.calls[-1].status) == (sent, 0)
    world.clear_faults()
    assert (await call)["text"] == "hi"
    assert (len(world.sent()), world.calls[-1].status) == (1, 200)


async def test_a_hang_has_no_effect_when_its_client_gives_up(world: World, chat: Chat, client: Client) -> None:
    """Not even once faults are cleared."""
    world.fault("sendMessage", "hang")
    with pytest.raises(httpx.ReadTimeout):
        hi: dict[str, str | int] = {"chat_id": chat.id, "text": "hi"}
        await client.http.get(f"/bot{TOKEN}/sendMessage", params=hi, timeout=httpx.Timeout(None, read=0.05))
    await client.result("getMe")
    world.clear_faults()
    await client.result("getMe")
    assert world.sent() == []


async def test_slow_and_garbage_answers_come_after_the_effect(world: World, chat: Chat, client: Client) -> None:
    """The message is there whatever the answer is."""
    world.fault("sendMessage", "slow", seconds=0.01)
    world.fault("sendMessage", "garbage")
    await client.result("sendMessage", chat_id=chat.id, text="hi")
    response = await client.http.get(f"/bot{TOKEN}/sendMessage", params={"chat_id": chat.id, "text": "hi"})
    with pytest.raises(ValueError, match="Expecting value"):
        response.json()
    assert len(world.sent()) == 2


async def test_orders_are_used_in_order_by_the_calls_that_match(world: World, chat: Chat, client: Client) -> None:
    """Those of one chat wait for a call to that chat."""
    group = world.group("Friends")
    world.fault("sendMessage", "500", chat=group)
    world.fault("*", "429", times=2)
    assert (await client.refusal("sendMessage", chat_id=chat.id, text="hi"))[0] == 429
    assert (await client.refusal("sendMessage", chat_id=group.id, text="hi"))[0] == 500
    assert (await client.refusal("sendMessage", chat_id=group.id, text="hi"))[0] == 429
    await client.result("sendMessage", chat_id=group.id, text="hi")


async def test_a_fault_without_times_lasts_until_it_is_cleared(world: World, client: Client) -> None:
    """However often it is met."""
    world.fault("getMe", "500", times=None)
    for _ in range(3):
        await client.refusal("getMe")
    world.clear_faults()
    await client.result("getMe")


def test_an_unknown_kind_is_refused_with_those_known(world: World) -> None:
    """So that a test with a slip of the pen does not pass."""
    with pytest.raises(ValueError, match="known are 401, 404-html"):
        world.fault("*", "explode")


async def test_an_outage_refuses_connections_and_ends(world: World, server: Server, client: Client) -> None:
    """Polls in hand are cut off; afterwards the address is the same."""
    poll = asyncio.create_task(client.call("getUpdates", timeout=50))
    await world.wait(lambda: bool(world.calls))
    url = server.url
    await server.stop_listening()
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await poll
    with pytest.raises(httpx.ConnectError):
        await client.call("getMe")
    await server.listen_again()
    assert server.url == url
    await client.result("getMe")


async def test_a_server_stops_with_polls_and_hangs_open(world: World) -> None:
    """Nobody has to wait for them."""
    world.fault("getMe", "hang")
    async with httpx.AsyncClient(timeout=20) as http, asyncio.timeout(10):
        async with Server(world) as server:
            calls = [
                asyncio.create_task(http.get(f"{server.url}/bot{TOKEN}/{name}?timeout=50"))
                for name in ("getUpdates", "getMe")
            ]
            await world.wait(lambda: len(world.calls) == 2)
        results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(result, httpx.TransportError) for result in results)


async def test_waiting_in_vain_tells_the_last_calls(world: World, client: Client) -> None:
    """So that a failure can be understood."""
    await client.result("getMe")
    with pytest.raises(TimeoutError, match="getMe -> 200"):
        await world.wait(lambda: False, timeout=0.01)


def test_only_loopback_is_served(world: World) -> None:
    """It takes any token and must not be reached by others."""
    for host in ("0.0.0.0", "192.168.1.1", "example.org"):  # noqa: S104
        with pytest.raises(ValueError, match="loopback"):
            Server(world, host=host)


async def test_a_port_in_use_is_an_os_error(world: World, server: Server) -> None:
    """Which names it."""
    taken = int(server.url.rpartition(":")[2])
    with pytest.raises(OSError, match="Address already in use"):
        async with Server(world, port=taken):
            pass


async def test_a_server_can_end_during_an_outage(world: World) -> None:
    """And an outage that has not begun can end."""
    async with Server(world, host="localhost") as server:
        await server.stop_listening()
        await server.stop_listening()
    async with Server(world, host="localhost") as server:
        await server.listen_again()
        async with httpx.AsyncClient(base_url=server.url) as http:
            await Client(http).result("getMe")
