"""The server: HTTP on loopback, in the running event loop."""

from __future__ import annotations

import asyncio
import logging
import socket
from http import HTTPStatus
from types import TracebackType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from .api import Api
from .control import Control
from .errors import ApiError
from .guard import Guard, is_loopback
from .page import Page
from .replies import refusal
from .world import World

KEEP_ALIVE_SECONDS = 75
logger = logging.getLogger(__name__)


class Server:
    """Serves a world while its context lasts.

    `port` 0 takes a free one. Errors: ValueError for a host that is not loopback; OSError for a port in use.
    """

    def __init__(self, world: World, host: str = "127.0.0.1", port: int = 0) -> None:
        check_loopback(host)
        self._world = world
        self._host = host
        self._port = port
        self._socket: socket.socket | None = None
        self._uvicorn: uvicorn.Server | None = None

    @property
    def url(self) -> str:
        """The base of the API's addresses, without a slash at the end."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def __aenter__(self) -> Server:
        self._reserve()
        await self.listen_again()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._world.close()
        await self._close()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def stop_listening(self) -> None:
        """Refuse connections and abort those that are open; the port stays ours."""
        await self._close()
        self._reserve()

    async def listen_again(self) -> None:
        """Serve again on the same port."""
        if self._socket is None:
            return
        self._uvicorn = uvicorn.Server(_config(self._application()))
        self._uvicorn.config.load()
        self._uvicorn.lifespan = self._uvicorn.config.lifespan_class(self._uvicorn.config)
        # Only the pieces of uvicorn which serve: its `serve` would take over the signals of the process.
        await self._uvicorn.startup(sockets=[self._socket])
        self._socket = None

    def _reserve(self) -> None:
        """Bind the port; a socket that is bound and does not listen refuses connections."""
        if self._socket is not None:
            return
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # The protocol is named because asyncio sets TCP_NODELAY only then.
        self._socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((self._host, self._port))
            self._socket.setblocking(False)
        except OSError:
            self._socket.close()
            self._socket = None
            raise
        self._port = self._socket.getsockname()[1]

    async def _close(self) -> None:
        """Stop listening, abort every connection and end the calls under way."""
        if self._uvicorn is None:
            return
        server, self._uvicorn = self._uvicorn, None
        for listener in server.servers:
            listener.close()
        for connection in tuple(server.server_state.connections):
            connection.transport.abort()
        tasks = tuple(server.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # Aborted transports close their sockets in the next turn of the loop.
        await asyncio.sleep(0)

    def _cut(self, client: Any) -> None:
        """Abort the connection of one client, given its address."""
        if self._uvicorn is None:
            return
        for connection in tuple(self._uvicorn.server_state.connections):
            if connection.transport.get_extra_info("peername") == tuple(client):
                connection.transport.abort()

    def _application(self) -> Starlette:
        routes = [
            Route("/bot{token}/{method}", Api(self._world).__call__, methods=["GET", "POST"]),
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


def _config(application: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http="h11",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )


def check_loopback(host: str) -> None:
    """Errors: ValueError unless the host is a loopback address or localhost."""
    if not is_loopback(host):
        raise ValueError(f"{host} is not a loopback address: this server is for this machine only")
