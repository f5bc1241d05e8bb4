"""Polling, with Telegram's rules of confirmation."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from emulator import Chat, Person, Server, World
from tests.emulator.client import Client
from tests.house import TOKEN


def ids(updates: list[Any]) -> list[int]:
    return [update["update_id"] for update in updates]


async def polling(world: World, times: int = 1) -> None:
    await world.wait(lambda: sum(c.method == "getUpdates" and c.status == 0 for c in world.calls) == times)


async def test_every_answer_says_what_time_it_is() -> None:
    """By Telegram's clock, in the form of HTTP."""
    world = World(token=TOKEN, username="polar_test_bot", clock=lambda: 1_795_000_000.9)
    async with Server(world) as server, httpx.AsyncClient(base_url=server.url) as http:
        answers = [await http.get(f"/bot{token}/getMe") for token in (TOKEN, "1:unknown")]
    assert [answer.headers["date"] for answer in answers] == ["Wed, 18 Nov 2026 11:06:40 GMT"] * 2


async def test_updates_stay_until_a_higher_offset_confirms_them(
    world: World, ann: Person, chat: Chat, client: Client
) -> None:
    """Asked again without one, the same are told again."""
    for text in ("one", "two", "three"):
        world.say(chat, ann, text)
    first = await client.result("getUpdates", limit=2)
    assert [update["message"]["text"] for update in first] == ["one", "two"]
    assert ids(await client.result("getUpdates", limit=2)) == ids(first)
    rest = await client.result("getUpdates", offset=first[-1]["update_id"] + 1)
    assert ids(rest) == [first[-1]["update_id"] + 1]
    assert world.updates_pending() == 1


async def test_confirmed_updates_are_gone_for_a_lower_offset_too(
    world: World, ann: Person, chat: Chat, client: Client
) -> None:
    """Confirming cannot be undone."""
    world.say(chat, ann, "one")
    update_id = world.next_update_id - 1
    assert await client.result("getUpdates", offset=update_id + 1) == []
    assert await client.result("getUpdates", offset=update_id) == []


async def test_a_negative_offset_keeps_the_last_updates(world: World, ann: Person, chat: Chat, client: Client) -> None:
    """The others count as confirmed."""
    for text in "abcde":
        world.say(chat, ann, text)
    updates = await client.result("getUpdates", offset=-2)
    assert [update["message"]["text"] for update in updates] == ["d", "e"]
    assert world.updates_pending() == 2


async def test_an_offset_far_in_the_future_reads_from_the_head(
    world: World, ann: Person, chat: Chat, client: Client
) -> None:
    """As after a week without updates, when Telegram's ids start anew."""
    world.next_update_id = 5
    world.say(chat, ann, "after a week of silence")
    assert ids(await client.result("getUpdates", offset=1_000_000)) == [5]
    assert ids(await client.result("getUpdates", offset=5 + 11)) == [5]
    assert ids(await client.result("getUpdates", offset=5 + 10)) == []


async def test_a_long_poll_ends_with_the_first_update(world: World, ann: Person, chat: Chat, client: Client) -> None:
    """It does not wait for its time-out."""
    poll = asyncio.create_task(client.result("getUpdates", timeout=50))
    await polling(world)
    world.say(chat, ann, "hello")
    assert len(await poll) == 1


async def test_a_second_poll_ends_the_first_with_a_conflict(world: World, client: Client) -> None:
    """409 for the first, updates for the second."""
    first = asyncio.create_task(client.refusal("getUpdates", timeout=50))
    await polling(world)
    second = asyncio.create_task(client.result("getUpdates", timeout=50))
    status, description = await first
    assert status == 409
    assert description.startswith("Conflict: terminated by other getUpdates request")
    world.push({"message": {}})
    assert len(await second) == 1


async def test_a_poll_whose_client_died_neither_conflicts_nor_swallows(
    world: World, ann: Person, chat: Chat, server: Server, client: Client
) -> None:
    """The update goes to who polls next."""
    _, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    writer.write(f"GET /bot{TOKEN}/getUpdates?timeout=50 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await polling(world)
    writer.transport.abort()
    second = asyncio.create_task(client.result("getUpdates", timeout=50))
    await polling(world, 2)
    world.say(chat, ann, "hello")
    assert len(await second) == 1
    assert [call.status for call in world.calls] == [0, 200]


async def test_reactions_come_only_to_who_asks_for_them_and_the_wish_is_remembered(
    world: World, ann: Person, chat: Chat, client: Client
) -> None:
    """Until an empty list takes it back."""
    message_id = world.say(chat, ann, "hello")
    world.react(chat, ann, message_id, "👍")
    assert world.updates_pending() == 1
    await client.result("getUpdates", allowed_updates=["message_reaction"])
    await client.result("getUpdates")
    world.say(chat, ann, "not wanted now")
    world.react(chat, ann, message_id, "🔥")
    kinds = [set(update) - {"update_id"} for update in await client.result("getUpdates")]
    assert kinds == [{"message"}, {"message_reaction"}]
    await client.result("getUpdates", allowed_updates=[])
    world.react(chat, ann, message_id)
    assert world.updates_pending() == 2


async def test_anything_can_be_pushed_and_arrives_as_it_is(world: World, client: Client) -> None:
    """Also what is no update, and it can be confirmed."""
    given: list[Any] = ["a string", {"update_id": "seven"}, 7, None, [1]]
    for update in given:
        world.push(update)
    assert await client.result("getUpdates") == given
    assert await client.result("getUpdates", offset=world.next_update_id) == []


async def test_an_update_pushed_with_an_id_that_was_confirmed_is_delivered_once(world: World, client: Client) -> None:
    """As Telegram does with one that it repeats."""
    update = {"update_id": 77, "message": {}}
    world.next_update_id = 77
    world.push(update)
    assert await client.result("getUpdates", offset=78) == []
    world.push(update)
    assert await client.result("getUpdates", offset=78) == [update]
    assert await client.result("getUpdates", offset=78) == []


async def test_a_second_bot_has_a_queue_of_its_own(world: World, ann: Person, chat: Chat, server: Server) -> None:
    """And its own name."""
    world.add_bot("2:OTHER", "other_bot")
    world.say(chat, ann, "for the first")
    world.address("2:OTHER")
    world.say(chat, ann, "for the second")
    async with httpx.AsyncClient(base_url=server.url) as http:
        first = (await http.get(f"/bot{TOKEN}/getUpdates")).json()["result"]
        second = (await http.get("/bot2:OTHER/getUpdates")).json()["result"]
        me = (await http.get("/bot2:OTHER/getMe")).json()["result"]
    assert [update["message"]["text"] for update in first + second] == ["for the first", "for the second"]
    assert (me["id"], me["username"]) == (2, "other_bot")


async def test_ids_start_at_the_clock_so_that_a_restart_reuses_none() -> None:
    """Of messages and of updates."""
    world = World(clock=lambda: 1_700_000_000.9)
    ann = world.person("Ann")
    assert world.say(world.private(ann), ann, "hello") == 1_700_000_000
    assert world.next_update_id == 1_700_000_001
