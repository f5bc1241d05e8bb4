"""The listener of the webhook and of the dashboard: who calls can neither hold it for long nor take all of it.

uvicorn takes every connection, and waits for its first request without limit; the descriptors are those of the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import Iterator
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from bot.tally import Tally

PATIENCE_S = 10.0
"""The time that a client may take to send a whole request, or to go on reading an answer."""
MOST = 100
"""Connections at a time: far more than Telegram's 40; the calls of a busy bot need twice as many descriptors."""
SHARE = 4
"""The part of the process's descriptors that connections may take where there are few: a quarter."""
AT_ONCE = 32
"""Connections that asyncio takes in one go, before any of them can be turned away."""
WAITING = 1024
"""Connections that wait in the kernel to be taken; these need no descriptor."""
_LATE = h11.Response(
    status_code=408, reason=b"Request Timeout", headers=[("Content-Length", "0"), ("Connection", "close")]
)


class Listening(uvicorn.Config):
    """The way in which an application is served; what its connections are closed for is counted in `tally`."""

    def __init__(self, application: ASGIApp, tally: Tally, **settings: Any) -> None:
        super().__init__(
            application,
            http=Connection,
            ws="none",
            backlog=AT_ONCE,
            log_config=None,
            # What it warns of, anybody can cause as often as they like.
            log_level="error",
            access_log=False,
            server_header=False,
            # What a proxy says of others is believed nowhere: anybody can say it.
            proxy_headers=False,
            **settings,
        )
        self.tally = tally
        descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.most = MOST if descriptors == resource.RLIM_INFINITY else min(MOST, descriptors // SHARE)


class Connection(H11Protocol):
    """A client's connection, which has PATIENCE_S whenever the next step is the client's.

    Such a step is a whole request, from the end of the answer before it on, or to read an answer.
    """

    def __init__(
        self,
        config: Listening,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = config
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """One too many is closed at once."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.most:
            self._limits.tally.count(f"connection(s) beyond {self._limits.most} at a time")
            transport.abort()
        else:
            self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is waited for any more."""
        super().connection_lost(exc)
        self._stop_waiting()

    def data_received(self, data: bytes) -> None:
        """It may be the rest of a request."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """The next request is waited for, and that the answer is taken."""
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        """The client has to read."""
        super().pause_writing()
        self._look()

    def resume_writing(self) -> None:
        """It has read."""
        super().resume_writing()
        self._look()

    def shutdown(self) -> None:
        """A request that is not whole is no longer waited for."""
        if self.conn.their_state is h11.SEND_BODY:
            self._refuse()
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """Tell in the log, with the rest, of what is no HTTP."""
        self._limits.tally.count("request(s) that are no HTTP")
        super().send_400_response(msg)

    def _look(self) -> None:
        """Begin to wait for the client, or stop it; a step has its time from its beginning on, however many bytes."""
        if self._is_our_turn():
            self._stop_waiting()
        elif self._timer is None:
            self._timer = self.loop.call_later(PATIENCE_S, self._lose_patience)

    def _is_our_turn(self) -> bool:
        is_whole = self.conn.their_state not in (h11.IDLE, h11.SEND_BODY)
        is_being_answered = self.cycle is not None and not self.cycle.response_complete
        return is_whole and is_being_answered and not self.flow.write_paused

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _lose_patience(self) -> None:
        self._timer = None
        self._limits.tally.count(f"connection(s) that made it wait for {PATIENCE_S:g} s")
        self._refuse()

    def _refuse(self) -> None:
        """Close it, whatever has not been read; 408 where the head of a request is there and has no answer yet."""
        if self.cycle is not None:
            self.cycle.disconnected = True
        if self.conn.their_state is h11.SEND_BODY and self.conn.our_state is h11.SEND_RESPONSE:
            for event in (_LATE, h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.abort()


class Listener(uvicorn.Server):
    """Serves until `should_exit`; signals are left to whoever runs it, who has more to finish than connections."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None of them."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start; uvicorn has one number for what waits and for what is taken at once."""
        await super().startup(sockets)
        for bound in sockets or ():
            bound.listen(WAITING)


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens there, 0 for a free port; raises OSError."""
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.create_server((host, port), family=family)
    # asyncio sets it on sockets that name their protocol only; without it an answer may wait 40 ms for an ACK.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound
