"""Files on the page over HTTP: what is taken, to whom it goes, how it is given back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from emulator import Chat, Person, Server, World
from emulator.page import files
from tests.emulator.client import Client
from tests.house import TOKEN

Json = dict[str, Any]
BYTES = bytes(range(256))


async def give(client: Client, me: int, chat: int, content: Any = BYTES, media_type: str = "", **more: Any) -> Any:
    """The answer to a file."""
    headers = {"content-type": media_type} if media_type else {}
    return await client.http.post(
        "/page/files", params={"me": me, "chat": chat, **more}, content=content, headers=headers
    )


async def told(client: Client) -> Json:
    """The message that the bot is told of last."""
    updates = await client.result("getUpdates")
    message: Json = updates[-1]["message"]
    return message


async def seen(client: Client, me: int, chat: int) -> list[Json]:
    """The messages as a person sees them."""
    messages: list[Json] = (await client.http.get("/page/view", params={"me": me, "chat": chat})).json()["messages"]
    return messages


async def test_a_file_with_a_caption_reaches_the_bot(client: Client, world: World, ann: Person, chat: Chat) -> None:
    """Every byte is kept; commands in the caption are entities; the reply is one."""
    first = world.say(chat, ann, "look")
    answer = await give(
        client, ann.id, chat.id, media_type="application/pdf", name="a.pdf", caption="/sum it", reply_to=first
    )
    message = await told(client)
    assert answer.json() == {"message_id": message["message_id"]}
    file = message["document"]
    assert (file["file_name"], file["mime_type"], file["file_size"]) == ("a.pdf", "application/pdf", 256)
    assert world.files[file["file_id"]].encode("utf-8", "surrogateescape") == BYTES
    assert (message["caption"], message["caption_entities"][0]["type"]) == ("/sum it", "bot_command")
    assert message["reply_to_message"]["message_id"] == first


async def test_photos_and_voices_are_what_they_are(client: Client, ann: Person, chat: Chat) -> None:
    """With what the page has measured, as the Bot API tells it."""
    await give(client, ann.id, chat.id, kind="photo", width=640, height=480)
    (photo,) = (await told(client))["photo"]
    assert (photo["width"], photo["height"], photo["file_size"]) == (640, 480, 256)
    await give(client, ann.id, chat.id, kind="voice", seconds=7, media_type="audio/ogg; codecs=opus")
    voice = (await told(client))["voice"]
    assert (voice["duration"], voice["mime_type"], voice["file_size"]) == (7, "audio/ogg", 256)
    photo_seen, voice_seen = (message["file"] for message in await seen(client, ann.id, chat.id))
    assert (photo_seen["kind"], photo_seen["width"], photo_seen["type"]) == ("photo", 640, "image/jpeg")
    assert (voice_seen["kind"], voice_seen["type"]) == ("voice", "audio/ogg")


async def test_a_file_is_given_back_as_it_came(client: Client, ann: Person, chat: Chat) -> None:
    """To be saved, under its name; shown or played only where its type is known to be harmless."""
    await give(client, ann.id, chat.id, kind="photo")
    (message,) = await seen(client, ann.id, chat.id)
    path = f"/page/files/{message['file']['file']}"
    for asked, given in (("image/png", "image/png"), ("image/svg+xml", "text/plain"), ("text/html", "text/plain")):
        answer = await client.http.get(path, params={"name": "x", "type": asked})
        assert answer.content == BYTES
        assert answer.headers["content-type"].partition(";")[0] == given
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("kind", "about", "media_type"),
    [
        ("video", {"mime_type": "video/mp4", "width": 9, "height": 7}, "video/mp4"),
        ("animation", {"mime_type": "image/gif"}, "image/gif"),
        ("sticker", {}, "image/webp"),
        ("audio", {"mime_type": "audio/mpeg"}, "audio/mpeg"),
    ],
)
async def test_files_of_every_kind_are_shown(
    client: Client, world: World, ann: Person, chat: Chat, kind: str, about: Json, media_type: str
) -> None:
    """Whoever sent them, if their content is kept; without words there is nothing to quote or edit."""
    file = {"file_id": "sent-file-1", "file_size": 3, **about}
    world.post(world.bot, world.room(chat), {kind: file}, None, None)
    (message,) = await seen(client, ann.id, chat.id)
    assert (message["file"], message["media"]) == (None, kind)
    world.files["sent-file-1"] = "abc"
    (message,) = await seen(client, ann.id, chat.id)
    shown = message["file"]
    assert (shown["kind"], shown["name"], shown["type"]) == (kind, f"{kind}-1", media_type)
    assert (message["media"], message["quotable"], message["editable"]) == ("", False, False)
    answer = await client.http.get(f"/page/files/{shown['file']}", params={"type": media_type})
    assert (answer.text, answer.headers["content-type"]) == ("abc", media_type)


async def test_a_document_is_downloaded_as_text(client: Client, chat: Chat, ann: Person) -> None:
    """A browser never shows it as a page of ours, whatever its name and content."""
    await client.http.post(
        f"/bot{TOKEN}/sendDocument",
        data={"chat_id": str(chat.id)},
        files={"document": ('x".html', b"<script>alert(1)</script>")},
    )
    document = (await seen(client, ann.id, chat.id))[0]["file"]
    answer = await client.http.get(f"/page/files/{document['file']}", params={"name": 'a"\r\nb.html'})
    assert answer.text == "<script>alert(1)</script>"
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''a%22%0D%0Ab.html"
    assert (await client.http.get("/page/files/none")).status_code == 404


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\win.ini", "win.ini"),
        ('a"\r\nSet-Cookie: x.txt', 'a" Set-Cookie: x.txt'),
        ("invoice\u202efdp.exe", "invoice fdp.exe"),
        ("<img src=x onerror=alert(1)>.png", "<img src=x onerror=alert(1)>.png"),
        ("..", "file"),
        ("", "file"),
        ("x" * 5000, "x" * 255),
        ("\x00\ufeff", "file"),
        ("Füße 👣.txt", "Füße 👣.txt"),
    ],
)
async def test_no_name_leads_elsewhere(client: Client, ann: Person, chat: Chat, name: str, kept: str) -> None:
    """A bot may save a file under the name it has: no folder, no line end, nothing that hides its ending."""
    await give(client, ann.id, chat.id, name=name)
    assert (await told(client))["document"]["file_name"] == kept
    (message,) = await seen(client, ann.id, chat.id)
    assert message["file"]["name"] == kept


@pytest.mark.parametrize("media_type", ["", "x", "text/html\tx", "a/" + "b" * 200])
async def test_what_is_no_media_type_is_bytes(client: Client, ann: Person, chat: Chat, media_type: str) -> None:
    """Whatever a browser says of a file."""
    await give(client, ann.id, chat.id, media_type=media_type)
    assert (await told(client))["document"]["mime_type"] == "application/octet-stream"


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_a_file_has_at_most_50_mb(
    client: Client, world: World, ann: Person, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is larger is refused, whether it says its size or not; nothing is kept and the bot is told nothing."""
    assert files.MAX_BYTES == 50_000_000
    monkeypatch.setattr(files, "MAX_BYTES", 8)
    assert (await give(client, ann.id, chat.id, b"12345678")).status_code == 200
    for content in (b"123456789", _chunks(b"1234", b"5678", b"9")):
        answer = await give(client, ann.id, chat.id, content)
        assert (answer.status_code, "at most" in answer.json()["error"]) == (413, True)
    assert (len(world.files), world.updates_pending()) == (1, 1)


