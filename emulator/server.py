"""The server: the Bot API, the people's side and the page, all of one world."""

from __future__ import annotations

import logging
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from .api import Api, Downloads
from .control import Control
from .errors import ApiError
from .guard import Guard
from .listener import Listener
from .page import Page
from .replies import refusal
from .world import World

logger = logging.getLogger(__name__)


class Server(Listener):
    """Serves a world while its context lasts. Arguments and errors are those of Listener."""

    def __init__(self, world: World, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host, port)
        self._world = world

    async def _let_go(self) -> None:
        await self._world.close()

    def _application(self) -> Starlette:
        routes = [
            Route("/bot{token}/{method}", Api(self._world).__call__, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", Downloads(self._world).__call__, methods=["GET"]),
            *Control(self._world).routes(),
            *Page(self._world).routes(),
        ]
        handlers = {HTTPException: _not_found, ClientDisconnect: _gone, Exception: _crashed}
        application = Starlette(routes=routes, middleware=[Middleware(Guard)], exception_handlers=handlers)
        application.state.cut = self._cut
        return application


async def _not_found(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    reply = refusal(ApiError(status, HTTPStatus(status).phrase))
    return Response(reply.body, reply.status, media_type=reply.media_type)


async def _gone(_: Request, error: Exception) -> Response:
    """The client left in the middle of its request; nobody reads the answer."""
    return Response()


async def _crashed(_: Request, error: Exception) -> Response:
    # uvicorn, which would log it as well, is silent: it takes every call ended by a stop for a crash.
    logger.error("a call crashed the server", exc_info=error)
    reply = refusal(ApiError(500, "Internal Server Error"))
    return Response(reply.body, reply.status, media_type=reply.media_type)
