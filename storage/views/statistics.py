"""The view behind the overview and the feedback page: daily totals, and short walks over small indexes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from storage.balances import SPENT
from storage.ids import FIRST_REPLIES, sql_answered_update_id, sql_is_received, sql_telegram_message_id
from storage.indexed import field
from storage.readers import Readers
from storage.totals import Totals
from storage.views.listings import SPAN, count_up

RECENT_REPLIES = 1_000
"""Of so many sendings the times to reply are taken."""
_NET = ", ".join(
    f"coalesce(sum(added - removed) FILTER (WHERE polarity = '{polarity}'), 0)"
    for polarity in ("positive", "negative", "neutral")
)
_REPLIES = f"""
SELECT updatedAtMs - (SELECT receivedAtMs FROM polar_updates WHERE updateId = {sql_answered_update_id("deliveryId")})
FROM (
  SELECT deliveryId, updatedAtMs FROM polar_delivery_queue INDEXED BY polar_delivery_status
  WHERE status = 'sent' ORDER BY createdAtMs DESC LIMIT {RECENT_REPLIES}) AS found
WHERE deliveryId LIKE '{FIRST_REPLIES}'
"""
# The earlier runtime left rows of its own in `retry`; ours tell their instant.
_DUE = f"""
SELECT 1 FROM polar_scheduler_events INDEXED BY polar_scheduler_due
WHERE queue IN ('scheduled', 'retry') AND sequence <= :due
AND {field("payload", "atMs")} IS NOT NULL
"""
_OPEN = "SELECT 1 FROM polar_delivery_queue INDEXED BY polar_delivery_status WHERE status IN ('pending', 'sending')"
_FAILED = "SELECT 1 FROM polar_delivery_queue INDEXED BY polar_delivery_status WHERE status = 'failed'"
_PENDING = "SELECT 1 FROM polar_updates INDEXED BY polar_updates_pending WHERE status = 'pending'"
_DEAD = "SELECT 1 FROM polar_updates INDEXED BY polar_updates_dead WHERE status = 'dead'"
# A message's id holds Telegram's, by which it is found; what people wrote is no reply of ours.
WORST = f"""
SELECT worst.sessionId, worst.messageId, worst.net, worst.last, message.text,
  {field("message.origin", "automationId")}
FROM (
  SELECT sessionId, messageId, sum(CASE type WHEN 'reaction_added' THEN 1 ELSE -1 END) AS net, max(createdAtMs) AS last
  FROM (
    SELECT sessionId, messageId, type, createdAtMs FROM polar_feedback_events INDEXED BY polar_feedback_negative
    WHERE polarity = 'negative' AND createdAtMs >= :since ORDER BY createdAtMs DESC LIMIT {SPAN}) AS found
  WHERE type IN ('reaction_added', 'reaction_removed') AND NOT {sql_is_received("messageId")}
  GROUP BY sessionId, messageId HAVING sum(CASE type WHEN 'reaction_added' THEN 1 ELSE -1 END) > 0
  ORDER BY net DESC, last DESC, sessionId, messageId LIMIT :limit
) AS worst
LEFT JOIN polar_messages AS message ON message.sessionId = worst.sessionId
  AND message.telegramMessageId = {sql_telegram_message_id("worst.messageId")} AND message.messageId = worst.messageId
ORDER BY worst.net DESC, worst.last DESC, worst.sessionId, worst.messageId
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyTimes:
    """From the receipt of an update until its first reply had arrived, in milliseconds; None where there is none."""

    count: int
    median_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDepth:
    """The numbers of what is open or lies about; each counted no further than MAX_COUNT."""

    updates: int
    deliveries: int
    failed: int
    due: int
    overdue: int
    dead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetUse:
    """A budget in US dollars; one that does not block only warns."""

    scope: str
    target_id: str
    limit_usd: float
    spent_usd: float
    blocks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EmojiTotals:
    """The times that a reaction was given, less those that it was taken back. '' is a reaction without an emoji."""

    emoji: str
    polarity: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectTotals:
    """The feedback of an automation or a profile; `text` its prompt or name, None when it is gone."""

    id: str
    text: str | None
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class DislikedReply:
    """A reply that was disapproved of: `count` of those that stand; `text` None when it is no longer stored."""

    session_id: str
    message_id: str
    count: int
    last_ms: int
    text: str | None
    automation_id: str | None


async def messages_by_day(readers: Readers, *, since: str) -> dict[str, tuple[int, int]]:
    """Messages received and written on each UTC day from `since` on that had any."""
    rows = await readers.fetch(
        "SELECT day, coalesce(sum(count) FILTER (WHERE role = 'user'), 0), "
        "coalesce(sum(count) FILTER (WHERE role = 'assistant'), 0) FROM polar_daily_messages "
        "WHERE day >= ? GROUP BY day ORDER BY day",
        (since,),
    )
    return {row[0]: (row[1], row[2]) for row in rows}


