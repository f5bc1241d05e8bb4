"""HTTP answers, in bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .errors import ApiError


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer that goes back over HTTP; status 0 means that none does, and the connection is aborted."""

    status: int
    body: bytes
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Serialised:
    """A result that is JSON already (`body`), with the short form kept in `Call.result`."""

    body: bytes
    summary: Any


CUT = Reply(0, b"")


def ok(result: Any) -> Reply:
    """The envelope of a success."""
    body = result.body if isinstance(result, Serialised) else json.dumps(result).encode()
    return Reply(200, b'{"ok":true,"result":' + body + b"}")


def refusal(error: ApiError) -> Reply:
    """The envelope of a refusal: ok, error_code, description and, if any, parameters."""
    envelope: dict[str, Any] = {"ok": False, "error_code": error.status, "description": error.description}
    if error.parameters is not None:
        envelope["parameters"] = error.parameters
    return Reply(error.status, json.dumps(envelope).encode())


def html(status: int, title: str) -> Reply:
    """The page of a proxy in front of the API."""
    page = f"<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>{status} {title}</body>\r\n</html>\r\n"
    return Reply(status, page.encode(), "text/html")
