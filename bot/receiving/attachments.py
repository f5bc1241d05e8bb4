"""Attachments, by reference only: kind, file id, size, never content."""

from __future__ import annotations

from typing import Any

from telegram import Message

from storage.text import clean

# An animation also fills `document`, for programs that do not know animations.
_FILES = ("animation", "document", "audio", "voice", "video", "video_note", "sticker")
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
KINDS = ("text", "photo", *_FILES, *_OTHERS)
"""The kinds of messages, named as Telegram's fields are; a message with none of them is about the chat itself."""
NAME_LENGTH = 120
"""Characters that are kept of a file's name."""
# Telegram's names of what a reference tells, and ours. Durations are in seconds, sizes in bytes and pixels.
_TOLD = {
    "file_id": "fileId",
    "file_unique_id": "uniqueId",
    "file_size": "size",
    "mime_type": "mimeType",
    "duration": "duration",
    "width": "width",
    "height": "height",
    "emoji": "emoji",
}


def describe(message: Message) -> tuple[str, dict[str, Any] | None]:
    """The kind of a message and the reference to what it carries; ("text", None) for mere text.

    Kinds are named as Telegram's fields are; "service" is a message about the chat itself.
    """
    if message.photo:
        return "photo", _file(message.photo[-1], message)
    for kind in _FILES:
        if (file := getattr(message, kind)) is not None:
            return kind, _file(file, message)
    for kind in _OTHERS:
        if getattr(message, kind) is not None:
            return kind, {}
    return ("text", None) if message.text is not None else ("service", None)


def _file(file: Any, message: Message) -> dict[str, Any]:
    told = file.to_dict()  # and not its attributes: PTB warns of its own durations
    reference = {ours: _clean(told[theirs]) for theirs, ours in _TOLD.items() if theirs in told}
    if name := _on_one_line(told.get("file_name", "")):
        reference["name"] = name
    if message.media_group_id:
        reference["album"] = message.media_group_id
    return reference


def _clean(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


def _on_one_line(name: str) -> str:
    """Without what cannot be seen, as people choose the names of files."""
    return " ".join("".join(c if c.isprintable() else " " for c in clean(name)).split())[:NAME_LENGTH]
