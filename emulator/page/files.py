"""Files on the page: taken from the person before it, shown and saved."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..errors import EmulatorError
from ..people import Chat, Person
from ..texts import MAX_CAPTION_UNITS, units
from ..uploads import Upload
from ..world import World
from .answers import HEADERS, answered, refused
from .chats import person_of, posts, rooms_of

MAX_BYTES = 50_000_000
# What a browser may see or play; it never makes a page of these. All else is text to it.
_SHOWN = frozenset(
    [f"image/{kind}" for kind in ("png", "jpeg", "gif", "webp")]
    + [f"audio/{kind}" for kind in ("ogg", "mpeg", "mp4", "x-m4a", "aac", "wav", "x-wav", "flac", "webm")]
    + [f"video/{kind}" for kind in ("mp4", "webm", "ogg", "quicktime")]
)
_NUMBERS = ("me", "chat", "topic", "reply_to", "width", "height", "seconds")


class TooLargeError(EmulatorError):
    """The file is larger than Telegram takes."""


class Files:
    """The files of one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """The routes of files."""
        return [
            Route("/page/files", self._take, methods=["POST"]),
            Route("/page/files/{file}", self._give, methods=["GET"]),
        ]

    async def _take(self, request: Request) -> Response:
        """The body is the file; the query says what it is and where it goes."""
        try:
            return answered({"message_id": await self._send(request)})
        except TooLargeError:
            return refused(413, f"a file has at most {MAX_BYTES // 1_000_000} MB")
        except ValueError as error:
            return refused(400, str(error))
        except LookupError as error:
            return refused(404, str(error))

    async def _send(self, request: Request) -> int:
        asked = request.query_params
        numbers = _numbers(dict(asked))
        caption = asked.get("caption", "").strip()
        if units(caption) > MAX_CAPTION_UNITS:
            raise ValueError("message caption is too long")
        person = person_of(self._world, numbers["me"])
        chat = self._own_chat(person, numbers["chat"])
        upload = Upload(
            asked.get("kind", "document"),
            asked.get("name", ""),
            request.headers.get("content-type", "").partition(";")[0].strip().lower(),
            await _content(request),
            *(numbers.get(name, 0) for name in ("width", "height", "seconds")),
        )
        place = (numbers.get("topic"), numbers.get("reply_to"))
        return self._world.upload(chat, person, upload, caption, *place, asked.get("quote"))

    def _own_chat(self, person: Person, chat: int) -> Chat:
        """A chat of this person; their private one is opened by that. Errors: LookupError, ValueError."""
        if chat == person.id:
            return self._world.private(person)
        room = next((room for room in rooms_of(self._world, person) if room.chat.id == chat), None)
        if room is None:
            raise LookupError(f"{person.first_name} is in no chat {chat}")
        if not posts(room, person):
            raise ValueError("only its administrators post in a channel")
        return room.chat

    async def _give(self, request: Request) -> Response:
        file = request.path_params["file"]
        if file not in self._world.files:
            return refused(404, f"there is no file {file}")
        asked = request.query_params
        name = quote(asked.get("name", "file"), safe="")
        media_type = asked.get("type", "")
        headers = {**HEADERS, "Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        body = self._world.files[file].encode("utf-8", "surrogateescape")
        return Response(body, media_type=media_type if media_type in _SHOWN else "text/plain", headers=headers)


def _numbers(asked: dict[str, Any]) -> dict[str, int]:
    """Errors: ValueError with what was expected."""
    try:
        numbers = {name: int(asked[name]) for name in _NUMBERS if name in asked}
    except ValueError:
        raise ValueError(f"{', '.join(_NUMBERS)} are numbers") from None
    if not {"me", "chat"} <= numbers.keys():
        raise ValueError("me=ID and chat=ID are expected")
    return numbers


async def _content(request: Request) -> bytes:
    """The whole body. Errors: TooLargeError, before more than that was read."""
    if int(request.headers.get("content-length", 0)) > MAX_BYTES:
        raise TooLargeError
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BYTES:
            raise TooLargeError
    return bytes(content)
