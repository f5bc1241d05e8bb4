"""Calls that ask for the wrong thing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.requests import Request

from emulator import Chat, Person, World
from emulator.api import METHODS
from emulator.api.ask import Ask
from emulator.api.endpoint import Exchange
from emulator.api.params import read
from emulator.connections import Connection
from tests.emulator.client import Client, Json
from tests.house import TOKEN

COMMAND = {"command": "start", "description": "begin"}


@pytest.mark.parametrize(
    ("method", "params", "description"),
    [
        ("sendMessage", {"text": "a", "chat_id": ""}, "chat_id is empty"),
        ("sendMessage", {"text": "a", "chat_id": "@nobody"}, "chat not found"),
        ("sendMessage", {"text": "a", "parse_mode": "Word"}, "unsupported parse_mode"),
        ("sendMessage", {"text": "a", "message_thread_id": "x"}, "message_thread_id must be a number"),
        ("sendMessage", {"text": "a", "reply_markup": 5}, "can't parse reply_markup: expected an Object"),
        (
            "sendMessage",
            {"text": "a", "reply_markup": {"inline_keyboard": [5]}},
            "can't parse inline keyboard: expected an Array of Arrays",
        ),
        (
            "sendMessage",
            {"text": "a", "reply_markup": {"inline_keyboard": [[5]]}},
            "can't parse inline keyboard button: expected an Object with a text",
        ),
        (
            "sendMessage",
            {"text": "a", "reply_markup": {"inline_keyboard": [[{"text": "x"}]]}},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        ("sendMessageDraft", {"text": "a"}, "draft_id must be non-zero"),
        ("sendChatAction", {"action": "dancing"}, "wrong parameter action in request"),
        ("setMessageReaction", {"message_id": 5}, "message to react not found"),
        ("getChatMember", {"user_id": 5}, "member not found"),
        ("getChatAdministrators", {}, "there are no administrators in the private chat"),
        ("getCustomEmojiStickers", {"custom_emoji_ids": 5}, "can't parse custom_emoji_ids: expected an Array"),
        (
            "getCustomEmojiStickers",
            {"custom_emoji_ids": ["1"] * 201},
            "too many custom emoji identifiers specified",
        ),
        ("setMyCommands", {"commands": [{**COMMAND, "command": "Start"}]}, "BOT_COMMAND_INVALID"),
        ("setMyCommands", {"commands": [{**COMMAND, "description": ""}]}, "BOT_COMMAND_DESCRIPTION_INVALID"),
        ("setMyCommands", {"commands": [COMMAND] * 101}, "BOT_COMMANDS_TOO_MUCH"),
        *(
            (method, {"commands": [COMMAND], "scope": scope}, f"can't parse BotCommandScope: {reason}")
            for method in ("setMyCommands", "getMyCommands", "deleteMyCommands")
            for scope, reason in (
                ("everyone", "expected an Object"),
                ({"type": "everyone"}, "Unsupported type specified"),
                ({"type": "chat"}, 'Can\'t find field "chat_id"'),
                ({"type": "chat_member", "chat_id": 5}, 'Can\'t find field "user_id"'),
            )
        ),
        ("editMessageCaption", {"message_id": 5}, "message to edit not found"),
    ],
)
async def test_a_wrong_parameter_is_named(
    chat: Chat, client: Client, method: str, params: Json, description: str
) -> None:
    """Status 400, in the words of the Bot API."""
    given = {"chat_id": chat.id, **params}
    assert await client.refusal(method, **given) == (400, f"Bad Request: {description}")


async def test_only_one_reaction_can_be_set(world: World, ann: Person, chat: Chat, client: Client) -> None:
    """As bots without Premium may."""
    mid = world.say(chat, ann, "hello")
    reactions = [{"type": "emoji", "emoji": emoji} for emoji in "👍🔥"]
    refused = await client.refusal("setMessageReaction", chat_id=chat.id, message_id=mid, reaction=reactions)
    assert refused == (400, "Bad Request: REACTIONS_TOO_MANY")


async def test_the_messages_of_others_cannot_be_edited(world: World, ann: Person, chat: Chat, client: Client) -> None:
    """Only the bot's own."""
    mid = world.say(chat, ann, "hello")
    refused = await client.refusal("editMessageText", chat_id=chat.id, message_id=mid, text="bye")
    assert refused == (400, "Bad Request: message can't be edited")


