"""What the page's server answers with, and what it lets a browser do."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from ..people import Json

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def answered(result: Any, status: int = 200) -> Response:
    """A result as JSON."""
    return Response(json.dumps(result), status, media_type="application/json", headers=HEADERS)


def refused(status: int, reason: str) -> Response:
    """What was wrong, as JSON."""
    error: Json = {"error": reason}
    return answered(error, status)
