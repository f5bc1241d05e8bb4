"""Files that bots send, in the forms that their libraries use, and how they get them back."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest
from telegram import Bot, InputMediaDocument, InputMediaPhoto
from telegram.error import BadRequest

from emulator import Chat, Person, Server, World
from tests.emulator.client import Client, Files
from tests.house import TOKEN

PNG = b"\x89PNG\r\n\x1a\n" + bytes(4) + b"IHDR" + struct.pack(">II", 640, 480) + bytes(range(256))
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08" + struct.pack(">HH", 30, 20)
GIF = b"GIF89a" + struct.pack("<HH", 3, 4)
MAIL = b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n\r\n\xff\r\n--x--\r\n'


@pytest.fixture
async def bot(server: Server) -> AsyncIterator[Bot]:
    """A bot on python-telegram-bot."""
    async with Bot(TOKEN, base_url=f"{server.url}/bot", base_file_url=f"{server.url}/file/bot") as bot:
        yield bot


@pytest.mark.parametrize(
    ("method", "field", "about"),
    [
        ("sendPhoto", "photo", {}),
        ("sendDocument", "document", {}),
        ("sendAudio", "audio", {"duration": 9, "title": "12", "performer": "Ann"}),
        ("sendVideo", "video", {"width": 4, "height": 3, "duration": 2}),
        ("sendAnimation", "animation", {"width": 4, "height": 3, "duration": 2}),
        ("sendVoice", "voice", {"duration": 5}),
        ("sendVideoNote", "video_note", {"length": 240, "duration": 5}),
        ("sendSticker", "sticker", {"emoji": "👍"}),
    ],
)
@pytest.mark.parametrize("attached", [False, True])
async def test_each_kind_of_file_comes_as_a_part_of_a_form(
    chat: Chat, client: Client, method: str, field: str, about: dict[str, Any], attached: bool
) -> None:
    """Under its own name, or under any with attach://; what is said of it stands in the message."""
    name = "any-1" if attached else field
    given = {field: f"attach://{name}"} if attached else {}
    answer = await client.form(method, {name: ("a.bin", PNG)}, chat_id=chat.id, **given, **about)
    assert answer["ok"], answer
    shown = answer["result"][field]
    file = shown[-1] if field == "photo" else shown
    assert file["file_size"] == len(PNG)
    assert {name: file[name] for name in about} == about


@pytest.mark.parametrize(
    ("body", "size"), [(PNG, (640, 480)), (JPEG, (20, 30)), (GIF, (3, 4)), (b"?", (1280, 960)), (GIF[:7], (1280, 960))]
)
async def test_a_photo_has_the_size_that_its_file_tells(
    chat: Chat, client: Client, body: bytes, size: tuple[int, int]
) -> None:
    """And another one where it tells none."""
    [photo] = (await client.form("sendPhoto", {"photo": ("a", body)}, chat_id=chat.id))["result"]["photo"]
    assert (photo["width"], photo["height"]) == size


async def test_python_telegram_bot_sends_files_and_loads_them(world: World, chat: Chat, bot: Bot) -> None:
    """Every byte of them; a file that was sent once is sent again by its id."""
    photo = await bot.send_photo(chat.id, PNG, caption="<b>look</b>", parse_mode="HTML")
    assert photo.caption_html == "<b>look</b>"
    again = await bot.send_photo(chat.id, photo.photo[-1].file_id)
    assert again.photo == photo.photo
    document = await bot.send_document(chat.id, MAIL, filename="ü.eml")
    assert document.document is not None and document.document.file_name == "ü.eml"
    for file_id, body, ending in ((again.photo[-1].file_id, PNG, ".jpg"), (document.document.file_id, MAIL, ".eml")):
        loaded = await bot.get_file(file_id)
        assert loaded.file_path is not None and loaded.file_path.endswith(ending)
        assert loaded.file_size == len(body)
        assert await loaded.download_as_bytearray() == body
    assert [sorted({"photo", "document"} & message.keys()) for message in world.sent(chat)] == [
        ["photo"],
        ["photo"],
        ["document"],
    ]


