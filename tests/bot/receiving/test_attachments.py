"""What is kept of what people send besides text: references and what is safe to tell, never content."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.receiving.attachments import NAME_LENGTH, describe
from bot.receiving.forms import MessageForm
from bot.receiving.reading import read_update
from emulator.media import CONTENTS, content


def message(**fields: Any) -> MessageForm:
    """A message with these fields, as it is read."""
    content = {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, **fields}
    _, _, form = read_update(json.dumps({"update_id": 1, "message": content}).encode())
    assert isinstance(form, MessageForm)
    return form


FILE = {"uniqueId": "x", "size": 1024}
TOLD: dict[str, dict[str, Any]] = {
    "photo": {**FILE, "width": 1280, "height": 960},
    "animation": {**FILE, "width": 320, "height": 240, "duration": 3, "mimeType": "video/mp4"},
    "sticker": {**FILE, "width": 512, "height": 512, "emoji": "👍"},
    "voice": {**FILE, "duration": 4, "mimeType": "audio/ogg"},
    "audio": {**FILE, "duration": 180, "mimeType": "audio/mpeg"},
    "video": {**FILE, "width": 640, "height": 360, "duration": 12, "mimeType": "video/mp4"},
    "video_note": {**FILE, "duration": 5},
    "document": {**FILE, "name": "notes.pdf", "mimeType": "application/pdf"},
    "poll": {"question": "Shall we?", "options": ["Yes", "No"]},
    "location": {"latitude": 52.52, "longitude": 13.405},
    "venue": {"latitude": 52.52, "longitude": 13.405, "title": "Tower", "address": "Panoramastraße 1a"},
    "contact": {},
    "dice": {"emoji": "🎲", "value": 4},
}


@pytest.mark.parametrize("kind", sorted(CONTENTS))
def test_each_kind_tells_what_is_safe_and_useful(kind: str) -> None:
    """Of files bytes, pixels, seconds, name and type; of places and polls what they say; of people the kind only."""
    found, reference = describe(message(**content(kind, 9)))
    assert found == kind
    assert reference is not None
    told = {key: "x" if key == "uniqueId" else value for key, value in reference.items() if key != "fileId"}
    assert told == TOLD[kind]
    assert ("fileId" in reference) == ("uniqueId" in told)


def test_a_picture_tells_its_album() -> None:
    """So that the pictures of an album can be found together; without what no database can hold."""
    for album, kept in (("77", "77"), ("7\x007\ud83d", "77\ufffd")):
        _, reference = describe(message(**content("photo", 9), media_group_id=album))
        assert reference is not None
        assert reference["album"] == kept


def name_of(file_name: str) -> str | None:
    """What is kept of a document's name."""
    document = {"file_id": "f", "file_unique_id": "u", "file_name": file_name}
    _, reference = describe(message(document=document))
    assert reference is not None
    json.dumps(reference, ensure_ascii=False).encode()
    name: str | None = reference.get("name")
    return name


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("notes.pdf", "notes.pdf"),
        ("Übersicht 2026 📈.pdf", "Übersicht 2026 📈.pdf"),
        ("a\nb\r\n\tc\x00\x1b[31m.txt", "a b c [31m.txt"),
        ("invoice\u202efdp.exe", "invoice fdp.exe"),
        ("x" * 500, "x" * NAME_LENGTH),
        ("\ud800", "\ufffd"),
        (" \n ", None),
        ("", None),
    ],
)
def test_a_files_name_is_one_line_of_what_can_be_seen_and_not_long(given_name: str, kept: str | None) -> None:
    """People choose them; they may not break a log, a page or a prompt."""
    assert name_of(given_name) == kept


@given(st.text())
def test_no_file_name_breaks_its_reference(file_name: str) -> None:
    """It can be stored, and stands on one line."""
    name = name_of(file_name)
    assert name is None or (len(name) <= NAME_LENGTH and name.isprintable())


def test_mere_text_has_no_reference_and_what_is_about_the_chat_is_service() -> None:
    """A text of its own; a new title, a pinned message."""
    assert describe(message(text="hello")) == ("text", None)
    assert describe(message(new_chat_title="T")) == ("service", None)
