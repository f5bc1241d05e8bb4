"""Acting as people from another process."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulator import Chat, Person, Server, World
from tests.emulator.client import Client
from tests.house import TOKEN


async def do(client: Client, action: str, **given: Any) -> Any:
    response = await client.http.post(f"/control/{action}", json=given)
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_conversation_can_be_led_over_http(world: World, client: Client) -> None:
    """Whatever a test does to the world in its own process."""
    ann = await do(client, "person", first_name="Ann", username="ann")
    said = await do(client, "say", chat=ann["id"], person=ann["id"], text="hello")
    await do(client, "edit", chat=ann["id"], message_id=said["message_id"], text="hello!")
    await do(client, "react", chat=ann["id"], person=ann["id"], message_id=said["message_id"], reactions=["👍"])
    await do(client, "press", chat=ann["id"], person=ann["id"], message_id=said["message_id"], data="x")
    await do(client, "send", chat=ann["id"], person=ann["id"], kind="photo", caption="look")
    album = await do(client, "album", chat=ann["id"], person=ann["id"], kinds=["photo", "photo"])
    first = album["message_ids"][0]
    await do(client, "forward", chat=ann["id"], person=ann["id"], source=ann["id"], message_id=first, hidden=True)
    assert await do(client, "push", update={"message": "odd"}) == {"update_id": world.next_update_id - 1}
    assert await do(client, "updates_pending") == 8
    await client.result("sendMessage", chat_id=ann["id"], text="hi")
    assert [message["text"] for message in await do(client, "sent", chat=ann["id"])] == ["hi"]
    shown = await do(client, "message", chat=ann["id"], message_id=said["message_id"])
    assert shown["text"] == "hello!"
    assert (await do(client, "calls"))[0]["method"] == "sendMessage"


async def test_groups_topics_faults_and_bots_can_be_made_over_http(world: World, client: Client) -> None:
    """And faults are taken back."""
    ann = await do(client, "person", first_name="Ann")
    group = await do(client, "group", title="Forum", members=[ann["id"]], forum=True)
    topic = await do(client, "topic", chat=group["id"], name="Plans")
    await do(client, "say", chat=group["id"], person=ann["id"], text="hello", topic=topic["message_thread_id"])
    await do(client, "fault", method="getMe", kind="500", times=None)
    assert (await client.refusal("getMe"))[0] == 500
    await do(client, "clear_faults")
    await client.result("getMe")
    assert (await do(client, "add_bot", token="2:OTHER", username="other_bot"))["id"] == 2


@pytest.mark.parametrize(
    ("action", "body", "error"),
    [
        ("say", {"chat": 1}, "say expects chat, person, text and may take topic, reply_to, quote; got chat"),
        ("say", {"chat": 1, "person": 1, "text": 5}, "say expects text to be a text"),
        ("say", {"chat": 1, "person": 1, "text": "x"}, "there is no chat 1"),
        ("dance", {}, "there is no action dance; there are add_bot"),
        ("fault", {"method": "*", "kind": "x"}, "unknown fault 'x'; known are"),
        ("say", [], "the body is not a JSON object"),
    ],
)
async def test_what_is_wrong_with_a_request_is_said(client: Client, action: str, body: Any, error: str) -> None:
    """Status 400, with what was expected."""
    response = await client.http.post(f"/control/{action}", json=body)
    assert response.status_code == 400
    assert response.json()["error"].startswith(error)


async def test_waiting_over_http_ends_with_the_calls_or_with_the_time(client: Client) -> None:
    """408 when there were fewer by then; polls do not count."""
    waiting = asyncio.create_task(client.http.get("/control/wait?calls=1&timeout=10"))
    await client.result("getUpdates")
    await client.result("getMe")
    assert (await waiting).json() == {"calls": 1}
    late = await client.http.get("/control/wait?calls=9&timeout=0.01")
    assert (late.status_code, late.json()) == (408, {"calls": 1})
    assert (await client.http.get("/control/wait")).status_code == 400


async def test_the_log_tells_another_process_what_happened(tmp_path: Path) -> None:
    """A line for each update and each call, with what a fault left of it."""
    path = tmp_path / "calls.jsonl"
    world = World(TOKEN, log=path)
    ann: Person = world.person("Ann")
    chat: Chat = world.private(ann)
    async with Server(world) as server, httpx.AsyncClient(base_url=server.url) as http:
        client = Client(http)
        await client.result("getUpdates")
        world.say(chat, ann, "hello")
        await client.result("getUpdates")
        message = await client.result("sendMessage", chat_id=chat.id, text="hi")
        world.fault("sendMessage", "cut_after")
        with pytest.raises(httpx.TransportError):
            await client.call("sendMessage", chat_id=chat.id, text="hi")
    update, poll, sent, cut = [json.loads(line) for line in path.read_text().splitlines()]
    assert (update["log"], update["update"]["message"]["text"]) == ("update", "hello")
    assert poll["update_ids"] == [update["update_id"]]
    assert (sent["status"], sent["message_id"], sent["fault"]) == (200, message["message_id"], None)
    assert (cut["status"], cut["message_id"], cut["fault"]) == (0, message["message_id"] + 1, "cut_after")
