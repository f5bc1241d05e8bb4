"""The page of figures: what came and went, what people thought of it, what waits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response

from storage import engines
from storage.attendance import Attendance
from storage.totals import Totals
from storage.views import statistics
from storage.views.listings import MAX_COUNT
from storage.views.metrics import last_poll_ms
from storage.views.statistics import BudgetUse, QueueDepth, ReplyTimes
from web import formats
from web.charts import Chart, Series, columns, reactions_chart
from web.clock import now_ms
from web.rendering import page as render
from web.rendering import shown

DAYS, WEEK = 30, 7
OVERDUE_MS = 60_000
SILENT_MS = 5 * 60_000
"""For how long Telegram may be silent; half a minute of it is how rarely the bot notes it."""
MAX_BUDGETS = 12
NEARLY = 0.8
Tile = dict[str, str]


async def page(request: Request) -> Response:
    """The overview."""
    readers, now = request.app.state.readers, now_ms()
    days = formats.days_back(now, DAYS)
    by_day = await statistics.messages_by_day(readers, since=days[0])
    reactions_by_day = await statistics.reactions_by_day(readers, since=days[0])
    messages = [by_day.get(day, (0, 0)) for day in days]
    reactions = [reactions_by_day.get(day, Totals()) for day in days]
    activity = [
        _message_tile(messages),
        _reaction_tile(reactions),
        _reply_tile(await statistics.reply_times(readers)),
        _poll_tile(await last_poll_ms(readers), now),
        *_worker_tiles(await asyncio.to_thread(engines.attendance, request.app.state.config.database), now),
    ]
    queues = _queue_tiles(await statistics.waiting(readers, now_ms=now, overdue_ms=now - OVERDUE_MS))
    budgets = await statistics.budgets(readers, now_ms=now, limit=MAX_BUDGETS)
    return render(
        request,
        "overview.html",
        activity=activity,
        queues=queues,
        charts=[_message_chart(days, messages), reactions_chart(days, reactions)],
        budgets=[_bar(budget) for budget in budgets],
    )


def _message_chart(days: Sequence[str], messages: Sequence[tuple[int, int]]) -> Chart:
    return columns(
        "messages",
        f"Messages, {len(days)} days",
        days,
        [
            Series(name="received", colour="in", values=[received for received, _ in messages]),
            Series(name="written", colour="out", values=[written for _, written in messages]),
        ],
    )


def _message_tile(messages: Sequence[tuple[int, int]]) -> Tile:
    week = sum(sum(day) for day in messages[-WEEK:])
    return {
        "label": "Messages today",
        "value": formats.number(sum(messages[-1])),
        "note": f"{formats.number(week)} in {WEEK} days",
    }


def _reaction_tile(reactions: Sequence[Totals]) -> Tile:
    up, down = (
        sum(counts) for counts in zip(*((day.positive, day.negative) for day in reactions[-WEEK:]), strict=True)
    )
    today = reactions[-1]
    return {
        "label": "Reactions today",
        "value": f"+{formats.number(today.positive)} −{formats.number(today.negative)}",
        "note": f"+{formats.number(up)} −{formats.number(down)} in {WEEK} days",
        "href": "/feedback",
    }


def _reply_tile(times: ReplyTimes) -> Tile:
    if times.median_ms is None or times.p95_ms is None:
        return {"label": "Time to reply", "value": formats.MISSING, "note": "no replies yet"}
    return {
        "label": "Time to reply",
        "value": formats.duration(times.median_ms),
        "note": f"median; 95% within {formats.duration(times.p95_ms)} (last {formats.number(times.count)})",
    }


def _poll_tile(last_ms: int | None, now: int) -> Tile:
    if last_ms is None:
        return {"label": "Since Telegram was heard", "value": formats.MISSING, "note": "the bot has not run yet"}
    silent_ms = max(0, now - last_ms)
    return {
        "label": "Since Telegram was heard",
        "value": formats.duration(silent_ms),
        "tone": "warn" if silent_ms > SILENT_MS else "ok",
    }


def _worker_tiles(attendance: Attendance | None, now: int) -> Iterator[Tile]:
    """Where others can take over: who is active since when, and who stands by."""
    if attendance is None:
        return
    count, active = len(attendance.standbys), attendance.active
    standbys = f"standing by: {', '.join(attendance.standbys)}" if count else "nobody stands by"
    if active is None:
        yield {"label": "Active process", "value": formats.MISSING, "note": standbys, "tone": "bad"}
    else:
        since = formats.duration(max(0, now - active.since_ms))
        yield {"label": "Active process", "value": since, "note": f"{active.name}; {standbys}", "tone": "ok"}


def _queue_tiles(waiting: QueueDepth) -> list[Tile]:
    late = f"{_count(waiting.overdue)} for over a minute" if waiting.overdue else ""
    return [
        {"label": "Updates waiting", "value": _count(waiting.updates)},
        {"label": "Deliveries waiting", "value": _count(waiting.deliveries), "href": "/deliveries"},
        {"label": "Automations due", "value": _count(waiting.due), "href": "/automations", "note": late}
        | ({"tone": "warn"} if late else {}),
        {"label": "Deliveries failed", "value": _count(waiting.failed), "href": "/deliveries"}
        | ({"tone": "bad"} if waiting.failed else {}),
        {"label": "Updates set aside", "value": _count(waiting.dead), "href": "/deliveries"}
        | ({"tone": "bad"} if waiting.dead else {}),
    ]


def _count(count: int) -> str:
    return f"over {formats.number(MAX_COUNT)}" if count > MAX_COUNT else formats.number(count)


def _bar(budget: BudgetUse) -> dict[str, object]:
    share = budget.spent_usd / budget.limit_usd if budget.limit_usd > 0 else 1.0
    tone = "bad" if share >= 1 else "warn" if share >= NEARLY else ""
    return {
        "label": shown(f"{budget.scope} {budget.target_id}".strip(), 60),
        "value": f"{formats.usd(budget.spent_usd)} of {formats.usd(budget.limit_usd)}",
        "share": min(1.0, max(0.0, share)),
        "tone": tone,
        "note": "" if budget.blocks else "warns only",
    }