async def test_a_size_that_is_told_is_believed(server: Server, ann: Person, chat: Chat) -> None:
    """What says that it is too large is refused before any of it has come."""
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /page/files?me={ann.id}&chat={chat.id} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 50000001\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(10):
        assert b" 413 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_only_to_ones_own_chats(client: Client, world: World, ann: Person, chat: Chat) -> None:
    """Neither to a group without them, nor to another's private chat, nor in the name of nobody."""
    bob = world.person("Bob")
    theirs = world.group("Theirs", [bob])
    world.private(bob)
    for me, place in ((ann.id, theirs.id), (ann.id, bob.id), (ann.id, -5), (999, chat.id)):
        answer = await give(client, me, place)
        assert (answer.status_code, bool(answer.json()["error"])) == (404, True)
    assert (world.files, world.room(theirs).messages, list(world.room(theirs).members)) == ({}, {}, [bob.id])


async def test_a_group_is_written_to_by_its_members(client: Client, world: World, ann: Person) -> None:
    """Into a topic, if one is named."""
    forum = world.group("Forum", [ann], forum=True)
    topic = world.topic(forum, "Books")
    await give(client, ann.id, forum.id, topic=topic)
    message = await told(client)
    assert (message["message_thread_id"], message["from"]["id"]) == (topic, ann.id)


@pytest.mark.parametrize(
    ("asked", "content", "status"),
    [
        ({"kind": "sticker"}, BYTES, 400),
        ({}, b"", 400),
        ({"caption": "x" * 1025}, BYTES, 400),
        ({"reply_to": "x"}, BYTES, 400),
        ({"reply_to": "7"}, BYTES, 404),
        ({"topic": "7"}, BYTES, 404),
        ({"chat": "x"}, BYTES, 400),
    ],
)
async def test_what_cannot_be_sent_is_refused_with_a_reason(
    client: Client, world: World, ann: Person, chat: Chat, asked: Json, content: bytes, status: int
) -> None:
    """And leaves nothing behind."""
    answer = await client.http.post("/page/files", params={"me": ann.id, "chat": chat.id, **asked}, content=content)
    assert (answer.status_code, bool(answer.json()["error"])) == (status, True)
    assert (world.files, world.room(chat).messages) == ({}, {})
