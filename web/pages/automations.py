"""`/automations`: what people opted into, and what the operator has looked after."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from storage.views.job_listings import FEEDBACK_DAYS, jobs, policies
from storage.views.listings import NEWEST
from web.clock import now_ms
from web.parameters import address, choice, keys
from web.rendering import page as rendered

STATES = {"enabled": True, "paused": False}
OVERDUE_MS = 60_000
"""The lateness of an occurrence from which on the page says so."""


async def page(request: Request) -> Response:
    """Automations, newest first; on the first page the heartbeat policies too."""
    readers = request.app.state.readers
    state, before = choice(request, "state", STATES), keys(request, "before", 1)
    listing = await jobs(
        readers,
        now_ms=now_ms(),
        before=before[0] if before else NEWEST,
        enabled=STATES[state] if state else None,
    )
    return rendered(
        request,
        "automations.html",
        jobs=listing.rows,
        policies=[] if before else await policies(readers),
        choices=[
            {"label": name or "all", "href": address(request, state=name, before=None), "chosen": name == state}
            for name in (None, *STATES)
        ],
        feedback_days=FEEDBACK_DAYS,
        late_ms=now_ms() - OVERDUE_MS,
        newer=address(request, before=None) if before else None,
        older=address(request, before=listing.next) if listing.next is not None else None,
    )
