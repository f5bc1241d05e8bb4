"""Messages as the page shows them."""

from __future__ import annotations

from typing import Any

from ..media import CONTENTS, words
from ..people import Json
from ..state import State
from ..state.rooms import Room
from ..texts import entities_in

SNIPPET = 120
# The kinds whose content is shown, or can be saved.
FILES = ("photo", "voice", "audio", "animation", "video", "video_note", "sticker", "document")
_LITERAL = ("code", "pre", "text_link")
_TYPES = {"photo": "image/jpeg", "sticker": "image/webp", "video_note": "video/mp4"}


def shown(state: State, room: Room, message: Json, me: int) -> Json:
    """One message with all that is on it, for the person with the id `me`."""
    thread = message.get("message_thread_id") if message.get("is_topic_message") else None
    file = _file(state, message)
    return {
        "id": message["message_id"],
        "author": author(message),
        "own": room.chat.type != "channel" and _is_own(room, message, me),
        "quotable": _has_words(message),
        "editable": _has_words(message) and _is_own(room, message, me),
        "date": message["date"],
        "edited": "edit_date" in message,
        "text": words(message),
        "entities": _entities(message),
        "service": service(message),
        "media": "" if file else media(message),
        "file": file,
        "forwarded": _forwarded(message),
        "reply": _reply(message),
        "topic": {"id": thread, "name": room.topics[thread]} if thread in room.topics else None,
        "buttons": [[_button(button) for button in row] for row in _rows(message)],
        "reactions": _reactions(state, room, message["message_id"], me),
        "held": room.reactions.get(message["message_id"], {}).get(me, []),
    }


def _entities(message: Json) -> list[Json]:
    """Those that it has, and commands, mentions and addresses in a bot's plain words, as Telegram's programs show."""
    kept: list[Json] = message.get("entities") or message.get("caption_entities") or []
    if not message.get("from", {}).get("is_bot"):
        return kept
    literal = [range(each["offset"], each["offset"] + each["length"]) for each in kept if each["type"] in _LITERAL]
    found = entities_in(words(message))
    return [*kept, *(each for each in found if not any(each["offset"] in code for code in literal))]


def _has_words(message: Json) -> bool:
    return bool(message.get("text") or message.get("caption"))


def _is_own(room: Room, message: Json, me: int) -> bool:
    """True of what somebody has written, and of posts in a channel that they administer."""
    if room.chat.type == "channel":
        return me in room.admins and message["message_id"] not in room.sent
    return "sender_chat" not in message and message.get("from", {}).get("id") == me


def author(message: Json) -> Json:
    """Who wrote it: id, name and whether it is a bot."""
    who = message.get("sender_chat") or message.get("from", {})
    name = who.get("title") or who.get("first_name") or "Somebody"
    return {"id": who.get("id", 0), "name": name, "bot": who.get("is_bot", False)}


def snippet(message: Json) -> str:
    """A message in a few words."""
    return (
        words(message)[:SNIPPET]
        or service(message)
        or message.get("document", {}).get("file_name", "")
        or media(message)
    )


def matches(message: Json, words: list[str]) -> bool:
    """True if all words, which are casefolded, are in its text, its caption or the name of its file."""
    name = message.get("document", {}).get("file_name", "")
    text = f"{message.get('text', '')}\n{message.get('caption', '')}\n{name}".casefold()
    return all(word in text for word in words)


def service(message: Json) -> str:
    """The event in the chat; empty for what somebody said."""
    if "forum_topic_created" in message:
        return f"Topic “{message['forum_topic_created']['name']}” was made"
    if "migrate_to_chat_id" in message:
        return "This group has become a supergroup"
    return "This supergroup was a group before" if "migrate_from_chat_id" in message else ""


def media(message: Json) -> str:
    """The kind of what is not text; empty for texts."""
    return next((kind.replace("_", " ") for kind in CONTENTS if kind in message), "")


def _file(state: State, message: Json) -> Json | None:
    """The file with a content that is kept; None when there is none."""
    kind = next((kind for kind in FILES if kind in message), None)
    if kind is None:
        return None
    file = message[kind][-1] if kind == "photo" else message[kind]
    if file["file_id"] not in state.files:
        return None
    name = file.get("file_name") or f"{kind}-{file['file_id'].rpartition('-')[2]}"
    sides = {"width": file.get("width", 0), "height": file.get("height", 0)}
    media_type = file.get("mime_type") or _TYPES.get(kind, "")
    about = {"kind": kind, "name": name, "size": file["file_size"], "file": file["file_id"]}
    return {**about, "type": media_type, **sides}


def _forwarded(message: Json) -> str:
    origin = message.get("forward_origin", {})
    who = origin.get("sender_user") or origin.get("chat") or origin.get("sender_chat") or {}
    return str(who.get("title") or who.get("first_name") or origin.get("sender_user_name", ""))


def _reply(message: Json) -> Json | None:
    target = message.get("reply_to_message")
    if target is None or "forum_topic_created" in target:
        return None
    quote = message.get("quote", {}).get("text")
    about = {"id": target["message_id"], "name": author(target)["name"], "text": quote or snippet(target)}
    return {**about, "quoted": quote is not None}


def _rows(message: Json) -> list[list[Json]]:
    rows: list[list[Json]] = message.get("reply_markup", {}).get("inline_keyboard", [])
    return rows


def _button(button: Json) -> Json:
    return {"text": button["text"], "data": button.get("callback_data"), "url": button.get("url")}


def _reactions(state: State, room: Room, message_id: int, me: int) -> list[Json]:
    shown: dict[str, Json] = {}
    for actor, held in room.reactions.get(message_id, {}).items():
        for reaction in held:
            emoji = _emoji(state, reaction)
            entry = shown.setdefault(emoji, {"emoji": emoji, "type": reaction, "count": 0, "mine": False, "by": []})
            entry["count"] += 1
            entry["mine"] = entry["mine"] or actor == me
            entry["by"].append(_name(state, actor))
    return list(shown.values())


def _emoji(state: State, reaction: Any) -> str:
    if not isinstance(reaction, dict):
        return "❔"
    if reaction.get("type") == "paid":
        return "⭐"
    return str(reaction.get("emoji") or state.emoji.get(str(reaction.get("custom_emoji_id")), "❔"))


def _name(state: State, actor: int) -> str:
    if actor in state.people:
        return state.people[actor].first_name
    return next((bot.username for bot in state.bots.values() if bot.id == actor), "Somebody")
