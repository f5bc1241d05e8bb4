"""The webhook: our own endpoint, because PTB's never shows the raw body and refuses what it cannot parse."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import math
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Bot
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.clock import jittered
from bot.errors import CannotRun
from bot.receiving.envelope import ALLOWED_UPDATES, read
from bot.receiving.polling import Keep
from bot.supervised import Supervisor
from storage.errors import StorageError

log = logging.getLogger("polar.webhook")

MAX_BODY_BYTES = 8 * 1024 * 1024
"""Far above any update of Telegram's; below what would hurt."""
BODY_S = 10.0
"""How long an update may take to arrive."""
TELL_EVERY_S = 60.0
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name


class Webhook:
    """Serves the path of `url` at `listen` (host:port), and has Telegram call it."""

    def __init__(self, bot: Bot, *, listen: str, url: str, secret: str, keep: Keep) -> None:
        self._bot = bot
        self._listen = listen
        self._url = url
        self._secret = secret
        self._endpoint = WebhookEndpoint(secret, keep)
        path = urlsplit(url).path or "/"
        application = Starlette(routes=[Route(path, self._endpoint.receive, methods=["POST"])])
        self._server = _Server(uvicorn.Config(application, lifespan="off", log_config=None, access_log=False))
        self._is_closed = asyncio.Event()
        self._is_closed.set()

    async def start(self, supervisor: Supervisor) -> None:
        """Return when updates can come in; the server is the supervisor's from then on. Raises CannotRun."""
        bound = _bind(self._listen)
        self._is_closed.clear()
        supervisor.keep(self._serve(bound), name="the webhook's server")
        await self._insist()

    async def _serve(self, bound: socket.socket) -> None:
        try:
            with bound:
                await self._server.serve(sockets=[bound])
        finally:
            self._is_closed.set()

    async def _insist(self) -> None:
        """Tell Telegram where to call, however long it takes to reach it."""
        tries = 0
        while True:
            try:
                await self._bot.set_webhook(self._url, secret_token=self._secret, allowed_updates=list(ALLOWED_UPDATES))
            except BadRequest as error:
                raise CannotRun(f"Telegram refuses POLAR_WEBHOOK_URL: {error}") from error
            except InvalidToken:
                raise
            except TelegramError as error:
                tries += 1
                log.warning("the webhook: %s", error)
                await asyncio.sleep(jittered(1, tries))
            else:
                return

    async def stop(self, timeout_s: float) -> None:
        """Finish what has arrived, within `timeout_s` seconds; what is not answered with 200 comes again."""
        self._endpoint.stop()
        self._server.should_exit = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._is_closed.wait()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the bot's, which has more to finish than connections."""
        yield


def _bind(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    try:
        bound = socket.create_server((host, int(port)), reuse_port=False)
    except OSError as error:
        raise CannotRun(
            f"the webhook cannot listen on {listen} ({error.strerror}); change POLAR_WEBHOOK_LISTEN"
        ) from error
    # asyncio sets it on sockets that it makes itself only; without it an answer may wait for the next acknowledgement.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


class WebhookEndpoint:
    """Takes updates from Telegram, and from nobody who does not know the secret."""

    def __init__(self, secret: str, keep: Keep) -> None:
        self._secret = secret.encode()
        self._keep = keep
        self._refusals = Refusals()
        self._patience_s = BODY_S
        self._reading: set[asyncio.Timeout] = set()

    def stop(self) -> None:
        """Wait no longer for what is still on its way."""
        self._patience_s = 0.0
        for limit in self._reading:
            limit.reschedule(asyncio.get_running_loop().time())

    async def receive(self, request: Request) -> Response:
        """200 once the update is durable; 503 when it could not be kept, so that Telegram sends it again."""
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._secret):
            self._refusals.count()
            return Response(status_code=403)
        try:
            body = await self._body(request)
        except TimeoutError:
            return Response(status_code=408, headers={"Connection": "close"})
        return Response(status_code=413 if body is None else await self._take(body))

    async def _body(self, request: Request) -> bytes | None:
        """The body, None when it is too large; raises TimeoutError when it does not come to its end."""
        body = b""
        async with asyncio.timeout(self._patience_s) as limit:
            self._reading.add(limit)
            try:
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > MAX_BODY_BYTES:
                        return None
            finally:
                self._reading.discard(limit)
        return body

    async def _take(self, body: bytes) -> int:
        """The status to answer with, once what is in it is kept."""
        text = body.decode("utf-8", "replace")
        try:
            received = read(json.loads(text), text)
        except (ValueError, RecursionError):
            received = None
        if received is None:
            # It cannot be told apart from others, and refusing it would have Telegram repeat it for a day.
            log.error("a webhook call of %d bytes holds no update", len(body))
            return 200
        try:
            await self._keep([received])
        except StorageError as error:
            log.error("an update could not be kept: %s", error)
            return 503
        return 200


class Refusals:
    """Calls without the right secret: a line of the log says so, one a minute at most, as anybody can make many."""

    def __init__(self) -> None:
        self._untold = 0
        self._silent_until = -math.inf

    def count(self) -> None:
        """One more."""
        self._untold += 1
        now = asyncio.get_running_loop().time()
        if now >= self._silent_until:
            log.warning("refused without the right secret, since the last such line: %d webhook call(s)", self._untold)
            self._untold, self._silent_until = 0, now + TELL_EVERY_S
