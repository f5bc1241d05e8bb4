"""Server-sent events: what has changed in what a person sees."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..changes import Signal
from ..connections import Connection
from ..people import Json

# A burst of changes is one event.
PAUSE_SECONDS = 0.04
# Drafts end by themselves, and nobody tells.
LOOK_SECONDS = 1.0
BEAT_SECONDS = 15
BEAT = b"event: beat\ndata:\n\n"


class Differences:
    """Looks again and again; tells messages only when they are new or have changed."""

    def __init__(self, look: Callable[[], Json]) -> None:
        self._look = look
        self._messages: dict[int, Json] = {}
        self._rest: Json = {}

    def next(self) -> Json | None:
        """The view with the changed `messages` and the `ids` of all of them; None when nothing is different."""
        view = self._look()
        messages = {message["id"]: message for message in view.pop("messages")}
        rest = {**view, "ids": list(messages)}
        changed = [message for number, message in messages.items() if self._messages.get(number) != message]
        if not changed and rest == self._rest:
            return None
        self._messages, self._rest = messages, rest
        return {**rest, "messages": changed}


class Stream(Response):
    """Tells the differences while the client listens; the first event is everything.

    Nothing is queued for a client that reads slowly: it gets the next difference when it has taken the last.
    """

    media_type = "text/event-stream"

    def __init__(self, look: Callable[[], Json], changes: Signal, open_streams: set[Stream]) -> None:
        super().__init__(headers={"Cache-Control": "no-store"})
        del self.headers["content-length"]
        self._differences = Differences(look)
        self._changes = changes
        self._open_streams = open_streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Until the client has gone."""
        self._open_streams.add(self)
        try:
            async with Connection.of(Request(scope, receive)) as connection:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                with contextlib.suppress(OSError):
                    await self._tell(connection, send)
        finally:
            self._open_streams.discard(self)

    async def _tell(self, connection: Connection, send: Send) -> None:
        loop = asyncio.get_running_loop()
        told = loop.time()
        while True:
            event = self._differences.next()
            if event is None and loop.time() - told < BEAT_SECONDS:
                # No await lies between the look and the wait, so no change falls between them.
                if not await connection.hears(self._changes, LOOK_SECONDS):
                    return
                continue
            body = BEAT if event is None else f"data: {json.dumps(event)}\n\n".encode()
            await send({"type": "http.response.body", "body": body, "more_body": True})
            told = loop.time()
            await asyncio.sleep(PAUSE_SECONDS)
