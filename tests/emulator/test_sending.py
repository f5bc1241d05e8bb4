"""What a bot may send, and what the server refuses."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from emulator import Chat, Person, Server, World
from tests.emulator.client import Client, Files
from tests.house import TOKEN


async def test_a_message_exists_in_the_chat_as_it_was_answered(world: World, chat: Chat, client: Client) -> None:
    """With chat, sender and entities."""
    message = await client.result("sendMessage", chat_id=chat.id, text="hi", entities=[bold(0, 2)])
    assert message == world.message(chat, message["message_id"]) == world.sent(chat)[0] == world.sent()[0]
    assert message["chat"] == {"id": chat.id, "type": "private", "first_name": "Ann", "username": "ann"}
    assert message["from"]["is_bot"]
    assert message["entities"] == [bold(0, 2)]


def bold(offset: int, length: int) -> dict[str, Any]:
    return {"type": "bold", "offset": offset, "length": length}


@pytest.mark.parametrize(
    ("params", "description"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": " \n"}, "message text is empty"),
        ({"text": "👍" * 2049}, "message is too long"),
        ({"text": "a\ud800"}, "strings must be encoded in UTF-8"),
        ({"text": "a", "chat_id": 12345}, "chat not found"),
        ({"text": "a", "message_thread_id": 5}, "message thread not found"),
        ({"text": "a", "reply_parameters": {"message_id": 5}}, "message to be replied not found"),
        (
            {"text": "a", "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "ä" * 33}]]}},
            "BUTTON_DATA_INVALID",
        ),
    ],
)
async def test_what_telegram_refuses_is_refused(
    chat: Chat, client: Client, world: World, params: dict[str, Any], description: str
) -> None:
    """In its words, and nothing is sent."""
    assert await client.refusal("sendMessage", **{"chat_id": chat.id, **params}) == (400, f"Bad Request: {description}")
    assert world.sent() == []


async def test_4096_utf16_units_are_not_too_long(chat: Chat, client: Client) -> None:
    """An emoji counts two."""
    message = await client.result("sendMessage", chat_id=chat.id, text="👍" * 2048)
    assert len(message["text"]) == 2048


async def test_entities_that_do_not_fit_and_those_beyond_100_are_dropped(chat: Chat, client: Client) -> None:
    """The message is sent with the others."""
    good = [bold(index, 1) for index in range(150)]
    message = await client.result("sendMessage", chat_id=chat.id, text="x" * 150, entities=[bold(149, 2), *good])
    assert message["entities"] == good[:100]


async def test_blanks_around_a_text_are_cut_and_entities_moved(chat: Chat, client: Client) -> None:
    """So that they mark what they marked."""
    message = await client.result("sendMessage", chat_id=chat.id, text="\n👍 bold \n", entities=[bold(4, 6)])
    assert (message["text"], message["entities"]) == ("👍 bold", [bold(3, 4)])


async def test_an_entity_that_cuts_a_surrogate_pair_is_refused(chat: Chat, client: Client) -> None:
    """With the reason."""
    status, description = await client.refusal("sendMessage", chat_id=chat.id, text="👍", entities=[bold(0, 1)])
    assert status == 400
    assert "middle of a UTF-16 symbol" in description


async def test_form_query_multipart_and_json_say_the_same(world: World, chat: Chat, server: Server) -> None:
    """And a method's name is taken in any case."""
    params = {"chat_id": str(chat.id), "text": "123"}
    path = f"{server.url}/bot{TOKEN}/sendmessage"
    async with httpx.AsyncClient() as http:
        await http.get(path, params=params)
        await http.post(path, data=params)
        await http.post(path, data=params, files={"unused": b"\x00\xff"})
        await http.post(path, json={"chat_id": chat.id, "text": "123"})
    assert [(m["text"], m["chat"]["id"]) for m in world.sent(chat)] == [("123", chat.id)] * 4
    assert {call.method for call in world.calls} == {"sendMessage"}
    assert world.calls[0].params == {"chat_id": chat.id, "text": "123"}


