"""The page over HTTP. What people do goes to the control API; here they look."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..world import World
from .answers import HEADERS, answered, refused
from .files import Files
from .stream import Stream
from .view import MOST, View

YOU = "You"
LATEST = 100
STREAMS = 32
_BOUNDS = {"limit": LATEST, "topic": 0, "reach": 0}
_STATIC = Path(__file__).parent / "static"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_FILES = {file.name: _TYPES[file.suffix] for file in _STATIC.iterdir() if file.suffix in _TYPES}


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
            *Files(self._world).routes(),
            Route("/page/{name}", self._static, methods=["GET"]),
        ]

    async def _page(self, _: Request) -> Response:
        return _file("chat.html", "text/html")

    async def _static(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _FILES:
            return refused(404, f"there is no file {name}")
        return _file(name, _FILES[name])

    async def _people(self, _: Request) -> Response:
        return answered([{"id": person.id, "name": person.first_name} for person in self._world.people.values()])

    async def _you(self, _: Request) -> Response:
        """The person who sits before the page, made once."""
        people = self._world.people.values()
        you = next((person for person in people if person.first_name == YOU), None) or self._world.person(YOU)
        self._world.private(you)
        return answered({"id": you.id, "name": you.first_name})

    async def _view(self, request: Request) -> Response:
        try:
            return answered(self._look(request).json())
        except ValueError as error:
            return refused(400, str(error))
        except LookupError as error:
            return refused(404, str(error))

    async def _events(self, request: Request) -> Response:
        try:
            view = self._look(request)
            view.json()
        except ValueError as error:
            return refused(400, str(error))
        except LookupError as error:
            return refused(404, str(error))
        if len(self._streams) >= STREAMS:
            return refused(503, f"{STREAMS} pages look already")
        return Stream(view.json, self._world.changes, self._streams)

    def _look(self, request: Request) -> View:
        """Errors: ValueError with what was expected."""
        asked = request.query_params
        try:
            me, chat = int(asked["me"]), int(asked["chat"])
            limit, topic, reach = (int(asked.get(name, default)) for name, default in _BOUNDS.items())
        except (KeyError, ValueError):
            raise ValueError("me=ID and chat=ID are expected; limit, topic and reach are numbers") from None
        if not 1 <= limit <= MOST:
            raise ValueError(f"limit is 1 to {MOST}")
        return View(self._world, me, chat, limit, topic, reach, asked.get("find", ""))


def _file(name: str, media_type: str) -> Response:
    return Response((_STATIC / name).read_bytes(), media_type=media_type, headers=HEADERS)
