"""HTTP on loopback, in the running event loop: a port, and connections that can be aborted."""

from __future__ import annotations

import asyncio
import socket
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette

from .guard import check_loopback

KEEP_ALIVE_SECONDS = 75


class Listener(ABC):
    """Serves an application while its context lasts.

    `port` 0 takes a free one. Errors: ValueError for a host that is not loopback; OSError for a port in use.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        check_loopback(host)
        self._host = host
        self._port = port
        self._socket: socket.socket | None = None
        self._uvicorn: uvicorn.Server | None = None

    @abstractmethod
    def _application(self) -> Starlette:
        """The application served; made anew each time it begins to listen."""

    @abstractmethod
    async def _let_go(self) -> None:
        """End what makes calls wait, as the context ends."""

    @property
    def url(self) -> str:
        """The base of the API's addresses, without a slash at the end."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def connections(self) -> int:
        """The number of open connections of clients."""
        return 0 if self._uvicorn is None else len(self._uvicorn.server_state.connections)

    async def __aenter__(self) -> Self:
        self._reserve()
        await self.listen_again()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._let_go()
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