async def test_the_type_of_a_document_is_the_one_given_or_that_of_its_name(chat: Chat, client: Client) -> None:
    """Libraries often give none."""
    for name, given, kept in (("a.pdf", (), "application/pdf"), ("a.pdf", ("image/png",), "image/png")):
        files: Files = {"document": (name, b"x", *given)}
        sent = (await client.form("sendDocument", files, chat_id=chat.id))["result"]
        assert sent["document"]["mime_type"] == kept


@pytest.mark.parametrize(
    ("given", "description"),
    [
        ({}, "there is no photo in the request"),
        ({"photo": "attach://none"}, "there is no photo in the request"),
        ({"photo": "unknown"}, "wrong file identifier/HTTP URL specified"),
        ({"photo": "https://a.example/x.png"}, "failed to get HTTP URL content"),
    ],
)
async def test_a_file_that_is_not_there_is_refused(
    world: World, chat: Chat, client: Client, given: dict[str, str], description: str
) -> None:
    """In Telegram's words; nothing here loads from the network."""
    refused = await client.refusal("sendPhoto", chat_id=chat.id, **given)
    assert refused == (400, f"Bad Request: {description}")
    assert world.sent() == []


async def test_a_file_is_sent_again_as_what_it_is(world: World, ann: Person, chat: Chat, client: Client) -> None:
    """One that a person sent too."""
    voice = world.message(chat, world.send(chat, ann, "voice"))
    assert voice is not None
    file_id = voice["voice"]["file_id"]
    sent = await client.result("sendVoice", chat_id=chat.id, voice=file_id)
    assert sent["voice"] == voice["voice"]
    refused = await client.refusal("sendDocument", chat_id=chat.id, document=file_id)
    assert refused == (400, "Bad Request: can't use file of type VoiceNote as Document")


async def test_a_file_that_is_not_kept_cannot_be_loaded(
    world: World, ann: Person, chat: Chat, client: Client, bot: Bot
) -> None:
    """One that nobody knows, or of which only a message tells, or that is too large; and none without the token."""
    assert await client.refusal("getFile", file_id="x") == (400, "Bad Request: invalid file_id")
    voice = world.message(chat, world.send(chat, ann, "voice"))
    assert voice is not None
    with pytest.raises(BadRequest, match="Wrong file_id or the file is temporarily unavailable"):
        await bot.get_file(voice["voice"]["file_id"])
    world.files["large"] = "x" * 20_000_001
    assert await client.refusal("getFile", file_id="large") == (400, "Bad Request: file is too big")
    assert (await client.http.get(f"/file/bot{TOKEN}/photos/x")).status_code == 404
    assert (await client.http.get("/file/bot1:WRONG/photos/x")).status_code == 401


async def test_the_page_shows_a_photo_of_a_bot(ann: Person, chat: Chat, client: Client) -> None:
    """With its content, as one of a person."""
    await client.form("sendPhoto", {"photo": ("a.png", PNG)}, chat_id=chat.id)
    view = (await client.http.get("/page/view", params={"me": ann.id, "chat": chat.id})).json()
    [message] = view["messages"]
    assert (message["file"]["kind"], message["file"]["width"]) == ("photo", 640)
    loaded = await client.http.get(f"/page/files/{message['file']['file']}")
    assert loaded.content == PNG


async def test_a_caption_is_changed_and_taken_away(chat: Chat, client: Client) -> None:
    """The file and, until it is left out, the keyboard stay; a text has no caption."""
    sent = (await client.form("sendPhoto", {"photo": ("a", PNG)}, chat_id=chat.id, caption="one"))["result"]
    place = {"chat_id": chat.id, "message_id": sent["message_id"]}
    keys = {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]}
    edited = await client.result(
        "editMessageCaption", **place, caption="*two*", parse_mode="Markdown", reply_markup=keys
    )
    assert (edited["caption"], edited["photo"], edited["reply_markup"]) == ("two", sent["photo"], keys)
    assert edited["caption_entities"] == [{"type": "bold", "offset": 0, "length": 3}]
    bare = await client.result("editMessageReplyMarkup", **place)
    assert (bare["caption"], "reply_markup" in bare) == ("two", False)
    assert "caption" not in await client.result("editMessageCaption", **place)
    refused = await client.refusal("editMessageCaption", **place)
    assert refused[1].startswith("Bad Request: message is not modified")
    text = await client.result("sendMessage", chat_id=chat.id, text="x")
    refused = await client.refusal("editMessageCaption", chat_id=chat.id, message_id=text["message_id"], caption="y")
    assert refused == (400, "Bad Request: there is no caption in the message to edit")


