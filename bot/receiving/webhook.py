"""The webhook: our own endpoint, because PTB's never shows the raw body and refuses what it cannot parse."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.errors import BotError
from bot.receiving.envelope import read
from bot.receiving.polling import Keep
from storage.errors import StorageError

log = logging.getLogger("polar.webhook")

MAX_BODY_BYTES = 8 * 1024 * 1024
"""Far above any update of Telegram's; below what would hurt."""
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name


class CannotListen(BotError):
    """The webhook's address is not free."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the bot's, which has more to finish than connections."""
        yield


@contextlib.asynccontextmanager
async def listening(*, listen: str, url: str, secret: str, keep: Keep) -> AsyncIterator[None]:
    """Serve the path of `url` at `listen` (host:port); each update is kept before it is answered with 200.

    Raises CannotListen.
    """
    host, _, port = listen.rpartition(":")
    try:
        bound = socket.create_server((host, int(port)), reuse_port=False)
    except OSError as error:
        raise CannotListen(
            f"the webhook cannot listen on {listen} ({error.strerror}); change POLAR_WEBHOOK_LISTEN"
        ) from error
    # asyncio sets it on sockets that it makes itself only; without it an answer may wait for the next acknowledgement.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    endpoint = WebhookEndpoint(secret, keep)
    application = Starlette(routes=[Route(urlsplit(url).path or "/", endpoint.receive, methods=["POST"])])
    server = _Server(uvicorn.Config(application, lifespan="off", log_config=None, access_log=False))
    task = asyncio.create_task(server.serve(sockets=[bound]), name="webhook")
    try:
        yield
    finally:
        server.should_exit = True
        await task
        bound.close()


class WebhookEndpoint:
    """Takes updates from Telegram, and from nobody who does not know the secret."""

    def __init__(self, secret: str, keep: Keep) -> None:
        self._secret = secret.encode()
        self._keep = keep

    async def receive(self, request: Request) -> Response:
        """200 once the update is durable; 503 when it could not be kept, so that Telegram sends it again."""
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._secret):
            return Response(status_code=403)
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        text = body.decode("utf-8", "replace")
        try:
            received = read(json.loads(text), text)
        except (ValueError, RecursionError):
            received = None
        if received is None:
            # It cannot be told apart from others, and refusing it would have Telegram repeat it for a day.
            log.error("a webhook call of %d bytes holds no update", len(body))
            return Response(status_code=200)
        try:
            await self._keep([received])
        except StorageError as error:
            log.error("an update could not be kept: %s", error)
            return Response(status_code=503)
        return Response(status_code=200)


async def _body(request: Request) -> bytes | None:
    """The body, None when it is too large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return body
