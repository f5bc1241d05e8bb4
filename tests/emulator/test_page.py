"""The chat page over HTTP: what it shows, and whom it answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulator import Chat, Person, Server, World, page
from emulator.page.routes import STREAMS
from emulator.page.view import MOST
from emulator.uploads import Upload
from tests.emulator.client import Client
from tests.house import TOKEN

Json = dict[str, Any]
PARTS = sorted(file for file in (Path(page.__file__).parent / "static").iterdir() if file.suffix != ".html")
GIVEN = {"commands": [{"command": "help", "description": "What there is"}]}


async def view(client: Client, me: int, chat: int | None = None, **more: int | str) -> Json:
    """What the person sees."""
    answer = await client.http.get("/page/view", params={"me": me, "chat": me if chat is None else chat, **more})
    assert answer.status_code == 200, answer.text
    seen: Json = answer.json()
    return seen


@asynccontextmanager
async def listening(client: Client, me: int, chat: int) -> AsyncIterator[AsyncIterator[Json]]:
    """The events of a stream."""
    async with client.http.stream("GET", "/page/events", params={"me": me, "chat": chat}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.aiter_lines()
        yield (json.loads(line.removeprefix("data: ")) async for line in lines if line.startswith("data: {"))


@pytest.mark.parametrize("path", ["/", *(f"/page/{file.name}" for file in PARTS)])
async def test_every_part_of_the_page_is_of_this_server_alone(client: Client, path: str) -> None:
    """The policy forbids every other source, inline scripts and styles, and making HTML from text."""
    answer = await client.http.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';") and "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_you_are_made_once(client: Client, world: World) -> None:
    """However many pages are opened, the person before them is one."""
    first, second = await asyncio.gather(client.http.post("/page/you"), client.http.post("/page/you"))
    assert first.json() == second.json()
    assert [person.first_name for person in world.people.values()] == ["You"]


async def test_to_look_changes_nothing(client: Client, world: World) -> None:
    """The private chat is listed before anybody has opened it, and is not opened by that."""
    ann = world.person("Ann")
    seen = await view(client, ann.id)
    assert [chat["title"] for chat in seen["chats"]] == ["polar_test_bot"]
    assert (seen["messages"], world.rooms, world.bot.opened) == ([], {}, set())


async def test_a_chat_shows_both_sides_with_what_is_on_them(
    client: Client, world: World, chat: Chat, ann: Person
) -> None:
    """Formatting, buttons, replies, edits and the reactions of all."""
    said = world.say(chat, ann, "hello")
    world.edit(chat, said, "Hello")
    bold = [{"type": "bold", "offset": 0, "length": 2}]
    keys = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    reply = {"message_id": said}
    sent = await client.result(
        "sendMessage", chat_id=chat.id, text="Hi you", entities=bold, reply_markup=keys, reply_parameters=reply
    )
    world.react(chat, ann, sent["message_id"], "👍")
    await client.result(
        "setMessageReaction", chat_id=chat.id, message_id=said, reaction=[{"type": "emoji", "emoji": "👌"}]
    )
    mine, its = (await view(client, ann.id))["messages"]
    assert (mine["own"], mine["text"], mine["edited"]) == (True, "Hello", True)
    ok, thumb = {"type": "emoji", "emoji": "👌"}, {"type": "emoji", "emoji": "👍"}
    assert mine["reactions"] == [{"emoji": "👌", "type": ok, "count": 1, "mine": False, "by": ["polar_test_bot"]}]
    assert (its["own"], its["author"]["bot"], its["entities"]) == (False, True, bold)
    assert its["buttons"] == [[{"text": "Yes", "data": "y", "url": None}]]
    assert its["reply"] == {"id": said, "name": "Ann", "text": "Hello", "quoted": False}
    assert its["reactions"] == [{"emoji": "👍", "type": thumb, "count": 1, "mine": True, "by": ["Ann"]}]
    assert (mine["held"], its["held"]) == ([], [thumb])


async def test_what_a_bot_says_is_shown_with_the_commands_in_it(client: Client, ann: Person, chat: Chat) -> None:
    """As Telegram's programs show them, wherever they are no code; a person's were found by the server."""
    code = {"type": "code", "offset": 15, "length": 5}
    await client.result("sendMessage", chat_id=chat.id, text="Try /help, not /stop", entities=[code])
    [said] = (await view(client, ann.id))["messages"]
    assert said["entities"] == [code, {"type": "bot_command", "offset": 4, "length": 5}]


async def test_only_the_chats_of_a_person_can_be_seen(client: Client, world: World, ann: Person, chat: Chat) -> None:
    """Groups without them are not listed, and show nothing when they are asked for."""
    ours = world.group("Ours", [ann])
    theirs = world.group("Theirs", [world.person("Bob")])
    world.say(theirs, world.people[ann.id + 1], "a secret")
    seen = await view(client, ann.id, theirs.id)
    assert [each["id"] for each in seen["chats"]] == [chat.id, ours.id]
    assert seen["messages"] == []


async def test_messages_of_a_topic_say_so(client: Client, world: World, ann: Person) -> None:
    """A forum is one list, in which each message names its topic."""
    forum = world.group("Forum", [ann], forum=True)
    topic = world.topic(forum, "Books")
    world.say(forum, ann, "here", topic)
    made, said = (await view(client, ann.id, forum.id))["messages"]
    assert made["service"] == "Topic “Books” was made"
    assert (said["topic"], said["reply"]) == ({"id": topic, "name": "Books"}, None)


async def test_one_topic_is_looked_at(client: Client, world: World, ann: Person) -> None:
    """With its latest messages only; General has what is in none; other chats have no topics."""
    forum = world.group("Forum", [ann], forum=True)
    topic = world.topic(forum, "Books")
    for number in range(3):
        world.say(forum, ann, f"book {number}", topic)
        world.say(forum, ann, f"all {number}")
    seen = await view(client, ann.id, forum.id, topic=topic, limit=2)
    assert ([message["text"] for message in seen["messages"]], seen["earlier"]) == (["book 1", "book 2"], True)
    assert seen["topics"] == [{"id": 1, "name": "General"}, {"id": topic, "name": "Books"}]
    seen = await view(client, ann.id, forum.id, topic=1, limit=3)
    assert ([message["text"] for message in seen["messages"]], seen["earlier"]) == (["all 0", "all 1", "all 2"], False)
    assert (await view(client, ann.id))["topics"] == []


async def test_a_channel_is_written_in_by_its_administrators(client: Client, world: World, ann: Person) -> None:
    """Who follows it looks and reacts; a post can be edited by those who may post, and files are posts too."""
    bob = world.person("Bob")
    made = await client.http.post("/control/channel", json={"title": "News", "members": [bob.id], "admins": [ann.id]})
    channel = made.json()["id"]
    world.say(channel, ann, "first")
    hers, his = await view(client, ann.id, channel), await view(client, bob.id, channel)
    assert [(seen["chats"][1]["kind"], seen["chats"][1]["members"]) for seen in (hers, his)] == [("channel", 2)] * 2
    assert [seen["chats"][1]["writable"] for seen in (hers, his)] == [True, False]
    assert [seen["messages"][0]["editable"] for seen in (hers, his)] == [True, False]
    for me, status in ((ann.id, 200), (bob.id, 400)):
        answer = await client.http.post("/page/files", params={"me": me, "chat": channel}, content=b"x")
        assert answer.status_code == status
    updates = await client.result("getUpdates")
    assert [sorted(update["channel_post"].keys() & {"text", "document"}) for update in updates] == [
        ["text"],
        ["document"],
    ]


async def test_old_messages_are_shown_when_they_are_asked_for(
    client: Client, world: World, chat: Chat, ann: Person
) -> None:
    """The latest come first; there is a bound on how many."""
    for number in range(5):
        world.say(chat, ann, str(number))
    seen = await view(client, ann.id, limit=2)
    assert ([message["text"] for message in seen["messages"]], seen["earlier"]) == (["3", "4"], True)
    seen = await view(client, ann.id, limit=5)
    assert (len(seen["messages"]), seen["earlier"]) == (5, False)


async def test_a_look_goes_back_to_a_message(client: Client, world: World, chat: Chat, ann: Person) -> None:
    """However many are asked for; it stays there while more come, and stops where a page has enough."""
    first, second, *_ = [world.say(chat, ann, str(number)) for number in range(6)]
    seen = await view(client, ann.id, limit=2, reach=second)
    assert ([message["text"] for message in seen["messages"]], seen["earlier"]) == (["1", "2", "3", "4", "5"], True)
    for number in range(6, MOST + 3):
        world.say(chat, ann, str(number))
    seen = await view(client, ann.id, limit=2, reach=first)
    assert (len(seen["messages"]), seen["messages"][0]["text"], seen["earlier"]) == (MOST, "3", True)


@pytest.mark.parametrize(
    ("find", "found"),
    [
        ("BUDGET", ["the Budget of spring", "budget"]),
        ("spring budget", ["the Budget of spring"]),
        ("GRÜSSE", ["grüße"]),
        ("report.pdf", ["see"]),
        ("", ["the Budget of spring", "budget", "grüße", "see", ".*"]),
        (".*", [".*"]),
        ("nowhere", []),
    ],
)
async def test_words_are_searched_for(
    client: Client, world: World, chat: Chat, ann: Person, find: str, found: list[str]
) -> None:
    """In texts, captions and names of files, in any case; all of the words, in any order; they are no pattern."""
    for text in ("the Budget of spring", "budget", "grüße"):
        world.say(chat, ann, text)
    world.upload(chat, ann, Upload("document", "Report.pdf", "application/pdf", b"x"), "see")
    world.say(chat, ann, ".*")
    seen = await view(client, ann.id, find=find)
    assert [message["text"] for message in seen["messages"]] == found


async def test_a_search_stays_in_its_chat_and_topic(client: Client, world: World, ann: Person) -> None:
    """The latest are found first; there is a bound on how many."""
    forum, other = world.group("Forum", [ann], forum=True), world.group("Other", [ann])
    topic = world.topic(forum, "Books")
    world.say(other, ann, "budget elsewhere")
    for place in (topic, None, topic):
        world.say(forum, ann, f"budget {place}", place)
    seen = await view(client, ann.id, forum.id, find="budget")
    assert [message["text"] for message in seen["messages"]] == [f"budget {topic}", "budget None", f"budget {topic}"]
    seen = await view(client, ann.id, forum.id, find="budget", topic=topic, limit=1)
    assert (len(seen["messages"]), seen["earlier"]) == (1, True)


async def test_a_draft_ends_with_the_message_or_by_itself() -> None:
    """It is gone when anything is sent, when it is emptied, and after 30 s; an action after 5 s."""
    now = [1000.0]
    world = World(TOKEN, clock=lambda: now[0])
    ann = world.person("Ann")
    world.private(ann)
    async with Server(world) as server, httpx.AsyncClient(base_url=server.url) as http:
        client = Client(http)

        async def doing() -> tuple[str | None, str | None]:
            seen = await view(client, ann.id)
            return seen["draft"] and seen["draft"]["text"], seen["action"]

        await client.result("sendChatAction", chat_id=ann.id, action="typing")
        assert await doing() == (None, "typing")
        now[0] += 6
        assert await doing() == (None, None)
        for text in ("It", "It grows"):
            await client.result("sendMessageDraft", chat_id=ann.id, draft_id=1, text=text)
            assert await doing() == (text, None)
        await client.result("sendMessage", chat_id=ann.id, text="It grows up")
        assert await doing() == (None, None)
        await client.result("sendMessageDraft", chat_id=ann.id, draft_id=2, text="Again")
        await client.result("sendMessageDraft", chat_id=ann.id, draft_id=2, text="")
        assert await doing() == (None, None)
        await client.result("sendMessageDraft", chat_id=ann.id, draft_id=3, text="Again")
        now[0] += 31
        assert await doing() == (None, None)


async def test_the_narrowest_menu_is_offered(client: Client, world: World, ann: Person, chat: Chat) -> None:
    """One's own commands before those for all."""
    group = world.group("Ours", [ann])
    await client.result("setMyCommands", **GIVEN)
    assert (await view(client, ann.id))["commands"] == GIVEN["commands"]
    own = [{"command": "pair", "description": "Let somebody in"}]
    await client.result("setMyCommands", commands=own, scope={"type": "chat", "chat_id": ann.id})
    assert (await view(client, ann.id))["commands"] == own
    assert (await view(client, ann.id, group.id))["commands"] == GIVEN["commands"]


