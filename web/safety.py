"""The rules for every request: whom it may come from, and what browsers may do with the answer."""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web import login
from web.config import Config
from web.errors import refused
from web.headers import HEADERS

# What proxies add. Behind one, a request from anywhere looks like one of this machine.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_FREE = ("/healthz", "/login", "/logout")
_STATIC = "/static/"
_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^\[\]:]+))(?::[0-9]{0,5})?")
"""A Host header, whole: a name or an address, in brackets or not, and its port."""


class Safety:
    """Stands before everything else, and puts its headers on every answer."""

    def __init__(self, app: ASGIApp, config: Config) -> None:
        self._app = app
        # A page of another site could have its own name point here, or send requests. With a secret it would not get
        # in, and the names that a proxy or a network gives us are not known.
        self._names = None if config.secret else {"localhost", "127.0.0.1", "::1", config.host.lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by itself what is not let through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        request = Request(scope, receive)
        try:
            answer = self._app if await self._is_let_in(request) else login.ask(request)
        except HTTPException as error:
            answer = refused(request, error)
        await answer(scope, receive, send_safely)

    async def _is_let_in(self, request: Request) -> bool:
        if self._names is not None:
            _check_local(request, self._names)
        path = request.url.path
        if path in _FREE or path.startswith(_STATIC):
            return True
        admits: bool = await request.app.state.login.admits(request)
        return admits


def _check_local(request: Request, names: set[str]) -> None:
    if _host(request) not in names:
        raise HTTPException(
            421, "This dashboard answers to localhost only. Open it by the address that polar web has printed."
        )
    if any(name in request.headers for name in _FORWARDED):
        raise HTTPException(403, "This request came through a proxy. Set POLAR_WEB_SECRET to let it in.")
    login.check_origin(request)


def _host(request: Request) -> str:
    """The name in the Host header, without port and brackets; '' where it is none."""
    named = _HOST.fullmatch(request.headers.get("host", "").lower())
    return "" if named is None else named[1] or named[2]