async def test_an_album_is_several_messages_of_one_group(world: World, ann: Person, chat: Chat, bot: Bot) -> None:
    """Files of the form beside one that was sent before; each has a caption of its own."""
    before = await bot.send_photo(chat.id, PNG)
    media = [
        InputMediaPhoto(PNG, caption="<i>one</i>", parse_mode="HTML"),
        InputMediaPhoto(before.photo[-1].file_id, caption="two"),
    ]
    first, second = await bot.send_media_group(chat.id, media, reply_to_message_id=before.id)
    assert first.media_group_id == second.media_group_id is not None
    assert (first.caption_html, second.caption, second.photo) == ("<i>one</i>", "two", before.photo)
    assert first.reply_to_message is not None and first.reply_to_message.id == before.id
    assert world.files[first.photo[-1].file_id].encode("utf-8", "surrogateescape") == PNG
    [notes] = await bot.send_media_group(chat.id, [InputMediaDocument(b"x", filename="notes.md")])
    assert notes.document is not None and notes.document.file_name == "notes.md"


@pytest.mark.parametrize(
    ("media", "description"),
    [
        (None, 'parameter "media" is required'),
        ([], "there are no messages to send"),
        ([{"type": "photo", "media": "attach://a"}] * 11, "too many messages to send as an album"),
        ([5], "can't parse InputMedia: expected an Object"),
        ([{"type": "photo"}], "can't parse InputMedia: media not found"),
        ([{"type": "photo", "media": "attach://b"}], "can't parse InputMedia: media not found"),
        ([{"type": "sticker", "media": "attach://a"}], 'can\'t parse InputMedia: type "sticker" is unsupported'),
        (
            [{"type": "animation", "media": "attach://a"}],
            "can't parse InputMedia: type \"animation\" can't be used in sendMediaGroup",
        ),
        (
            [{"type": "photo", "media": "attach://a"}, {"type": "document", "media": "attach://a"}],
            "document can't be mixed with other media types",
        ),
        (
            [{"type": "photo", "media": "attach://a"}, {"type": "photo", "media": "x"}],
            "wrong file identifier/HTTP URL specified",
        ),
    ],
)
async def test_an_album_is_sent_as_a_whole_or_not_at_all(
    world: World, chat: Chat, client: Client, media: Any, description: str
) -> None:
    """What is wrong with it is told."""
    given = {} if media is None else {"media": media}
    refused = await client.form("sendMediaGroup", {"a": ("a.png", PNG)}, chat_id=chat.id, **given)
    assert refused["description"] == f"Bad Request: {description}"
    assert world.sent() == []


async def test_a_file_takes_the_place_of_another_one(chat: Chat, client: Client, bot: Bot) -> None:
    """With its own caption; the same once more is no change, and a text is no file."""
    sent = await bot.send_photo(chat.id, PNG, caption="one")
    edited = await bot.edit_message_media(InputMediaDocument(MAIL, filename="a.eml"), chat.id, sent.id)
    assert not isinstance(edited, bool) and edited.document is not None
    assert (edited.photo, edited.document.file_name, edited.caption) == ((), "a.eml", None)
    media = {"type": "document", "media": edited.document.file_id}
    refused = await client.refusal("editMessageMedia", chat_id=chat.id, message_id=sent.id, media=media)
    assert refused[1].startswith("Bad Request: message is not modified")
    text = await bot.send_message(chat.id, "x")
    refused = await client.refusal("editMessageMedia", chat_id=chat.id, message_id=text.id, media=media)
    assert refused == (400, "Bad Request: there is no media in the message to edit")
