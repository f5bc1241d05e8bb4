"""The page over HTTP. What people do goes to the control API; here they look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..people import Json
from ..world import World
from .stream import Stream
from .view import View

YOU = "You"
LATEST = 100
MOST = 1000
STREAMS = 32
_STATIC = Path(__file__).parent / "static"
_FILES = {
    "chat.js": "text/javascript",
    "elements.js": "text/javascript",
    "chat.css": "text/css",
    "icon.svg": "image/svg+xml",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Page:
    """Looks at one world; nothing here changes it but `you`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._streams: set[Stream] = set()

    def routes(self) -> list[Route]:
        """The routes of the page."""
        return [
            Route("/", self._page, methods=["GET"]),
            Route("/page/people", self._people, methods=["GET"]),
            Route("/page/you", self._you, methods=["POST"]),
            Route("/page/view", self._view, methods=["GET"]),
            Route("/page/events", self._events, methods=["GET"]),
            Route("/page/documents/{file}", self._document, methods=["GET"]),
            Route("/page/{name}", self._static, methods=["GET"]),
        ]

    async def _page(self, _: Request) -> Response:
        return _file("chat.html", "text/html")

    async def _static(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _FILES:
            return _refused(404, f"there is no file {name}")
        return _file(name, _FILES[name])

    async def _people(self, _: Request) -> Response:
        return _answer([{"id": person.id, "name": person.first_name} for person in self._world.people.values()])

    async def _you(self, _: Request) -> Response:
        """The person who sits before the page, made once."""
        people = self._world.people.values()
        you = next((person for person in people if person.first_name == YOU), None) or self._world.person(YOU)
        self._world.private(you)
        return _answer({"id": you.id, "name": you.first_name})

    async def _view(self, request: Request) -> Response:
        try:
            return _answer(self._look(request).json())
        except ValueError as error:
            return _refused(400, str(error))
        except LookupError as error:
            return _refused(404, str(error))

    async def _events(self, request: Request) -> Response:
        try:
            view = self._look(request)
            view.json()
        except ValueError as error:
            return _refused(400, str(error))
        except LookupError as error:
            return _refused(404, str(error))
        if len(self._streams) >= STREAMS:
            return _refused(503, f"{STREAMS} pages look already")
        return Stream(view.json, self._world.changes, self._streams)

    def _look(self, request: Request) -> View:
        """Errors: ValueError with what was expected."""
        asked = request.query_params
        try:
            me, chat, limit = int(asked["me"]), int(asked["chat"]), int(asked.get("limit", LATEST))
        except (KeyError, ValueError):
            raise ValueError("me=ID and chat=ID are expected, and limit=NUMBER may be given") from None
        if not 1 <= limit <= MOST:
            raise ValueError(f"limit is 1 to {MOST}")
        return View(self._world, me, chat, limit)

    async def _document(self, request: Request) -> Response:
        file = request.path_params["file"]
        if file not in self._world.files:
            return _refused(404, f"there is no document {file}")
        name = quote(request.query_params.get("name", "document.txt"), safe="")
        headers = {**HEADERS, "Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        body = self._world.files[file].encode("utf-8", "replace")
        return Response(body, media_type="text/plain", headers=headers)


def _file(name: str, media_type: str) -> Response:
    return Response((_STATIC / name).read_bytes(), media_type=media_type, headers=HEADERS)


def _answer(result: Any, status: int = 200) -> Response:
    return Response(json.dumps(result), status, media_type="application/json", headers=HEADERS)


def _refused(status: int, reason: str) -> Response:
    error: Json = {"error": reason}
    return _answer(error, status)
