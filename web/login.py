"""Who may look: a session by log-in form, or the secret itself from a script."""

from __future__ import annotations

import hmac
import re
import secrets
from collections import OrderedDict
from enum import Enum
from urllib.parse import parse_qs, quote

from aiolimiter import AsyncLimiter
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from web.rendering import page

COOKIE = "polar_session"
SESSION_S = 12 * 3600
MAX_BODY_BYTES = 4096
TRIES_S = 60
"""The time in which wrong secrets are counted."""
REMEMBERED_ADDRESSES = 1_000
# No backslash, no blank: browsers make `//elsewhere` of them.
_LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*")


class Door(Enum):
    """A way in, and how many wrong secrets one address may give there in TRIES_S.

    They are counted apart, since behind a proxy all people and programs have one address: who guesses at the form locks
    out no monitoring system. A program gives the same wrong secret again and again, so it takes more of them.
    """

    FORM = 5
    BEARER = 60


class TooManyTries(HTTPException):
    """An address has given too many wrong secrets."""

    def __init__(self) -> None:
        super().__init__(429, "Too many wrong tries. Wait a minute, then try again.", {"Retry-After": str(TRIES_S)})


class Login:
    """Compares secrets, and signs sessions with a key of this process's own."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._tries: OrderedDict[tuple[Door, str], AsyncLimiter] = OrderedDict()
        self.end_sessions()

    def end_sessions(self) -> None:
        """No session that has begun is good any more, whoever kept a copy of its cookie."""
        self._signer = URLSafeTimedSerializer(secrets.token_bytes(32), salt="polar web session")

    @property
    def is_needed(self) -> bool:
        """True if there is a secret at all."""
        return bool(self._secret)

    async def admits(self, request: Request) -> bool:
        """True if a request bears the secret or a session that is still good; raises TooManyTries."""
        if not self.is_needed:
            return True
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return await self.knows(given.strip().encode("latin-1"), request, Door.BEARER)
        return self.has_session(request)

    def has_session(self, request: Request) -> bool:
        """True if a request bears the cookie of a session that is still good."""
        try:
            self._signer.loads(request.cookies.get(COOKIE, ""), max_age=SESSION_S)
        except BadSignature:
            return False
        return True

    async def knows(self, given: bytes, request: Request, door: Door) -> bool:
        """True if this is the secret; each wrong one counts against its sender there. Raises TooManyTries."""
        limiter = self._limiter(door, request.client.host if request.client else "")
        if not limiter.has_capacity():
            raise TooManyTries
        if hmac.compare_digest(given, self._secret):
            return True
        await limiter.acquire()
        return False

    def new_session(self) -> str:
        """A signed session that begins now."""
        return self._signer.dumps(secrets.token_urlsafe(9))

    def _limiter(self, door: Door, address: str) -> AsyncLimiter:
        limiter = self._tries.pop((door, address), None) or AsyncLimiter(door.value, TRIES_S)
        self._tries[door, address] = limiter
        if len(self._tries) > REMEMBERED_ADDRESSES:
            self._tries.popitem(last=False)
        return limiter


async def show(request: Request) -> Response:
    """The log-in form; whoever is in already is sent on."""
    login: Login = request.app.state.login
    after = _local(request.query_params.get("next", ""))
    if not login.is_needed or await login.admits(request):
        return RedirectResponse(after, 303)
    return _form(request, after)


async def enter(request: Request) -> Response:
    """Take the secret from the form; a session and the page that was asked for, or the form again."""
    login: Login = request.app.state.login
    fields = await _fields(request)
    after = _local(fields.get("next", ""))
    if not login.is_needed:
        return RedirectResponse(after, 303)
    if not await login.knows(fields.get("secret", "").encode(), request, Door.FORM):
        return _form(request, after, problem="That is not the secret.", status=401)
    response = RedirectResponse(after, 303)
    response.set_cookie(
        COOKIE,
        login.new_session(),
        max_age=SESSION_S,
        httponly=True,
        samesite="strict",
        secure=_came_by_https(request),
    )
    return response


async def leave(request: Request) -> Response:
    """End all sessions, if this is one: a cookie that somebody has copied is good for nothing from now on."""
    login: Login = request.app.state.login
    check_origin(request)
    if login.has_session(request):
        login.end_sessions()
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=_came_by_https(request))
    return response


def ask(request: Request) -> Response:
    """The answer to somebody who is not let in: a browser gets the form, a script a 401."""
    if "text/html" in request.headers.get("accept", ""):
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(target, safe='')}", 303)
    return Response(
        "401: send the dashboard's secret as Authorization: Bearer <POLAR_WEB_SECRET>\n",
        401,
        {"WWW-Authenticate": 'Bearer realm="polar"'},
        media_type="text/plain",
    )


def check_origin(request: Request) -> None:
    """Raise HTTPException 403 for what another site's page has sent.

    Our own pages send no referrer, for which browsers may say `Origin: null`; no session comes from elsewhere anyhow.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin", "null")
    if site is not None:
        is_ours = site in ("same-origin", "none")
    else:
        is_ours = origin == "null" or origin.partition("://")[2] == request.headers.get("host")
    if not is_ours:
        raise HTTPException(403, "This was sent by another site's page. Enter the dashboard's address by yourself.")


def _form(request: Request, after: str, *, problem: str = "", status: int = 200) -> Response:
    return page(request, "login.html", status=status, after=after, problem=problem)


async def _fields(request: Request) -> dict[str, str]:
    check_origin(request)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(413, "That is more than a log-in form sends.")
    try:
        return {name: values[-1] for name, values in parse_qs(body.decode(), max_num_fields=10).items()}
    except ValueError as error:
        raise HTTPException(400, "That is no log-in form.") from error


def _local(address: str) -> str:
    """An address of this site, or the overview's."""
    return address if _LOCAL.fullmatch(address) else "/"


def _came_by_https(request: Request) -> bool:
    # Whoever forges this header only gets a cookie that they cannot use.
    return "https" in (request.url.scheme, request.headers.get("x-forwarded-proto", "").strip().lower())
