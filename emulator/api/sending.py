"""Methods that write: messages, edits, reactions, answers."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..errors import bad_request
from ..media import carried
from ..people import Json
from ..reactions import checked, typed
from ..state.rooms import Room
from ..texts import fitted
from .ask import Ask
from .captions import caption_of, text_of
from .destinations import inline_keyboard, room_of, thread_of
from .params import integer, objects, text

ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
WRITTEN = ("text", "entities", "caption", "caption_entities")
# 20 or 24 bytes in the alphabet of URLs.
INLINE = re.compile(r"[A-Za-z0-9_-]{27}|[A-Za-z0-9_-]{32}")
MAX_ANSWER = 200


def text_content(ask: Ask) -> Json:
    """The text with its entities. Errors: 400."""
    body, entities = fitted(*text_of(ask, ask.params))
    return {"text": body, **({"entities": entities} if entities else {})}


def send_message_draft(ask: Ask) -> bool:
    """Errors: 400 outside of private chats, without a draft_id, or for the text."""
    room = room_of(ask)
    if room.chat.type != "private":
        raise bad_request("TEXTDRAFT_PEER_INVALID")
    if integer(ask.params, "draft_id") == 0:
        raise bad_request("draft_id must be non-zero")
    if text(ask.params, "text"):
        fitted(*text_of(ask, ask.params))
    return True


def edit_message_text(ask: Ask) -> Json:
    """Errors: 400 for a message that is unknown, another's, no text, or the same already."""
    room, message_id = editable(ask)
    if "text" not in room.messages[message_id]:
        raise bad_request("there is no text in the message to edit")
    return edit(ask, room, message_id, {**text_content(ask), **inline_keyboard(ask.params)})


def edit_message_caption(ask: Ask) -> Json:
    """Change or take away the caption of a file. Errors: as editMessageText."""
    room, message_id = editable(ask)
    if not carried(room.messages[message_id])[0]:
        raise bad_request("there is no caption in the message to edit")
    return edit(ask, room, message_id, {**caption_of(ask, ask.params), **inline_keyboard(ask.params)})


def edit_message_reply_markup(ask: Ask) -> Json:
    """Errors: as editMessageText."""
    room, message_id = editable(ask)
    written = {key: value for key, value in room.messages[message_id].items() if key in WRITTEN}
    return edit(ask, room, message_id, {**written, **inline_keyboard(ask.params)})


def edit(ask: Ask, room: Room, message_id: int, content: Json, replaced: Iterable[str] = WRITTEN) -> Json:
    """Put this content in the place of the fields `replaced` and of the keyboard. Errors: 400 if that is the same."""
    current, fields = room.messages[message_id], {*replaced, "reply_markup"}
    if all(current.get(key) == content.get(key) for key in fields):
        raise bad_request(NOT_MODIFIED)
    rest = {key: value for key, value in current.items() if key not in fields}
    return room.alter(message_id, lambda _: {**rest, "edit_date": ask.state.date(), **content})


def editable(ask: Ask) -> tuple[Room, int]:
    """The message of the call, if the bot may change it. Errors: 400."""
    if ask.params.get("chat_id") in (None, "") and not ask.params.get("message_id"):
        raise bad_request(_inline_refusal(text(ask.params, "inline_message_id")))
    return own_message(ask, "message to edit not found")


def _inline_refusal(inline_message_id: str) -> str:
    """No message here was sent by way of an inline query, so none has the id, even if it is one."""
    if not inline_message_id:
        return "message identifier is not specified"
    return (
        "MESSAGE_ID_INVALID" if INLINE.fullmatch(inline_message_id) else "invalid inline message identifier specified"
    )


def own_message(ask: Ask, unknown: str) -> tuple[Room, int]:
    """The message of the call, which the bot has sent. Errors: 400 with `unknown` for one that is not there."""
    room = room_of(ask)
    message_id = integer(ask.params, "message_id")
    if message_id not in room.messages:
        raise bad_request(unknown)
    if message_id not in room.sent:
        raise bad_request("message can't be edited")
    return room, message_id


def delete_message(ask: Ask) -> bool:
    """Delete any message of a group, or any of a private chat. Errors: 400."""
    room = room_of(ask)
    message_id = integer(ask.params, "message_id")
    if message_id not in room.messages:
        raise bad_request("message to delete not found")
    room.remove(message_id)
    return True


def delete_messages(ask: Ask) -> bool:
    """Delete several messages; those which are not there are left out. Errors: 400 for none named."""
    room = room_of(ask)
    given = objects(ask.params, "message_ids")
    if not given:
        raise bad_request("message identifiers are not specified")
    for number in given:
        if isinstance(number, int) and number in room.messages:
            room.remove(number)
    return True


def set_message_reaction(ask: Ask) -> bool:
    """Replace the bot's reactions. Errors: 400 for the message or the reaction."""
    room = room_of(ask)
    message_id = integer(ask.params, "message_id")
    if message_id not in room.messages:
        raise bad_request("message to react not found")
    reactions = checked([typed(item) for item in objects(ask.params, "reaction")])
    room.reactions.setdefault(message_id, {})[ask.bot.id] = reactions
    return True


def send_chat_action(ask: Ask) -> bool:
    """Errors: 400 for the chat, the topic or the action."""
    thread_of(ask, room_of(ask), None)
    if text(ask.params, "action") not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    return True


def answer_callback_query(ask: Ask) -> bool:
    """Errors: 400 for a query that is unknown or old, or a text of more than 200 characters."""
    if len(text(ask.params, "text")) > MAX_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    query_id = text(ask.params, "callback_query_id")
    if query_id not in ask.state.queries:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    ask.state.answers[query_id] = ask.params
    return True


def get_custom_emoji_stickers(ask: Ask) -> list[Json]:
    """The stickers of the ids that are known; others are left out."""
    known = ask.state.emoji
    ids = [str(item) for item in objects(ask.params, "custom_emoji_ids")]
    if len(ids) > 200:
        raise bad_request("too many custom emoji identifiers specified")
    return [_sticker(item, known[item]) for item in ids if item in known]


def _sticker(custom_emoji_id: str, emoji: str) -> Json:
    return {
        "file_id": f"emoji-file-{custom_emoji_id}",
        "file_unique_id": f"emoji-unique-{custom_emoji_id}",
        "type": "custom_emoji",
        "width": 100,
        "height": 100,
        "is_animated": True,
        "is_video": False,
        "emoji": emoji,
        "custom_emoji_id": custom_emoji_id,
    }