async def test_a_stream_begins_with_everything_and_goes_on_with_changes(
    client: Client, world: World, chat: Chat, ann: Person
) -> None:
    """So whoever connects again has missed nothing, and a long chat is not told again for each change."""
    first = world.say(chat, ann, "one")
    async with asyncio.timeout(10), listening(client, ann.id, chat.id) as events:
        event = await anext(events)
        assert ([message["id"] for message in event["messages"]], event["ids"]) == ([first], [first])
        second = world.say(chat, ann, "two")
        event = await anext(events)
        assert ([message["id"] for message in event["messages"]], event["ids"]) == ([second], [first, second])
        world.react(chat, ann, first, "👍")
        assert [message["id"] for message in (await anext(events))["messages"]] == [first]
        world.delete(chat, first)
        event = await anext(events)
        assert (event["messages"], event["ids"]) == ([], [second])


async def test_an_answered_press_is_told(client: Client, world: World, chat: Chat, ann: Person) -> None:
    """The page shows what the bot says to a press."""
    query = world.press(chat, ann, world.say(chat, ann, "x"), "data")
    await client.result("answerCallbackQuery", callback_query_id=query, text="Noted")
    assert (await view(client, ann.id))["answers"][query]["text"] == "Noted"


async def test_so_many_may_listen_and_who_leaves_makes_room(
    server: Server, world: World, chat: Chat, ann: Person
) -> None:
    """Streams are bounded; one that was left no longer counts."""
    limits = httpx.Limits(max_connections=None)
    path = f"/page/events?me={ann.id}&chat={chat.id}"
    async with httpx.AsyncClient(base_url=server.url, timeout=20, limits=limits) as http, asyncio.timeout(30):
        streams = [await http.send(http.build_request("GET", path), stream=True) for _ in range(STREAMS)]
        assert [stream.status_code for stream in streams] == [200] * STREAMS
        assert await _status(http, path) == 503
        await streams.pop().aclose()
        while await _status(http, path) != 200:
            pass
        for stream in streams:
            await stream.aclose()