async def test_invalid_utf8_in_a_form_is_refused(chat: Chat, client: Client) -> None:
    """With the reason."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    body = f"chat_id={chat.id}&text=%ff"
    response = await client.http.post(f"/bot{TOKEN}/sendMessage", content=body, headers=headers)
    assert response.json()["description"] == "Bad Request: strings must be encoded in UTF-8"


async def test_unknown_tokens_methods_and_paths_are_told_apart(client: Client) -> None:
    """401 for the first, 404 for the others."""
    unauthorised = await client.http.get("/bot1:WRONG/getMe")
    assert (unauthorised.status_code, unauthorised.json()["description"]) == (401, "Unauthorized")
    not_found = {"ok": False, "error_code": 404, "description": "Not Found"}
    for path in (f"/bot{TOKEN}/noSuchMethod", "/elsewhere"):
        response = await client.http.get(path)
        assert (response.status_code, response.json()) == (404, not_found)


async def test_nobody_is_written_to_who_never_wrote_or_who_blocked(world: World, ann: Person, client: Client) -> None:
    """403, until they write again."""
    stranger = await client.refusal("sendMessage", chat_id=ann.id, text="hi")
    assert stranger == (403, "Forbidden: bot can't initiate conversation with a user")
    chat = world.private(ann)
    await client.result("sendMessage", chat_id=ann.id, text="hi")
    world.block(ann)
    blocked = await client.refusal("sendMessage", chat_id=ann.id, text="hi")
    assert blocked == (403, "Forbidden: bot was blocked by the user")
    world.say(chat, ann, "back again")
    await client.result("sendMessage", chat_id=ann.id, text="hi")


async def test_a_group_that_threw_the_bot_out_hears_and_tells_nothing(
    world: World, ann: Person, client: Client
) -> None:
    """Neither calls nor updates pass."""
    group = world.group("Friends", members=[ann])
    world.remove_bot(group)
    refused = await client.refusal("sendMessage", chat_id=group.id, text="hi")
    assert refused == (403, "Forbidden: bot was kicked from the supergroup chat")
    pending = world.updates_pending()
    world.say(group, ann, "gone?")
    assert world.updates_pending() == pending == 1


async def test_a_migrated_group_names_its_successor(world: World, ann: Person, client: Client) -> None:
    """In the refusal and in both service messages."""
    old = world.group("Friends", members=[ann], basic=True)
    new = world.migrate(old)
    answer = await client.call("sendMessage", chat_id=old.id, text="hi")
    assert answer["error_code"] == 400
    assert answer["parameters"] == {"migrate_to_chat_id": new.id}
    first, second = [update["message"] for update in await client.result("getUpdates")]
    assert (first["chat"]["id"], first["migrate_to_chat_id"]) == (old.id, new.id)
    assert (second["chat"]["id"], second["migrate_from_chat_id"]) == (new.id, old.id)
    await client.result("sendMessage", chat_id=new.id, text="hi")


async def test_topics_are_written_to_by_id_and_general_by_none(world: World, ann: Person, client: Client) -> None:
    """A reply goes to the topic of what it answers."""
    forum = world.group("Forum", members=[ann], forum=True)
    topic = world.topic(forum, "Plans")
    message = await client.result("sendMessage", chat_id=forum.id, text="hi", message_thread_id=topic)
    assert (message["message_thread_id"], message["is_topic_message"]) == (topic, True)
    general = await client.result("sendMessage", chat_id=forum.id, text="hi")
    assert "message_thread_id" not in general
    refused = await client.refusal("sendMessage", chat_id=forum.id, text="hi", message_thread_id=1)
    assert refused == (400, "Bad Request: message thread not found")
    reply = {"message_id": message["message_id"]}
    answer = await client.result("sendMessage", chat_id=forum.id, text="hi", reply_parameters=reply)
    assert answer["message_thread_id"] == topic


async def test_a_reply_quotes_its_target_or_does_without_it(
    world: World, ann: Person, chat: Chat, client: Client
) -> None:
    """The second only where it is allowed to."""
    mid = world.say(chat, ann, "question")
    message = await client.result("sendMessage", chat_id=chat.id, text="answer", reply_parameters={"message_id": mid})
    assert message["reply_to_message"]["text"] == "question"
    lenient = {"message_id": 1, "allow_sending_without_reply": True}
    message = await client.result("sendMessage", chat_id=chat.id, text="answer", reply_parameters=lenient)
    assert "reply_to_message" not in message


async def test_a_reply_may_be_asked_for_in_the_older_form(
    world: World, ann: Person, chat: Chat, client: Client
) -> None:
    """As programs do which do not know reply_parameters, in forms too."""
    mid = world.say(chat, ann, "question")
    for answer in (
        await client.call("sendMessage", chat_id=chat.id, text="answer", reply_to_message_id=mid),
        await client.form("sendMessage", {"unused": ("a", b"")}, chat_id=chat.id, text="a", reply_to_message_id=mid),
    ):
        assert answer["result"]["reply_to_message"]["text"] == "question"
    old = {"chat_id": chat.id, "text": "answer", "reply_to_message_id": 1}
    assert await client.refusal("sendMessage", **old) == (400, "Bad Request: message to be replied not found")
    message = await client.result("sendMessage", **old, allow_sending_without_reply=True)
    assert "reply_to_message" not in message


async def test_edits_change_the_message_and_must_change_something(world: World, chat: Chat, client: Client) -> None:
    """Text and keyboard; the same again and what is not there are refused."""
    mid = (await client.result("sendMessage", chat_id=chat.id, text="one"))["message_id"]
    edited = await client.result("editMessageText", chat_id=chat.id, message_id=mid, text="two")
    assert edited["text"] == "two"
    assert "edit_date" in edited
    status, description = await client.refusal("editMessageText", chat_id=chat.id, message_id=mid, text="two")
    assert (status, description[:41]) == (400, "Bad Request: message is not modified: spe")
    keyboard = {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]}
    await client.result("editMessageReplyMarkup", chat_id=chat.id, message_id=mid, reply_markup=keyboard)
    assert world.sent(chat)[0]["reply_markup"] == keyboard
    unknown = await client.refusal("editMessageText", chat_id=chat.id, message_id=1, text="x")
    assert unknown == (400, "Bad Request: message to edit not found")


async def test_a_deleted_message_does_not_exist(world: World, chat: Chat, client: Client) -> None:
    """For nobody, and it cannot be deleted again."""
    mid = (await client.result("sendMessage", chat_id=chat.id, text="one"))["message_id"]
    assert await client.result("deleteMessage", chat_id=chat.id, message_id=mid) is True
    assert (world.sent(), world.sent(chat), world.message(chat, mid)) == ([], [], None)
    refused = await client.refusal("deleteMessage", chat_id=chat.id, message_id=mid)
    assert refused == (400, "Bad Request: message to delete not found")


@pytest.mark.parametrize("emoji", ["👀", "❤", "❤️", "❤️‍🔥", "✍"])
async def test_standard_reactions_are_taken(world: World, ann: Person, chat: Chat, client: Client, emoji: str) -> None:
    """With and without the sign that asks for colour."""
    mid = world.say(chat, ann, "hello")
    reaction = [{"type": "emoji", "emoji": emoji}]
    await client.result("setMessageReaction", chat_id=chat.id, message_id=mid, reaction=reaction)
    assert world.reactions(chat, mid) == {1000000001: reaction}


@pytest.mark.parametrize("emoji", ["⏳", "✅", "❌", "x", ""])
async def test_other_reactions_are_invalid(world: World, ann: Person, chat: Chat, client: Client, emoji: str) -> None:
    """Whatever is not on Telegram's list."""
    mid = world.say(chat, ann, "hello")
    reaction = [{"type": "emoji", "emoji": emoji}]
    refused = await client.refusal("setMessageReaction", chat_id=chat.id, message_id=mid, reaction=reaction)
    assert refused == (400, "Bad Request: REACTION_INVALID")


