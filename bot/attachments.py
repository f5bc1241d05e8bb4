"""What people send besides text, by reference only: kind, file id, size, never content."""

from __future__ import annotations

from typing import Any

from telegram import Message

_FILES = ("document", "audio", "voice", "video", "video_note", "animation", "sticker")
# A venue also fills `location`, for programs that do not know venues.
_OTHERS = (
    "venue",
    "location",
    "contact",
    "poll",
    "checklist",
    "dice",
    "story",
    "game",
    "invoice",
    "paid_media",
    "giveaway",
)


def describe(message: Message) -> tuple[str, dict[str, Any] | None]:
    """The kind of a message and the reference to what it carries; ("text", None) for mere text.

    Kinds are named as Telegram's fields are; "service" is a message about the chat itself.
    """
    if message.photo:
        return "photo", _file(message.photo[-1], message)
    # An animation also fills `document`, for programs that do not know animations.
    for kind in ("animation", *(k for k in _FILES if k != "animation")):
        if (file := getattr(message, kind)) is not None:
            return kind, _file(file, message)
    for kind in _OTHERS:
        if getattr(message, kind) is not None:
            return kind, {}
    return ("text", None) if message.text is not None else ("service", None)


def _file(file: Any, message: Message) -> dict[str, Any]:
    reference: dict[str, Any] = {"fileId": file.file_id}
    if (size := getattr(file, "file_size", None)) is not None:
        reference["size"] = size
    if message.media_group_id:
        reference["album"] = message.media_group_id
    return reference