async def _status(http: httpx.AsyncClient, path: str) -> int:
    async with http.stream("GET", path) as answer:
        return answer.status_code


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 400), ("me=x&chat=1", 400), ("me=1&chat=1&limit=0", 400), ("me=1&chat=1&topic=x", 400), ("me=1&chat=1", 404)],
)
@pytest.mark.parametrize("path", ["/page/view", "/page/events"])
async def test_what_cannot_be_looked_at_is_refused_with_a_reason(
    client: Client, path: str, query: str, status: int
) -> None:
    """Wrong numbers, and people who are not there."""
    answer = await client.http.get(f"{path}?{query}")
    assert answer.status_code == status and answer.json()["error"]


@pytest.mark.parametrize("path", ["/", "/page/people", "/control/wait?calls=0", f"/bot{TOKEN}/getMe"])
async def test_only_names_of_this_machine_are_answered(client: Client, path: str) -> None:
    """A site that has its name point here reads nothing."""
    for host in ("evil.example", "127.0.0.1.evil.example", "192.0.2.7:80", "", "[", "[::2]"):
        assert (await client.http.get(path, headers={"host": host})).status_code == 421, host
    for host in ("localhost", "127.0.0.1:80", "[::1]:8081", "LOCALHOST:5"):
        assert (await client.http.get(path, headers={"host": host})).status_code == 200, host


@pytest.mark.parametrize("path", ["/control/person", "/page/you", f"/bot{TOKEN}/getMe"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "navigate"},
    ],
)
async def test_the_page_of_another_site_does_nothing_here(
    client: Client, world: World, path: str, headers: dict[str, str]
) -> None:
    """Any page in the browser could send to loopback otherwise."""
    answer = await client.http.post(path, content=b'{"first_name": "Eve"}', headers=headers)
    assert answer.status_code == 403
    assert (world.people, world.calls) == ({}, [])


async def test_a_link_on_another_site_may_lead_to_the_page(client: Client, server: Server) -> None:
    """But only to the page itself, and our own page does as it likes."""
    elsewhere = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert (await client.http.get("/", headers=elsewhere)).status_code == 200
    assert (await client.http.get(f"/bot{TOKEN}/getMe", headers=elsewhere)).status_code == 403
    ours = {"origin": server.url, "sec-fetch-site": "same-origin"}
    assert (await client.http.post("/page/you", headers=ours)).status_code == 200
