"""Files that a bot sends, kept so that tests can look into them."""

from __future__ import annotations

from ..errors import ApiError, bad_request
from ..people import Json
from .ask import Ask
from .captions import caption_of
from .destinations import inline_keyboard, reply_of, room_of, thread_of
from .params import object_of

MAX_BYTES = 50_000_000


def send_document(ask: Ask) -> Json:
    """A text file with a caption. Errors: as sendMessage; 400 for no file or an empty one, 413 for a large one."""
    room = room_of(ask)
    file = object_of(ask.params, "document")
    _check(file)
    reply_to = reply_of(ask, room)
    thread = thread_of(ask, room, reply_to)
    content: Json = {**caption_of(ask, ask.params), **inline_keyboard(ask.params)}
    content["document"] = _kept(ask, file)
    return ask.state.post(ask.bot, room, content, thread, reply_to)


def _check(file: Json) -> None:
    if "content" not in file:
        raise bad_request("there is no document in the request")
    if file["file_size"] == 0:
        raise bad_request("file must be non-empty")
    if file["file_size"] > MAX_BYTES:
        raise ApiError(413, "Request Entity Too Large")


def _kept(ask: Ask, file: Json) -> Json:
    number = len(ask.state.files) + 1
    file_id = f"sent-file-{number}"
    ask.state.files[file_id] = file["content"]
    return {
        "file_id": file_id,
        "file_unique_id": f"sent-unique-{number}",
        "file_name": file["file_name"],
        "mime_type": "text/plain",
        "file_size": file["file_size"],
    }