async def test_a_callback_query_can_be_answered_until_it_is_old(
    world: World, ann: Person, chat: Chat, client: Client
) -> None:
    """Then it is refused in Telegram's words."""
    query = world.press(chat, ann, 1, "forged")
    await client.result("answerCallbackQuery", callback_query_id=query, text="ok")
    assert world.answers[query]["text"] == "ok"
    world.expire_queries()
    status, description = await client.refusal("answerCallbackQuery", callback_query_id=query)
    assert (status, description[:29]) == (400, "Bad Request: query is too old")


async def test_drafts_are_for_private_chats(world: World, ann: Person, chat: Chat, client: Client) -> None:
    """A group refuses them."""
    assert await client.result("sendMessageDraft", chat_id=chat.id, draft_id=1, text="wait") is True
    group = world.group("Friends", members=[ann])
    assert (await client.refusal("sendMessageDraft", chat_id=group.id, draft_id=1, text="wait"))[0] == 400


async def test_limits_are_enforced_when_asked_for() -> None:
    """Beyond a burst, 429 with the time to wait."""
    now = 1_000_000.0
    world = World(TOKEN, clock=lambda: now, enforce_limits=True)
    ann = world.person("Ann")
    chat = world.private(ann)
    async with Server(world) as server, httpx.AsyncClient(base_url=server.url) as http:
        client = Client(http)
        for _ in range(5):
            await client.result("sendMessage", chat_id=chat.id, text="hi")
        answer = await client.call("sendMessage", chat_id=chat.id, text="hi")
        assert (answer["error_code"], answer["parameters"]) == (429, {"retry_after": 1})
        now += 1
        await client.result("sendMessage", chat_id=chat.id, text="hi")