@pytest.mark.parametrize("body", ["{", "[]", "5"])
async def test_a_json_body_must_be_an_object(client: Client, body: str) -> None:
    """Anything else is told in words."""
    headers = {"content-type": "application/json"}
    response = await client.http.post(f"/bot{TOKEN}/getMe", content=body, headers=headers)
    assert response.json()["description"] == "Bad Request: can't parse the request as a JSON object"


@pytest.mark.parametrize(
    "method", ["editMessageText", "editMessageMedia", "editMessageCaption", "editMessageReplyMarkup"]
)
@pytest.mark.parametrize(
    ("given", "description"),
    [
        ({}, "message identifier is not specified"),
        ({"inline_message_id": "no id"}, "invalid inline message identifier specified"),
        ({"inline_message_id": "AgAAAPoAAAAB-cDE_fghIJKlmno"}, "MESSAGE_ID_INVALID"),
    ],
)
async def test_no_message_is_known_by_an_inline_id(client: Client, method: str, given: Json, description: str) -> None:
    """None was ever sent that way."""
    assert await client.refusal(method, text="x", **given) == (400, f"Bad Request: {description}")


async def test_a_press_is_answered_in_200_characters_at_most(
    world: World, ann: Person, chat: Chat, client: Client
) -> None:
    """The answer is refused as a whole, and can be given once more."""
    query = world.press(chat, ann, 1, "forged")
    refused = await client.refusal("answerCallbackQuery", callback_query_id=query, text="x" * 201)
    assert refused == (400, "Bad Request: MESSAGE_TOO_LONG")
    assert await client.result("answerCallbackQuery", callback_query_id=query, text="x" * 200) is True


HOSTILE: list[Any] = [True, -1, 10**30, "\u0000", [[]], {"type": 5}, [{"type": "emoji"}]]
NAMES = [
    "chat_id",
    "message_id",
    "text",
    "entities",
    "parse_mode",
    "reply_markup",
    "reply_parameters",
    "reply_to_message_id",
    "message_thread_id",
    "reaction",
    "commands",
    "scope",
    "user_id",
    "url",
    "media",
    "photo",
    "caption",
    "from_chat_id",
    "file_id",
    "message_ids",
    "question",
    "options",
    "type",
    "name",
]


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"getUpdates"}))
async def test_hostile_values_never_crash_the_server(world: World, ann: Person, chat: Chat, method: str) -> None:
    """In any parameter of any method they are taken or refused: what else a method raises fails the test."""
    mid = world.say(chat, ann, "hello")
    connection = Connection(Request({"type": "http"}))
    good: Json = {"chat_id": chat.id, "from_chat_id": chat.id, "message_id": mid, "text": "hi", "draft_id": 1}
    for name in NAMES:
        for value in HOSTILE:
            params = read("", "application/json", json.dumps({**good, name: value}).encode())
            reply = await Exchange(Ask(world, world.bot, method, params, connection)).run()
            assert reply.status in (200, 400, 403)


async def test_hostile_values_never_crash_polling(client: Client) -> None:
    """Nor do they end it."""
    for name in ("offset", "limit", "allowed_updates"):
        for value in HOSTILE:
            answer = await client.call("getUpdates", **{name: value})
            assert answer["ok"] or answer["error_code"] == 400


async def test_a_crash_is_answered_and_logged(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """500 for the client, the traceback for the test."""
    monkeypatch.setitem(METHODS, "getMe", lambda ask: 1 / 0)
    assert await client.refusal("getMe") == (500, "Internal Server Error")
    assert "ZeroDivisionError" in caplog.text
