"""The Bot API through aiohttp: a fifth of what httpx costs the event loop."""

from __future__ import annotations

import asyncio
import json
import select
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import SEEK_END, BytesIO
from typing import IO, Any

import aiohttp
import msgspec
from aiohttp.client_exceptions import ClientConnectionError, ConnectionTimeoutError, InvalidURL
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.http.bot_api import OnRefusal, Unsent, check, parse_answer
from bot.http.proxies import Proxy

CONNECT_S = 5.0
"""The time that making a connection may take."""
WRITE_S, UPLOAD_S = 5.0, 20.0
"""The time that writing a piece of a request may take, and one of a file."""
IDLE_S = 15.0
"""The time that a connection without a request is kept: what goes into one that is gone may be unclear."""
PIECE = 1 << 16
"""Bytes of a request that are written at once; a smaller one is taken over by the system without waiting."""
# Linux tells that the other side has closed before a byte is read; elsewhere a hang-up says so.
_CLOSED = getattr(select, "POLLRDHUP", select.POLLHUP)

Seconds = float | None
"""A limit of time; None for none."""


class NotConnected(ClientConnectionError):
    """No connection could be made, directly or through the proxy."""


class Connector(aiohttp.TCPConnector):
    """Connections that the other side has not closed; what goes wrong before there is one is NotConnected."""

    async def connect(self, *args: Any, **kwargs: Any) -> aiohttp.connector.Connection:
        """As aiohttp has it."""
        try:
            while _is_closed(connection := await super().connect(*args, **kwargs)):
                connection.close()
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError) as error:
            raise NotConnected from error
        return connection


def _is_closed(connection: aiohttp.connector.Connection) -> bool:
    """True if the other side has closed it while it was idle, though the event loop has not noticed yet."""
    if connection.transport is None:
        return True
    poll = select.poll()
    poll.register(connection.transport.get_extra_info("socket"), _CLOSED)
    return bool(poll.poll(0))


