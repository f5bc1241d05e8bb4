"""The parameters of a page's address, checked, and the addresses that lead on from it."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request

from storage.views.listings import NEWEST

MAX_WORDS = 500
_KEY = re.compile(r"-?[0-9]{1,19}")


def choice(request: Request, name: str, allowed: Collection[str]) -> str | None:
    """One of the allowed values, None when nothing is chosen; 400 for anything else."""
    value = request.query_params.get(name) or None
    if value is not None and value not in allowed:
        raise HTTPException(400, f"“{name}” is one of {', '.join(allowed)}, or is left out.")
    return value


def words(request: Request, name: str) -> str:
    """The words typed, without the blanks around them; 400 for more than MAX_WORDS signs."""
    value = request.query_params.get(name, "").strip()
    if len(value) > MAX_WORDS:
        raise HTTPException(400, f"“{name}” takes {MAX_WORDS} signs at most.")
    return value


def keys(request: Request, name: str, count: int) -> tuple[int, ...] | None:
    """So many numbers with dots between them, as `address` wrote them: where a list goes on. None for its beginning."""
    value = request.query_params.get(name)
    if not value:
        return None
    parts = value.split(".")
    if len(parts) != count or not all(_KEY.fullmatch(part) and abs(int(part)) <= NEWEST for part in parts):
        raise HTTPException(400, f"“{name}” is no place in this list. Begin at its first page.")
    return tuple(map(int, parts))


def address(request: Request, **changes: str | int | tuple[int, ...] | None) -> str:
    """This page with other parameters; None takes one out."""
    kept = {**request.query_params, **{name: _written(value) for name, value in changes.items()}}
    query = urlencode({name: value for name, value in kept.items() if value})
    return f"{request.url.path}?{query}" if query else request.url.path


def _written(value: str | int | tuple[int, ...] | None) -> str:
    if isinstance(value, tuple):
        return ".".join(map(str, value))
    return "" if value is None else str(value)
