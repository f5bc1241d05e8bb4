"""People's opinion: over time, by emoji, automation and personality, and the replies they liked least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from storage.totals import Totals
from storage.views import statistics
from storage.views.statistics import EmojiTotals
from web import formats
from web.charts import reactions_chart
from web.clock import now_ms
from web.rendering import page as render
from web.rendering import shown

SPANS = (30, 90, 365)
"""Days that may be asked for; the first is shown unasked."""
MAX_ROWS = 20
_TONES = {"positive": "ok", "negative": "bad"}


async def page(request: Request) -> Response:
    """The feedback of the last `days` UTC days; raises HTTPException 400 for another number than SPANS has."""
    span = _span(request.query_params.get("days", str(SPANS[0])))
    readers = request.app.state.readers
    days = formats.days_back(now_ms(), span)
    since = days[0]
    by_day = await statistics.reactions_by_day(readers, since=since)
    return render(
        request,
        "feedback.html",
        spans=[{"label": f"{one} days", "href": f"/feedback?days={one}", "chosen": one == span} for one in SPANS],
        chart=reactions_chart(days, [by_day.get(day, Totals()) for day in days]),
        tiles=_tiles(by_day),
        emoji=_bars(await statistics.feedback_by_emoji(readers, since=since, limit=MAX_ROWS)),
        automations=await statistics.feedback_by_automation(readers, since=since, limit=MAX_ROWS),
        profiles=await statistics.feedback_by_profile(readers, since=since, limit=MAX_ROWS),
        worst=await statistics.worst_replies(readers, since_ms=formats.start_ms(since), limit=MAX_ROWS),
        max_rows=MAX_ROWS,
    )


def _span(text: str) -> int:
    if text not in map(str, SPANS):
        raise HTTPException(400, f"days must be one of {', '.join(map(str, SPANS))}.")
    return int(text)


def _tiles(by_day: Mapping[str, Totals]) -> list[dict[str, str]]:
    positive, negative, neutral = (
        max(0, sum(getattr(day, name) for day in by_day.values())) for name in ("positive", "negative", "neutral")
    )
    judged = positive + negative
    share = f"{100 * positive / judged:.0f}%" if judged else formats.MISSING
    return [
        {"label": "Approving", "value": formats.number(positive)},
        {"label": "Disapproving", "value": formats.number(negative)},
        {"label": "Neutral", "value": formats.number(neutral)},
        {"label": "Approval", "value": share, "note": "of those that are not neutral"},
    ]


def _bars(totals: Sequence[EmojiTotals]) -> list[dict[str, object]]:
    most = max((one.count for one in totals), default=1)
    return [
        {
            "label": shown(one.emoji or "no emoji", 40),
            "value": formats.number(one.count),
            "share": one.count / most,
            "tone": _TONES.get(one.polarity, "quiet"),
        }
        for one in totals
    ]
