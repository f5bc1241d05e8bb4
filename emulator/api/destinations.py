"""Where a bot may write: the chat, the topic, the message replied to."""

from __future__ import annotations

from ..errors import ApiError, bad_request, forbidden
from ..people import Json
from ..state.rooms import Room
from .ask import Ask
from .params import flag, integer, object_of

KICKED = {
    "group": "bot was kicked from the group chat",
    "supergroup": "bot was kicked from the supergroup chat",
    "channel": "bot was kicked from the channel chat",
}


def known_room(ask: Ask, field: str = "chat_id") -> Room:
    """The chat of this field, an id or an @username. Errors: 400."""
    chat_id = ask.params.get(field)
    if chat_id in (None, ""):
        raise bad_request(f"{field} is empty")
    for room in ask.state.rooms.values():
        if str(chat_id) == str(room.chat.id) or _is_named(room, chat_id):
            return room
    raise bad_request("chat not found")


def _is_named(room: Room, chat_id: object) -> bool:
    return room.chat.type != "private" and room.chat.username is not None and chat_id == f"@{room.chat.username}"


def room_of(ask: Ask) -> Room:
    """The chat, if the bot may write there. Errors: 400 and 403."""
    chat_id = ask.params.get("chat_id")
    room = ask.state.rooms.get(chat_id) if isinstance(chat_id, int) else None
    if room is None:
        _check_stranger(ask, chat_id)
        room = known_room(ask)
    _check_migrated(room)
    _check_access(ask, room)
    return room


def _check_stranger(ask: Ask, chat_id: object) -> None:
    if isinstance(chat_id, int) and chat_id in ask.state.people:
        raise forbidden("bot can't initiate conversation with a user")


def _check_migrated(room: Room) -> None:
    if room.migrated_to is not None:
        description = "Bad Request: group chat was upgraded to a supergroup chat"
        raise ApiError(400, description, {"migrate_to_chat_id": room.migrated_to})


def _check_access(ask: Ask, room: Room) -> None:
    chat = room.chat
    if chat.id in ask.bot.blocked:
        raise forbidden("bot was blocked by the user")
    if chat.type == "private" and chat.id not in ask.bot.opened:
        raise forbidden("bot can't initiate conversation with a user")
    if chat.id in ask.bot.kicked:
        raise forbidden(KICKED[chat.type])


def reply_of(ask: Ask, room: Room) -> int | None:
    """The message to reply to, None when there is none or it may be left out. Errors: 400.

    Older programs say in fields of the call what `reply_parameters` says.
    """
    reply = object_of(ask.params, "reply_parameters") or ask.params
    message_id = integer(reply, "reply_to_message_id" if reply is ask.params else "message_id")
    if message_id in room.messages:
        return message_id
    if not message_id or flag(reply, "allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


def thread_of(ask: Ask, room: Room, reply_to: int | None) -> int | None:
    """The topic to write to: the one named, or the one of the message replied to. Errors: 400."""
    thread = integer(ask.params, "message_thread_id")
    if thread and thread not in room.topics:
        raise bad_request("message thread not found")
    if thread or reply_to is None:
        return thread or None
    return room.thread_of(reply_to)


def inline_keyboard(params: Json) -> Json:
    """The reply_markup field of the message, if it has buttons. Errors: 400."""
    rows = object_of(params, "reply_markup").get("inline_keyboard") or []
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request("can't parse inline keyboard: expected an Array of Arrays")
    for button in (button for row in rows for button in row):
        _check_button(button)
    rows = [row for row in rows if row]
    return {"reply_markup": {"inline_keyboard": rows}} if rows else {}


def _check_button(button: object) -> None:
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad_request("can't parse inline keyboard button: expected an Object with a text")
    data = button.get("callback_data")
    if data is not None and not (isinstance(data, str) and 1 <= len(data.encode()) <= 64):
        raise bad_request("BUTTON_DATA_INVALID")
    if len(button) < 2:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
