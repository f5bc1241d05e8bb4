"""`/memory`: what the bot remembers of everybody, searched."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from storage.ids import session_id_of
from storage.views.listings import NEWEST, SPAN
from storage.views.memory_listings import memories
from web.parameters import address, keys, words
from web.rendering import page as rendered

_CHAT = re.compile(r"-?[0-9]{1,19}")


async def page(request: Request) -> Response:
    """Memories with all of the words `q`, of a session or a user where one is given."""
    wanted = {name: words(request, name) for name in ("q", "session", "user")}
    before = keys(request, "before", 1)
    listing = await memories(
        request.app.state.readers,
        text=wanted["q"],
        session=_session(wanted["session"]),
        user=wanted["user"] or None,
        before=before[0] if before else NEWEST,
    )
    return rendered(
        request,
        "memory.html",
        wanted=wanted,
        memories=[memory for memory, _ in listing.rows],
        is_cut=listing.is_cut,
        span=SPAN,
        newer=address(request, before=None) if before else None,
        older=address(request, before=listing.next) if listing.next is not None else None,
    )


def _session(chat: str) -> str | None:
    """A chat as the page shows it, its number, or as the database has it."""
    return session_id_of(int(chat)) if _CHAT.fullmatch(chat) else chat or None