class AiohttpTransport(BaseRequest):
    """aiohttp, telling apart what was never sent from what may have arrived.

    Cookies, redirections, and all that the environment or `~/.netrc` might say, are left alone.
    """

    def __init__(
        self,
        *,
        on_refusal: OnRefusal,
        tls: ssl.SSLContext,
        proxy: Proxy | None,
        connection_pool_size: int,
        read_timeout: float,
        pool_timeout: float,
    ) -> None:
        self._on_refusal = on_refusal
        self._tls = tls
        self._connections = connection_pool_size
        self._read_s, self._pool_s = read_timeout, pool_timeout
        self._proxy = None if proxy is None else proxy.address
        self._usual = self._timeout(read_timeout, CONNECT_S, pool_timeout)
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """In seconds."""
        return self._read_s

    async def initialize(self) -> None:
        """Be ready for requests."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=Connector(limit=self._connections, ssl=self._tls, keepalive_timeout=IDLE_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
                timeout=self._usual,
            )

    async def shutdown(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """As BaseRequest has it; raises Unsent, or another NetworkError when the effect is unknown."""
        has_files = request_data is not None and request_data.contains_files
        write_s = _or(write_timeout, UPLOAD_S if has_files else WRITE_S)
        timeout = self._usual
        if not (read_timeout is connect_timeout is pool_timeout is self.DEFAULT_NONE):
            timeout = self._timeout(
                _or(read_timeout, self._read_s), _or(connect_timeout, CONNECT_S), _or(pool_timeout, self._pool_s)
            )
        body = await _body(request_data)
        try:
            status, answer = await self._exchange(url, method, body, write_s, timeout)
        except (NotConnected, ConnectionTimeoutError, InvalidURL) as error:
            raise Unsent(f"not sent: {type(error.__cause__ or error).__name__}") from error
        except TimeoutError as error:
            raise TimedOut from error
        except (aiohttp.ClientError, OSError) as error:
            # Its text may hold the URL, and with it the token.
            raise NetworkError(f"aiohttp.{type(error).__name__}") from error
        check(status, answer, self._on_refusal)
        return status, answer

    async def _exchange(
        self,
        url: str,
        method: str,
        body: _Body,
        write_s: Seconds,
        timeout: aiohttp.ClientTimeout,
    ) -> tuple[int, bytes]:
        if self._session is None:
            raise RuntimeError("this transport is not initialized")
        headers = {"Content-Type": body.content_type} if body.content_type else {}
        options: dict[str, Any] = {"timeout": timeout, "allow_redirects": False, "proxy": self._proxy}
        if body.file is None and len(body.content) <= PIECE:
            data = body.content or None
            async with self._session.request(method, url, data=data, headers=headers, **options) as response:
                return response.status, await response.read()
        headers["Content-Length"] = str(body.length)
        async with asyncio.timeout(None) as limit:
            pieces = _in_pieces(body, limit, write_s)
            async with self._session.request(method, url, data=pieces, headers=headers, **options) as response:
                return response.status, await response.read()

    @staticmethod
    def _timeout(read_s: Seconds, connect_s: Seconds, pool_s: Seconds) -> aiohttp.ClientTimeout:
        """For aiohttp, waiting for a connection and making one are one thing."""
        in_all_s = None if connect_s is None or pool_s is None else connect_s + pool_s
        return aiohttp.ClientTimeout(total=None, connect=in_all_s, sock_connect=connect_s, sock_read=read_s)

    parse_json_payload = staticmethod(parse_answer)


def _or(given: Any, usual: Seconds) -> Seconds:
    return usual if given is BaseRequest.DEFAULT_NONE else given


@dataclass(frozen=True, slots=True)
class _Body:
    """What is sent, and what that is called; `file` and `end` follow where a form ends with a file that is open."""

    content: bytes = b""
    content_type: str = ""
    file: IO[bytes] | None = None
    end: bytes = b""

    @property
    def length(self) -> int:
        """Bytes in all."""
        return len(self.content) + len(self.end) + (0 if self.file is None else self.file.seek(0, SEEK_END))

    async def pieces(self) -> AsyncIterator[bytes]:
        """All of it; of the file one piece at a time is read."""
        for start in range(0, len(self.content), PIECE):
            yield self.content[start : start + PIECE]
        if self.file is not None:
            self.file.seek(0)
            while piece := await asyncio.to_thread(self.file.read, PIECE):
                yield piece
            yield self.end


async def _body(data: RequestData | None) -> _Body:
    """The parameters as JSON, or as a form where there are files."""
    if data is None:
        return _Body()
    if not data.contains_files:
        return _Body(_json(data.parameters), "application/json")
    form = aiohttp.FormData(quote_fields=False)  # names as they are, in UTF-8
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    last: IO[bytes] | None = None
    for name, (filename, content, kind) in data.multipart_data.items():
        last = None if isinstance(content, bytes) or len(data.multipart_data) > 1 else content
        # aiohttp warns of bytes as long as these, which is meant for whoever writes them at once.
        file = BytesIO(content) if isinstance(content, bytes) else BytesIO() if last is not None else content
        form.add_field(name, file, filename=filename, content_type=kind)
    parts = form()
    content = await parts.as_bytes()
    if last is None or not isinstance(parts, aiohttp.MultipartWriter):
        return _Body(content, parts.content_type)
    end = f"\r\n--{parts.boundary}--\r\n".encode()
    return _Body(content.removesuffix(end), parts.content_type, last, end)


def _json(parameters: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(parameters)
    except UnicodeEncodeError:  # half of a surrogate pair has no UTF-8, but an escape
        return json.dumps(parameters).encode()


async def _in_pieces(body: _Body, limit: asyncio.Timeout, write_s: Seconds) -> AsyncIterator[bytes]:
    """The body, each piece asked for when the one before it was written; the limit ends what takes too long."""
    now = asyncio.get_running_loop().time
    async for piece in body.pieces():
        limit.reschedule(None if write_s is None else now() + write_s)
        yield piece
    limit.reschedule(None)
