"""Attachments, by reference only: kind, file id, size, never content."""

from __future__ import annotations

from typing import Any

from bot.receiving.forms import FileForm, MessageForm
from storage.text import clean

# An animation also fills `document`, and a venue `location`, for programs that do not know them.
_PARTS = (
    *("animation", "document", "audio", "voice", "video", "video_note", "sticker"),
    *("venue", "location", "contact", "poll", "checklist", "dice", "story"),
    *("game", "invoice", "paid_media", "giveaway"),
)
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


def kind_of(message: MessageForm) -> str:
    """The kind of a message, named as Telegram's fields are; "service" is a message about the chat itself."""
    if message.photo:
        return "photo"
    for kind in _PARTS:
        if getattr(message, kind) is not None:
            return kind
    return "text" if message.text is not None else "service"


def describe(message: MessageForm) -> tuple[str, dict[str, Any] | None]:
    """The kind of a message and the reference to what it carries; None for what carries nothing."""
    kind = kind_of(message)
    if kind in ("text", "service"):
        return kind, None
    file = message.photo[-1] if kind == "photo" else getattr(message, kind)
    return kind, _reference(file, message) if isinstance(file, FileForm) else {}


def _reference(file: FileForm, message: MessageForm) -> dict[str, Any]:
    told = {ours: getattr(file, theirs) for theirs, ours in _TOLD.items()}
    reference = {ours: _clean(value) for ours, value in told.items() if value is not None}
    if name := _on_one_line(file.file_name or ""):
        reference["name"] = name
    if message.media_group_id:
        reference["album"] = message.media_group_id
    return reference


def _clean(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


def _on_one_line(name: str) -> str:
    """Without what cannot be seen, as people choose the names of files."""
    return " ".join("".join(c if c.isprintable() else " " for c in clean(name)).split())[:NAME_LENGTH]
