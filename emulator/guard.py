"""Whom the server answers: programs of this machine, and its own page."""

from __future__ import annotations

import contextlib
import ipaddress

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_ELSEWHERE = frozenset({"cross-site", "same-site"})


def is_loopback(name: str) -> bool:
    """True if a host's name or address is this machine."""
    with contextlib.suppress(ValueError):
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    return False


def check_loopback(host: str) -> None:
    """Errors: ValueError unless the host is a loopback address or localhost."""
    if not is_loopback(host):
        raise ValueError(f"{host} is not a loopback address: this server is for this machine only")


class Guard:
    """Stands before everything else, since any page in a browser can send requests to loopback.

    421 for a name in the Host header that is not loopback's, 403 for what the page of another site sends.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by itself what is not let through."""
        request = Request(scope, receive)
        if not is_loopback(_host(request)):
            answer: ASGIApp = PlainTextResponse("This server answers to localhost only.\n", 421)
        elif _is_foreign(request):
            answer = PlainTextResponse("This server does not take requests of other sites' pages.\n", 403)
        else:
            answer = self._app
        await answer(scope, receive, send)


def _host(request: Request) -> str:
    """The name in the Host header, without port and brackets."""
    host = request.headers.get("host", "").lower()
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _is_foreign(request: Request) -> bool:
    """True if another site's page sends this; to follow a link to the page is allowed."""
    origin = request.headers.get("origin")
    if origin is not None and origin.lower() != f"http://{request.headers.get('host', '').lower()}":
        return True
    follows_link = request.method == "GET" and request.url.path == "/"
    return request.headers.get("sec-fetch-site") in _ELSEWHERE and not (
        follows_link and request.headers.get("sec-fetch-mode") == "navigate"
    )