async def reactions_by_day(readers: Readers, *, since: str) -> dict[str, Totals]:
    """Reactions on each UTC day from `since` on that had any: given less taken back, so a day's may be below 0."""
    rows = await readers.fetch(
        f"SELECT day, {_NET} FROM polar_daily_feedback WHERE day >= ? GROUP BY day ORDER BY day",
        (since,),
    )
    return {row[0]: _totals(row[1:]) for row in rows}


async def reply_times(readers: Readers) -> ReplyTimes:
    """Of the newest RECENT_REPLIES that were sent, those that answer somebody."""
    took = sorted(max(0, row[0]) for row in await readers.fetch(_REPLIES) if row[0] is not None)
    if not took:
        return ReplyTimes(count=0, median_ms=None, p95_ms=None)
    return ReplyTimes(count=len(took), median_ms=median(took), p95_ms=took[(len(took) * 95 + 99) // 100 - 1])


async def waiting(readers: Readers, *, now_ms: int, overdue_ms: int) -> QueueDepth:
    """The numbers of what is open now. `overdue` is what was due before `overdue_ms`."""
    return QueueDepth(
        updates=await count_up(readers, _PENDING),
        deliveries=await count_up(readers, _OPEN),
        failed=await count_up(readers, _FAILED),
        due=await count_up(readers, _DUE, {"due": now_ms}),
        overdue=await count_up(readers, _DUE, {"due": overdue_ms}),
        dead=await count_up(readers, _DEAD),
    )


async def budgets(readers: Readers, *, now_ms: int, limit: int) -> list[BudgetUse]:
    """Those most used up first."""
    rows = await readers.fetch(
        "SELECT scope, targetId, CAST(maxLimitUsd AS REAL), CAST(spent AS REAL), blocks "
        f"FROM ({SPENT}) AS budget "
        "ORDER BY spent / max(maxLimitUsd, 1e-9) DESC, scope, targetId LIMIT :limit",
        {"now": now_ms, "limit": limit},
    )
    return [
        BudgetUse(scope=row[0], target_id=row[1], limit_usd=row[2], spent_usd=row[3], blocks=bool(row[4]))
        for row in rows
    ]


async def feedback_by_emoji(readers: Readers, *, since: str, limit: int) -> list[EmojiTotals]:
    """The most frequent first, of the UTC days from `since` on."""
    rows = await readers.fetch(
        "SELECT emoji, polarity, sum(added - removed) FROM polar_daily_feedback WHERE day >= ? "
        "GROUP BY emoji, polarity HAVING sum(added - removed) > 0 ORDER BY 3 DESC, emoji, polarity LIMIT ?",
        (since, limit),
    )
    return [EmojiTotals(emoji=row[0], polarity=row[1], count=row[2]) for row in rows]


async def feedback_by_automation(readers: Readers, *, since: str, limit: int) -> list[SubjectTotals]:
    """Those with the most feedback first."""
    return await _by_subject(readers, "automationId", "polar_automation_jobs", "id", "promptTemplate", since, limit)


async def feedback_by_profile(readers: Readers, *, since: str, limit: int) -> list[SubjectTotals]:
    """Those with the most feedback first."""
    return await _by_subject(readers, "profileId", "polar_personality_profiles", "profileId", "name", since, limit)


async def _by_subject(
    readers: Readers, column: str, table: str, key: str, text: str, since: str, limit: int
) -> list[SubjectTotals]:
    rows = await readers.fetch(
        f"SELECT found.*, subject.{text} FROM ("
        f"SELECT {column} AS id, {_NET}, sum(added - removed) AS total FROM polar_daily_feedback "
        f"WHERE day >= ? AND {column} <> '' GROUP BY {column} ORDER BY total DESC, {column} LIMIT ?"
        f") AS found LEFT JOIN {table} AS subject ON subject.{key} = found.id ORDER BY found.total DESC, found.id",
        (since, limit),
    )
    return [SubjectTotals(id=row[0], text=row[5], totals=_totals(row[1:4])) for row in rows]


async def worst_replies(readers: Readers, *, since_ms: int, limit: int) -> list[DislikedReply]:
    """Those with the most disapproval that was given since and stands; among equals, the latest.

    It is counted in the newest SPAN events of disapproval.
    """
    return [
        DislikedReply(
            session_id=row[0],
            message_id=row[1],
            count=row[2],
            last_ms=row[3],
            text=row[4],
            automation_id=None if row[5] is None else str(row[5]),
        )
        for row in await readers.fetch(WORST, {"since": since_ms, "limit": limit})
    ]


def _totals(net: Sequence[int]) -> Totals:
    positive, negative, neutral = net
    return Totals(positive=positive, negative=negative, neutral=neutral)
