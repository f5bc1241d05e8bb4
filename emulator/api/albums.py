"""Several files that are shown as one."""

from __future__ import annotations

from typing import Any

from ..errors import bad_request
from ..people import Json
from .ask import Ask
from .contents import MEDIA, Medium
from .destinations import reply_of, room_of, thread_of
from .params import objects

MOST = 10
GROUPED: dict[str, Medium] = {
    medium.kind: medium for medium in MEDIA.values() if medium.kind in ("photo", "video", "audio", "document")
}
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
    _check_mixture([_kind(item) for item in given])
    reply_to = reply_of(ask, room)
    thread = thread_of(ask, room, reply_to)
    contents = [media_of(ask, item) for item in given]
    group = {"media_group_id": str(room.next_message_id)}
    return [ask.state.post(ask.bot, room, {**content, **group}, thread, reply_to) for content in contents]


def media_of(ask: Ask, item: Json) -> Json:
    """The content of a message with the file of an InputMedia object. Errors: 400, 413."""
    content = GROUPED[_kind(item)].content(ask, item, "media")
    if content is None:
        raise _unreadable("media not found")
    return content


def _kind(item: Any) -> str:
    if not isinstance(item, dict):
        raise _unreadable("expected an Object")
    kind = str(item.get("type", ""))
    if kind == "animation":
        raise _unreadable('type "animation" can\'t be used in sendMediaGroup')
    if kind not in GROUPED:
        raise _unreadable(f'type "{kind}" is unsupported')
    return kind


def _unreadable(reason: str) -> Exception:
    return bad_request(f"can't parse InputMedia: {reason}")


def _check_mixture(kinds: list[str]) -> None:
    for kind in ALONE:
        if kind in kinds and set(kinds) != {kind}:
            raise bad_request(f"{kind} can't be mixed with other media types")