async def test_a_group_takes_twenty_messages_a_minute() -> None:
    """The answer names the seconds that are left of it."""
    now = 1_000_000.0
    world = World(TOKEN, clock=lambda: now, enforce_limits=True)
    group = world.group("Friends")
    async with Server(world) as server, httpx.AsyncClient(base_url=server.url) as http:
        client = Client(http)
        for _ in range(20):
            await client.result("sendMessage", chat_id=group.id, text="hi")
            now += 1
        answer = await client.call("sendMessage", chat_id=group.id, text="hi")
        assert answer["parameters"] == {"retry_after": 40}


@pytest.mark.parametrize(
    ("entity", "reason"),
    [
        ({"type": "blink", "offset": 0, "length": 1}, "unsupported type specified"),
        ({"offset": 0, "length": 1}, "unsupported type specified"),
        ({"type": "text_link", "offset": 0, "length": 1}, 'can\'t find field "url"'),
        ("bold", "expected an Object"),
    ],
)
async def test_entities_that_no_server_knows_are_refused(
    chat: Chat, client: Client, world: World, entity: Any, reason: str
) -> None:
    """With the reason, and nothing is sent."""
    refused = await client.refusal("sendMessage", chat_id=chat.id, text="x", entities=[entity])
    assert refused == (400, f"Bad Request: can't parse entities: {reason}")
    assert world.sent() == []


async def test_entities_that_a_server_finds_by_itself_are_ignored(chat: Chat, client: Client) -> None:
    """The others stay."""
    url = {"type": "url", "offset": 0, "length": 1}
    message = await client.result("sendMessage", chat_id=chat.id, text="x", entities=[url, bold(0, 1)])
    assert message["entities"] == [bold(0, 1)]


@pytest.mark.parametrize(
    ("body", "params", "description"),
    [
        (None, {}, "there is no document in the request"),
        (b"", {}, "file must be non-empty"),
        (b"a", {"caption": "x" * 1025}, "message caption is too long"),
    ],
)
async def test_documents_that_telegram_refuses_are_refused(
    chat: Chat, client: Client, world: World, body: bytes | None, params: dict[str, Any], description: str
) -> None:
    """In its words, and nothing is sent."""
    files: Files = {"unused" if body is None else "document": ("a.txt", body or b"")}
    refused = await client.form("sendDocument", files, chat_id=chat.id, **params)
    assert (refused["error_code"], refused["description"]) == (400, f"Bad Request: {description}")
    assert world.sent() == []


async def test_the_text_of_a_document_cannot_be_edited(chat: Chat, client: Client) -> None:
    """It has none."""
    sent = (await client.form("sendDocument", {"document": ("a.txt", b"a")}, chat_id=chat.id))["result"]
    refused = await client.refusal("editMessageText", chat_id=chat.id, message_id=sent["message_id"], text="b")
    assert refused == (400, "Bad Request: there is no text in the message to edit")
