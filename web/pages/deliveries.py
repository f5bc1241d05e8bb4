"""`/deliveries`: replies that wait or have failed, and updates that were set aside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from storage.readers import Readers
from storage.views.listings import MAX_COUNT, ListPage
from storage.views.queue_listings import count_queued, count_sent, dead_updates, failed, waiting
from web.clock import now_ms
from web.formats import number
from web.parameters import address, choice, keys
from web.rendering import page as rendered

VIEWS = {"waiting": "Waiting", "failed": "Failed", "dead": "Dead updates"}


async def page(request: Request) -> Response:
    """The deliveries that wait, or with `view` those that failed or were set aside."""
    readers = request.app.state.readers
    view = choice(request, "view", VIEWS) or "waiting"
    listing = await _listed(request, readers, view)
    counts = await count_queued(readers)
    return rendered(
        request,
        "deliveries.html",
        view=view,
        views=[
            {"label": label, "href": f"{request.url.path}?view={name}", "chosen": name == view}
            for name, label in VIEWS.items()
        ],
        tiles=_tiles(counts, await count_sent(readers)),
        rows=listing.rows,
        now_ms=now_ms(),
        first=address(request, before=None) if request.query_params.get("before") else None,
        next=address(request, before=listing.next) if listing.next is not None else None,
    )


async def _listed(request: Request, readers: Readers, view: str) -> ListPage[Any, Any]:
    if view == "dead":
        sequence = keys(request, "before", 1)
        return await (dead_updates(readers, before=sequence[0]) if sequence else dead_updates(readers))
    place = keys(request, "before", 2)
    at = None if place is None else (place[0], place[1])
    if view == "failed":
        return await (failed(readers, before=at) if at else failed(readers))
    return await (waiting(readers, after=at) if at else waiting(readers))


def _tiles(counts: Mapping[str, int], sent: int) -> list[dict[str, str]]:
    named = {"pending": "Pending", "sending": "Being sent", "failed": "Failed", "dead": "Dead updates"}
    tiles = [
        {"label": label, "value": _counted(counts[name]), "tone": _tone(name, counts[name])}
        for name, label in named.items()
    ]
    return [*tiles, {"label": "Sent", "value": number(sent), "note": "since the beginning"}]


def _tone(name: str, count: int) -> str:
    return "bad" if count and name in ("failed", "dead") else ""


def _counted(count: int) -> str:
    return number(count) if count <= MAX_COUNT else f"{number(MAX_COUNT)}+"
