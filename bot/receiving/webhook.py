"""The webhook: our own endpoint, because PTB's never shows the raw body and refuses what it cannot parse."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import socket
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Bot
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.clock import jittered
from bot.errors import CannotRun
from bot.listener import Listener, Listening, bind
from bot.receiving.envelope import read
from bot.receiving.polling import Keep
from bot.receiving.reading import ALLOWED_UPDATES
from bot.supervised import Supervisor
from bot.tally import Tally
from storage.errors import StorageError

log = logging.getLogger("polar.webhook")

MAX_BODY_BYTES = 8 * 1024 * 1024
"""Far above any update of Telegram's; below what would hurt."""
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name


class Webhook:
    """Serves the path of `url` at `listen` (host:port), and has Telegram call it."""

    def __init__(self, bot: Bot, *, listen: str, url: str, secret: str, keep: Keep) -> None:
        self._bot = bot
        self._listen = listen
        self._url = url
        self._secret = secret
        tally = Tally(log)
        endpoint = WebhookEndpoint(secret, keep, tally)
        application = Starlette(routes=[Route(urlsplit(url).path or "/", endpoint.receive, methods=["POST"])])
        self._server = Listener(Listening(application, tally, lifespan="off"))
        self._is_closed = asyncio.Event()
        self._is_closed.set()

    async def start(self, supervisor: Supervisor) -> None:
        """Return when updates can come in; the server is the supervisor's from then on. Raises CannotRun."""
        bound = self._bind()
        self._is_closed.clear()
        supervisor.keep(self._serve(bound), name="the webhook's server")
        await self._insist()

    def _bind(self) -> socket.socket:
        host, _, port = self._listen.rpartition(":")
        try:
            return bind(host, int(port))
        except OSError as error:
            raise CannotRun(
                f"the webhook cannot listen on {self._listen} ({error.strerror}); change POLAR_WEBHOOK_LISTEN"
            ) from error

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
        self._server.should_exit = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._is_closed.wait()


class WebhookEndpoint:
    """Takes updates from Telegram, and from nobody who does not know the secret."""

    def __init__(self, secret: str, keep: Keep, tally: Tally) -> None:
        self._secret = secret.encode()
        self._keep = keep
        self._tally = tally

    async def receive(self, request: Request) -> Response:
        """200 once the update is durable; 503 when it could not be kept, so that Telegram sends it again."""
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._secret):
            self._tally.count("call(s) without the right secret")
            return Response(status_code=403)
        try:
            body = await self._body(request)
        except ClientDisconnect:
            return Response(status_code=408)  # which nobody hears
        return Response(status_code=413 if body is None else await self._take(body))

    async def _body(self, request: Request) -> bytes | None:
        """The body, None when it is too large; raises ClientDisconnect when it does not come to its end."""
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                return None
        return body

    async def _take(self, body: bytes) -> int:
        """The status to answer with, once what is in it is kept."""
        received = read(body.decode("utf-8", "replace").encode())
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
