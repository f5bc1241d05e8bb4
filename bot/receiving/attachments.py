"""Attachments: files by reference only (kind, file id, size, never content), all else by what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.receiving.forms import (
    ChecklistForm,
    DiceForm,
    FileForm,
    LocationForm,
    MessageForm,
    OfferForm,
    PollForm,
    VenueForm,
    kind_of,
)
from storage.text import clean, printable

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


def describe(message: MessageForm) -> tuple[str, dict[str, Any] | None]:
    """The kind of a message and what it carries, which of some kinds is told elsewhere; None where it is nothing."""
    kind = kind_of(message)
    if kind in ("text", "service"):
        return kind, None
    carried = message.photo[-1] if kind == "photo" else getattr(message, kind, None)
    if isinstance(carried, FileForm):
        return kind, _reference(carried, message)
    say = _SAID.get(type(carried))
    return kind, {} if say is None else _without_gaps(say(carried))


def _location(location: LocationForm) -> dict[str, Any]:
    return {"latitude": location.latitude, "longitude": location.longitude}


def _venue(venue: VenueForm) -> dict[str, Any]:
    point = {} if venue.location is None else _location(venue.location)
    return {"title": venue.title, "address": venue.address, **point}


def _dice(dice: DiceForm) -> dict[str, Any]:
    return {"emoji": dice.emoji, "value": dice.value}


def _poll(poll: PollForm) -> dict[str, Any]:
    options = [clean(option.text) for option in poll.options if option.text]
    type_ = {"type": "quiz"} if poll.type == "quiz" else {}
    return {"question": poll.question, "options": options, "explanation": poll.explanation, **type_}


def _checklist(checklist: ChecklistForm) -> dict[str, Any]:
    items = [{"text": clean(task.text), "done": bool(task.completion_date)} for task in checklist.tasks if task.text]
    return {"title": checklist.title, "items": items}


def _offer(offer: OfferForm) -> dict[str, Any]:
    return {"title": offer.title, "description": offer.description}


# A contact is another person's data, and so is where a story is from: see bot/receiving/parts.py.
_SAID: dict[type, Callable[[Any], dict[str, Any]]] = {
    LocationForm: _location,
    VenueForm: _venue,
    DiceForm: _dice,
    PollForm: _poll,
    ChecklistForm: _checklist,
    OfferForm: _offer,
}
"""What those say that are no files."""


def _without_gaps(told: dict[str, Any]) -> dict[str, Any]:
    return {name: _clean(value) for name, value in told.items() if value is not None}


def _reference(file: FileForm, message: MessageForm) -> dict[str, Any]:
    reference = _without_gaps({ours: getattr(file, theirs) for theirs, ours in _TOLD.items()})
    if name := _on_one_line(file.file_name or ""):
        reference["name"] = name
    if message.media_group_id:
        reference["album"] = clean(message.media_group_id)
    return reference


def _clean(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


def _on_one_line(name: str) -> str:
    """Without what cannot be seen, as people choose the names of files."""
    return " ".join(printable(clean(name)).split())[:NAME_LENGTH]
