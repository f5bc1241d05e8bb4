"""The answers in place of a page that cannot be shown: plain words, and nothing of the inside."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from storage.errors import DatabaseUnusable
from web.headers import HEADERS
from web.rendering import page

log = logging.getLogger("polar.web")

_WORDS = {
    404: "There is no such page.",
    405: "This address takes no such request: the dashboard only shows.",
}


def refused(request: Request, error: Exception) -> Response:
    """An answer to a request that is wrong."""
    assert isinstance(error, HTTPException)
    said = error.detail if error.detail != HTTPStatus(error.status_code).phrase else ""
    words = said or _WORDS.get(error.status_code, "This request cannot be answered.")
    return _page(request, error.status_code, words, error.headers)


def unavailable(request: Request, error: Exception) -> Response:
    """503 with what to do, while the database cannot be read."""
    log.warning("the database cannot be read: %s", error)
    if isinstance(error, DatabaseUnusable):
        words = f"The database cannot be read: {error}. Then load this page again."
    else:
        words = "The database could not be read just now. Load this page again; if it stays so, run polar db check."
    return _page(request, 503, words, {"Retry-After": "5"})


def gone(request: Request, error: Exception) -> Response:
    """The client has left within its request: nobody reads an answer, and it is no mistake of ours."""
    return Response()


def failed(request: Request, error: Exception) -> Response:
    """500 for a mistake of ours; the server logs it."""
    # Starlette calls this outside of all middleware, so that they are not on it yet.
    return _page(request, 500, "This page could not be made. The log of polar web says why.", HEADERS)


def _page(request: Request, status: int, words: str, headers: Mapping[str, str] | None) -> Response:
    wants_page = "text/html" in request.headers.get("accept", "text/html")
    if not wants_page:
        return Response(f"{status}: {words}\n", status, headers, media_type="text/plain")
    return page(request, "error.html", status=status, headers=headers, heading=HTTPStatus(status).phrase, words=words)
