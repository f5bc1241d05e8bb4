"""Files as InputMedia objects: several that are shown as one, and one in the place of another."""

from __future__ import annotations

from typing import Any

from ..errors import bad_request
from ..media import carried
from ..people import Json
from .ask import Ask
from .contents import MEDIA, Medium
from .destinations import inline_keyboard, reply_of, room_of, thread_of
from .params import objects
from .sending import edit, editable

MOST = 10
INPUTS: dict[str, Medium] = {
    medium.kind: medium
    for medium in MEDIA.values()
    if medium.kind in ("photo", "video", "animation", "audio", "document")
}
# All that a message with a file may have, besides its keyboard.
FIELDS = (*INPUTS, "voice", "caption", "caption_entities")
# What stands beside its own kind only.
ALONE = ("document", "audio")


def send_media_group(ask: Ask) -> list[Json]:
    """The messages; nothing is sent unless all can be. Errors: as sendMessage; 400, 413 for the files."""
    room = room_of(ask)
    if "media" not in ask.params:
        raise bad_request('parameter "media" is required')
    given = objects(ask.params, "media")
    if not given:
        raise bad_request("there are no messages to send")
    if len(given) > MOST:
        raise bad_request("too many messages to send as an album")
    _check_mixture([_grouped(item) for item in given])
    reply_to = reply_of(ask, room)
    thread = thread_of(ask, room, reply_to)
    contents = [media_of(ask, item) for item in given]
    group = {"media_group_id": str(room.next_message_id)}
    return [ask.state.post(ask.bot, room, {**content, **group}, thread, reply_to) for content in contents]


def edit_message_media(ask: Ask) -> Json:
    """Show another file with another caption. Errors: as editMessageText; 400, 413 for the file."""
    room, message_id = editable(ask)
    if not carried(room.messages[message_id])[0]:
        raise bad_request("there is no media in the message to edit")
    content = {**media_of(ask, ask.params.get("media")), **inline_keyboard(ask.params)}
    return edit(ask, room, message_id, content, FIELDS)


def media_of(ask: Ask, item: Any) -> Json:
    """The content of a message with the file of an InputMedia object. Errors: 400, 413."""
    content = INPUTS[_kind(item)].content(ask, item, "media")
    if content is None:
        raise _unreadable("media not found")
    return content


def _kind(item: Any) -> str:
    if not isinstance(item, dict):
        raise _unreadable("expected an Object")
    kind = str(item.get("type", ""))
    if kind not in INPUTS:
        raise _unreadable(f'type "{kind}" is unsupported')
    return kind


def _grouped(item: Any) -> str:
    kind = _kind(item)
    if kind == "animation":
        raise _unreadable('type "animation" can\'t be used in sendMediaGroup')
    return kind


def _unreadable(reason: str) -> Exception:
    return bad_request(f"can't parse InputMedia: {reason}")


def _check_mixture(kinds: list[str]) -> None:
    for kind in ALONE:
        if kind in kinds and set(kinds) != {kind}:
            raise bad_request(f"{kind} can't be mixed with other media types")
