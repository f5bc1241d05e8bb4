"""`/spend`: what calls of models have cost, over time and by model, person and chat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from storage.views.spend import Spend, spend
from web import formats
from web.charts import Chart, Series, columns
from web.clock import now_ms
from web.rendering import page as render

SPANS = (30, 90, 365)
"""Days that may be asked for; the first is shown unasked."""
MAX_ROWS = 20


async def page(request: Request) -> Response:
    """The spending of the last `days` UTC days; raises HTTPException 400 for another number than SPANS has."""
    span = _span(request.query_params.get("days", str(SPANS[0])))
    readers = request.app.state.readers
    days = formats.days_back(now_ms(), span)
    by_day = {one.name: one for one in await spend(readers, "day", since=days[0])}
    return render(
        request,
        "spend.html",
        spans=[{"label": f"{one} days", "href": f"/spend?days={one}", "chosen": one == span} for one in SPANS],
        tiles=_tiles(by_day, days),
        chart=_chart(days, by_day),
        models=await spend(readers, "model", since=days[0], limit=MAX_ROWS),
        people=await spend(readers, "user", since=days[0], limit=MAX_ROWS),
        chats=await spend(readers, "session", since=days[0], limit=MAX_ROWS),
        max_rows=MAX_ROWS,
    )


def _span(text: str) -> int:
    if text not in map(str, SPANS):
        raise HTTPException(400, f"days must be one of {', '.join(map(str, SPANS))}.")
    return int(text)


def _tiles(by_day: Mapping[str, Spend], days: Sequence[str]) -> list[dict[str, str]]:
    there = by_day.values()
    calls, unpriced = sum(one.calls for one in there), sum(one.unpriced for one in there)
    today = by_day.get(days[-1])
    took = formats.duration(sum(one.latency_ms for one in there) / calls) if calls else formats.MISSING
    return [
        {"label": "Spent today", "value": formats.usd(today.usd if today else 0)},
        {
            "label": f"Spent in {len(days)} days",
            "value": formats.usd(sum(one.usd for one in there)),
            "note": f"without {formats.number(unpriced)} calls of unknown price" if unpriced else "",
        },
        {
            "label": "Calls",
            "value": formats.number(calls),
            "note": f"{formats.number(sum(one.unanswered for one in there))} without an answer",
        },
        {
            "label": "Tokens",
            "value": formats.number(sum(one.input_tokens + one.output_tokens for one in there)),
            "note": f"{formats.number(sum(one.output_tokens for one in there))} of them made by models",
        },
        {"label": "Time of a call", "value": took, "note": "on average"},
    ]


def _chart(days: Sequence[str], by_day: Mapping[str, Spend]) -> Chart:
    there = [by_day.get(day) for day in days]
    return columns(
        "calls",
        f"Calls of models, {len(days)} days",
        days,
        [
            Series(name="answered", colour="in", values=[one.calls - one.unanswered if one else 0 for one in there]),
            Series(name="unanswered", colour="negative", values=[one.unanswered if one else 0 for one in there]),
        ],
    )
