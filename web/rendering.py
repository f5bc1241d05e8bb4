"""Pages from templates: every value is escaped, and what a template does not get is an error."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from storage import ids
from web import formats
from web.clock import now_ms

TEMPLATES = Path(__file__).resolve().parent / "templates"
SNIPPET = 200
"""Signs of a text that a table shows."""


def page(
    request: Request, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **context: Any
) -> Response:
    """The page that a template of web/templates makes."""
    shared = {
        "path": request.url.path,
        "navigation": request.app.state.navigation,
        "with_secret": bool(request.app.state.config.secret),
        "made_ms": now_ms(),
    }
    text = _environment.get_template(template).render({**shared, **context})
    return HTMLResponse(text, status_code=status, headers=headers)


def instant(ms: int | None) -> Markup:
    """An instant in milliseconds as UTC text that programs can read too."""
    if ms is None:
        return escape(formats.MISSING)
    text = formats.instant(ms)
    if text is None:
        return escape(ms)
    return Markup('<time datetime="{}">{}</time>').format(text, text[:-1].replace("T", " "))


def duration(ms: float | None) -> str:
    """Milliseconds in the two largest units."""
    return formats.MISSING if ms is None else formats.duration(ms)


def number(value: float | None) -> str:
    """With signs between the thousands."""
    return formats.MISSING if value is None else formats.number(value)


def usd(value: float | None) -> str:
    """US dollars."""
    return formats.MISSING if value is None else formats.usd(value)


def place(session_id: object) -> str:
    """A session by the number of its chat."""
    return ids.place_named(str(session_id))


def shown(text: object, limit: int = SNIPPET) -> Markup:
    """A text of anybody's: what would be unseen is named, what is too long is cut, neighbours stay as they are."""
    if text is None:
        return escape(formats.MISSING)
    whole = str(text)
    pieces = Markup().join(_piece(sign, name) for sign, name in formats.segments(whole[:limit]))
    if len(whole) <= limit:
        return Markup("<bdi>{}</bdi>").format(pieces)
    return Markup('<bdi title="{} signs in all">{}…</bdi>').format(formats.number(len(whole)), pieces)


def _piece(sign: str, name: str) -> Markup:
    if not name:
        return escape(sign)
    title = "line break" if name == "↵" else "tab" if name == "⇥" else unicodedata.name(sign, "a sign without a name")
    return Markup('<span class="mark" title="{}">{}</span>').format(title, name)


def _make_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "instant": instant,
        "duration": duration,
        "number": number,
        "usd": usd,
        "place": place,
        "shown": shown,
    }
    return environment


_environment = _make_environment()
