"""The contents of messages that are not text."""

from __future__ import annotations

from collections.abc import Callable

from .people import Json
from .pictures import picture_size


def _file(name: str, number: int, **more: object) -> Json:
    return {
        "file_id": f"{name}-file-{number}",
        "file_unique_id": f"{name}-unique-{number}",
        "file_size": 1024,
        **more,
    }


def _photo(number: int) -> Json:
    sizes = ((90, 67), (320, 240), (1280, 960))
    return {"photo": [_file(f"photo{w}", number, width=w, height=h) for w, h in sizes]}


def _animation(number: int) -> Json:
    file = _file("animation", number, width=320, height=240, duration=3, mime_type="video/mp4")
    return {"animation": file, "document": file}


def _sticker(number: int) -> Json:
    kind = {"type": "regular", "is_animated": False, "is_video": False}
    return {"sticker": _file("sticker", number, width=512, height=512, emoji="👍", **kind)}


def poll(number: int | str, question: str, options: list[Json], **more: object) -> Json:
    """The Poll object; the options have a text, and nobody has voted."""
    flags = {
        "is_closed": False,
        "is_anonymous": True,
        "allows_multiple_answers": False,
        "allows_revoting": False,
        "members_only": False,
    }
    counts = [
        {**option, "voter_count": 0, "persistent_id": str(index)} for index, option in enumerate(options, start=1)
    ]
    described = {"id": str(number), "question": question, "options": counts, "total_voter_count": 0, "type": "regular"}
    return {**described, **flags, **more}


def _venue() -> Json:
    place = {"latitude": 52.52, "longitude": 13.405}
    return {"venue": {"location": place, "title": "Tower", "address": "Panoramastraße 1a"}, "location": place}


CONTENTS: dict[str, Callable[[int], Json]] = {
    "photo": _photo,
    "animation": _animation,
    "sticker": _sticker,
    "poll": lambda n: {"poll": poll(n, "Shall we?", [{"text": "Yes"}, {"text": "No"}])},
    "voice": lambda n: {"voice": _file("voice", n, duration=4, mime_type="audio/ogg")},
    "audio": lambda n: {"audio": _file("audio", n, duration=180, mime_type="audio/mpeg", title="Song")},
    "video": lambda n: {"video": _file("video", n, width=640, height=360, duration=12, mime_type="video/mp4")},
    "video_note": lambda n: {"video_note": _file("video_note", n, length=240, duration=5)},
    "document": lambda n: {"document": _file("document", n, file_name="notes.pdf", mime_type="application/pdf")},
    "venue": lambda n: _venue(),
    "location": lambda n: {"location": {"latitude": 52.52, "longitude": 13.405}},
    "contact": lambda n: {"contact": {"phone_number": "+4930123456", "first_name": "Bob"}},
    "dice": lambda n: {"dice": {"emoji": "🎲", "value": n % 6 + 1}},
}


# What is known of an uploaded file that nobody said anything about, and the fields that its kind has of all.
_NAMED = frozenset({"file_name", "mime_type"})
UPLOADS: dict[str, tuple[Json, frozenset[str]]] = {
    "photo": ({}, frozenset()),
    "document": ({}, _NAMED),
    "audio": ({"duration": 0}, _NAMED),
    "video": ({"width": 0, "height": 0, "duration": 0}, _NAMED),
    "animation": ({"width": 0, "height": 0, "duration": 0}, _NAMED),
    "voice": ({"duration": 0}, frozenset({"mime_type"})),
    "video_note": ({"length": 0, "duration": 0}, frozenset()),
    "sticker": (
        {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False},
        frozenset(),
    ),
}


def uploaded(kind: str, file: Json, about: Json, body: bytes) -> Json:
    """The content of a message with a file that a bot uploads; `about` is what it says of it."""
    known, fields = UPLOADS[kind]
    kept = {name: value for name, value in file.items() if name not in _NAMED or name in fields}
    if kind == "photo":
        width, height = picture_size(body)
        return {"photo": [{**kept, "width": width, "height": height}]}
    whole = {**kept, **known, **about}
    return {"animation": whole, "document": whole} if kind == "animation" else {kind: whole}


def carried(message: Json) -> tuple[str, Json, list[Json]]:
    """The kind of the file in a message, the content that shows it, and its sizes; without a file all are empty."""
    kind = next((kind for kind in CARRIED if kind in message), "")
    if not kind:
        return "", {}, []
    fields = ("animation", "document") if kind == "animation" else (kind,)
    files = message[kind] if kind == "photo" else [message[kind]]
    return kind, {field: message[field] for field in fields if field in message}, files


# An animation is shown as a document as well.
CARRIED = ("animation", *(kind for kind in UPLOADS if kind != "animation"))


def words(message: Json) -> str:
    """What a message says: its text, its caption, or what stands in it that is neither text nor file."""
    return str(message.get("text") or message.get("caption") or _in_words(message))


def _in_words(message: Json) -> str:
    if (asked := message.get("poll")) is not None:
        options = [f"○ {option['text']} · {option['voter_count']}" for option in asked["options"]]
        return "\n".join([asked["question"], *options, *(["closed"] if asked["is_closed"] else [])])
    if (spot := message.get("venue")) is not None:
        return f"{spot['title']}, {spot['address']}"
    if (place := message.get("location")) is not None:
        return f"{place['latitude']}, {place['longitude']}"
    if (who := message.get("contact")) is not None:
        return f"{who['first_name']} {who['phone_number']}"
    return f"{message['dice']['emoji']} {message['dice']['value']}" if "dice" in message else ""


# What a message has of its place, and not of its content.
_PLACED = {
    "message_id",
    "from",
    "sender_chat",
    "date",
    "edit_date",
    "chat",
    "message_thread_id",
    "is_topic_message",
    "reply_to_message",
    "quote",
    "media_group_id",
    "reply_markup",
}


def is_service(message: Json) -> bool:
    """True of a message that tells of an event in the chat."""
    return "text" not in message and not any(kind in message for kind in CONTENTS)


def copied(message: Json) -> Json:
    """The fields of a message once more, as if nobody had written it before."""
    return {field: value for field, value in message.items() if field not in _PLACED and field != "forward_origin"}


def forwarded(message: Json, hidden: bool) -> Json:
    """The fields of a message that was forwarded, and whose it was first; `hidden` for people who hide that."""
    kept = {field: value for field, value in message.items() if field not in _PLACED}
    return {"forward_origin": _origin(message, hidden), **kept}


def _origin(message: Json, hidden: bool) -> Json:
    date, chat = message["date"], message.get("sender_chat")
    if chat is not None and chat["type"] == "channel":
        return {"type": "channel", "date": date, "chat": chat, "message_id": message["message_id"]}
    if chat is not None:
        return {"type": "chat", "date": date, "sender_chat": chat}
    if hidden:
        return {"type": "hidden_user", "date": date, "sender_user_name": message["from"]["first_name"]}
    return {"type": "user", "date": date, "sender_user": message["from"]}


def content(kind: str, number: int) -> Json:
    """The fields of a message of this kind; `number` makes its file ids unique. Errors: ValueError."""
    if kind not in CONTENTS:
        raise ValueError(f"unknown kind {kind!r}; known are {', '.join(sorted(CONTENTS))}")
    return CONTENTS[kind](number)
