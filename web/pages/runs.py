"""`/runs`: the ledger of runs and the task board."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from storage.views.listings import MAX_COUNT, NEWEST, SPAN
from storage.views.run_listings import SOURCES, STATUSES, TASK_STATUSES, count_tasks, runs, tasks
from web.formats import number
from web.parameters import address, choice, keys
from web.rendering import page as rendered

BOARD = "board"


async def page(request: Request) -> Response:
    """The ledger, or with `view=board` the tasks that are computed from it."""
    view = choice(request, "view", (BOARD,))
    views = [
        {"label": "Ledger", "href": request.url.path, "chosen": view is None},
        {"label": "Task board", "href": f"{request.url.path}?view={BOARD}", "chosen": view == BOARD},
    ]
    if view == BOARD:
        return await _board(request, views)
    return await _ledger(request, views)


async def _ledger(request: Request, views: list[dict[str, object]]) -> Response:
    source, status = choice(request, "source", SOURCES), choice(request, "status", STATUSES)
    before = keys(request, "before", 1)
    listing = await runs(
        request.app.state.readers, before=before[0] if before else NEWEST, source=source, status=status
    )
    return rendered(
        request,
        "runs.html",
        views=views,
        runs=listing,
        filters={"source": (source, SOURCES), "status": (status, STATUSES)},
        span=SPAN,
        newer=address(request, before=None) if before else None,
        older=address(request, before=listing.next) if listing.next is not None else None,
    )


async def _board(request: Request, views: list[dict[str, object]]) -> Response:
    readers = request.app.state.readers
    status, before = choice(request, "status", TASK_STATUSES), keys(request, "before", 1)
    counts = await count_tasks(readers)
    listing = await tasks(readers, before=before[0] if before else NEWEST, status=status)
    return rendered(
        request,
        "tasks.html",
        views=views,
        tasks=listing.rows,
        tiles=[_tile(name, counts[name]) for name in TASK_STATUSES],
        choices=[
            {"label": name or "all", "href": address(request, status=name, before=None), "chosen": name == status}
            for name in (None, *TASK_STATUSES)
        ],
        newer=address(request, before=None) if before else None,
        older=address(request, before=listing.next) if listing.next is not None else None,
    )


def _tile(status: str, count: int) -> dict[str, str]:
    value = number(count) if count <= MAX_COUNT else f"{number(MAX_COUNT)}+"
    return {"label": status.capitalize(), "value": value}
