"""Files of a call: uploaded with it, or known by their ids; and their way back to the bot."""

from __future__ import annotations

import mimetypes
from pathlib import PurePath

from starlette.requests import Request
from starlette.responses import Response

from ..errors import ApiError, bad_request
from ..media import carried, uploaded
from ..people import Json
from ..replies import refusal
from ..state import State
from .ask import Ask
from .params import Attachment, text

MAX_BYTES = 50_000_000
MAX_DOWNLOAD = 20_000_000
ATTACHED = "attach://"
UNTYPED = ("application/octet-stream", "text/plain")
CLASSES = {"voice": "VoiceNote", "video_note": "VideoNote"}
FOLDERS = {"video_note": "video_notes", "voice": "voice", "audio": "music"}
# Where the name of a file has none; programs look at it.
ENDINGS = {"photo": ".jpg", "voice": ".oga", "video": ".mp4", "video_note": ".mp4", "sticker": ".webp"}


def file_of(ask: Ask, kind: str, given: object, about: Json) -> Json | None:
    """The content of a message with this file: a part of the form, `attach://` with its name, or the id of a file.

    `about` is what the call says of the file. None for no file. Errors: 400, 413 for a large one.
    """
    if isinstance(given, str) and given.startswith(ATTACHED):
        given = ask.params.get(given.removeprefix(ATTACHED))
        return _kept(ask, kind, given, about) if isinstance(given, Attachment) else None
    if isinstance(given, Attachment):
        return _kept(ask, kind, given, about)
    if given in (None, ""):
        return None
    return _known(ask.state, kind, str(given))


def _kept(ask: Ask, kind: str, file: Attachment, about: Json) -> Json:
    if not file.body:
        raise bad_request("file must be non-empty")
    if len(file.body) > MAX_BYTES:
        raise ApiError(413, "Request Entity Too Large")
    number = len(ask.state.files) + 1
    known = {"file_name": file["file_name"], "mime_type": _mime_type(file), "file_size": len(file.body)}
    ids = {"file_id": f"sent-file-{number}", "file_unique_id": f"sent-unique-{number}"}
    ask.state.files[ids["file_id"]] = file.body.decode("utf-8", "surrogateescape")
    return uploaded(kind, {**ids, **known}, about, file.body)


def _mime_type(file: Attachment) -> str:
    """As the part of the form says it; where it says nothing, as the name does."""
    guessed = mimetypes.guess_type(file["file_name"])[0] if file.mime_type in UNTYPED else None
    return guessed or file.mime_type


def _known(state: State, kind: str, file_id: str) -> Json:
    if file_id.startswith(("http://", "https://")):
        # Nothing here reaches out into the network.
        raise bad_request("failed to get HTTP URL content")
    found, content, _ = _shown(state, file_id)
    if not found:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if found != kind:
        raise bad_request(f"can't use file of type {_class(found)} as {_class(kind)}")
    return content


def _class(kind: str) -> str:
    return CLASSES.get(kind, kind.capitalize())


def _shown(state: State, file_id: str) -> tuple[str, Json, Json]:
    """The kind, the content of a message that shows the file, and the file; all are empty when no message does."""
    for room in state.rooms.values():
        for message in reversed(room.messages.values()):
            kind, content, files = carried(message)
            for file in files:
                if file["file_id"] == file_id:
                    return kind, content, file
    return "", {}, {}


# Giving back


def get_file(ask: Ask) -> Json:
    """The File object with the path to load it from. Errors: 400 for a file that is unknown, not kept or too large."""
    file_id = text(ask.params, "file_id")
    kind, _, file = _shown(ask.state, file_id)
    if file_id not in ask.state.files:
        raise bad_request("wrong file_id or the file is temporarily unavailable" if kind else "invalid file_id")
    size = len(_body(ask.state, file_id))
    if size > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    folder = FOLDERS.get(kind, f"{kind or 'file'}s")
    ending = PurePath(file.get("file_name", "")).suffix or ENDINGS.get(kind, "")
    unique = file.get("file_unique_id", file_id)
    return {"file_id": file_id, "file_unique_id": unique, "file_size": size, "file_path": f"{folder}/{file_id}{ending}"}


def _body(state: State, file_id: str) -> bytes:
    return state.files[file_id].encode("utf-8", "surrogateescape")


class Downloads:
    """Answers `/file/bot<token>/<path>` with the bytes of a file."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def __call__(self, request: Request) -> Response:
        """The endpoint of the route."""
        file_id = request.path_params["path"].rpartition("/")[2].partition(".")[0]
        if request.path_params["token"] not in self._state.bots:
            return _refused(ApiError(401, "Unauthorized"))
        if file_id not in self._state.files:
            return _refused(ApiError(404, "Not Found"))
        return Response(_body(self._state, file_id), media_type="application/octet-stream")


def _refused(error: ApiError) -> Response:
    reply = refusal(error)
    return Response(reply.body, reply.status, media_type=reply.media_type)
