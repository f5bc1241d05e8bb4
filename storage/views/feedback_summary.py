"""A summary of the ledger for one session lately: totals, emoji, the replies liked best and least, automations."""

from __future__ import annotations

from dataclasses import dataclass

from storage.ids import sql_is_sent, sql_telegram_message_id
from storage.indexed import EVENT_AUTOMATION
from storage.readers import Readers
from storage.statement import Rows, Value
from storage.totals import Totals

MOST_EVENTS = 10_000
"""The newest events that are looked at."""
SHOWN = 5
SNIPPET = 200
"""Characters of a reply."""

_RECENT = f"""
WITH recent AS (
  SELECT emoji, polarity, messageId, {EVENT_AUTOMATION} AS automationId,
    CASE type WHEN 'reaction_added' THEN 1 ELSE -1 END AS change
  FROM polar_feedback_events INDEXED BY polar_feedback_session
  WHERE sessionId = :session AND createdAtMs >= :since AND type IN ('reaction_added', 'reaction_removed')
  ORDER BY createdAtMs DESC LIMIT {MOST_EVENTS}
)
"""
_SUM = "coalesce(sum(change) FILTER (WHERE polarity = '{}'), 0)"
_SUMS = ", ".join(map(_SUM.format, ("positive", "negative", "neutral")))
_TOTALS = f"{_RECENT} SELECT count(*), {_SUMS} FROM recent"
_EMOJI = f"""
{_RECENT} SELECT emoji, sum(change) AS total FROM recent WHERE emoji IS NOT NULL
GROUP BY emoji HAVING sum(change) > 0 ORDER BY total DESC, emoji LIMIT {SHOWN}
"""
_AUTOMATIONS = f"""
{_RECENT} SELECT automationId, {_SUMS} FROM recent WHERE automationId IS NOT NULL
GROUP BY automationId ORDER BY count(*) DESC, automationId LIMIT {SHOWN}
"""
# Of ours only, whose ids are made of Telegram's.
_REPLIES = f"""
{_RECENT} SELECT messageId, up, down,
  (SELECT substr(m.text, 1, {SNIPPET}) FROM polar_messages AS m INDEXED BY polar_messages_telegram
    WHERE m.sessionId = :session AND m.telegramMessageId = {sql_telegram_message_id("found.messageId")}
    AND m.telegramMessageId IS NOT NULL AND m.role = 'assistant')
FROM (
  SELECT messageId, {_SUM.format("positive")} AS up, {_SUM.format("negative")} AS down
  FROM recent WHERE {sql_is_sent("messageId")} GROUP BY messageId
) AS found
WHERE (up - down) * :sign > 0 ORDER BY (up - down) * :sign DESC, messageId DESC LIMIT {SHOWN}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedReply:
    """One of our messages. `snippet` is empty where its text is gone."""

    message_id: str
    positive: int
    negative: int
    snippet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackSummary:
    """Additions minus removals; `events` is how many of both were looked at."""

    events: int
    totals: Totals
    emoji: tuple[tuple[str, int], ...]
    best: tuple[RatedReply, ...]
    worst: tuple[RatedReply, ...]
    automations: tuple[tuple[str, Totals], ...]


class FeedbackSummaries:
    """Summaries of a session's newest events."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def of(self, session_id: str, *, since_ms: int) -> FeedbackSummary:
        """All that happened from an instant on."""
        key: dict[str, Value] = {"session": session_id, "since": since_ms}
        [totals] = await self._readers.fetch(_TOTALS, key)
        emoji = await self._readers.fetch(_EMOJI, key)
        automations = await self._readers.fetch(_AUTOMATIONS, key)
        return FeedbackSummary(
            events=totals[0],
            totals=Totals(*totals[1:4]),
            emoji=tuple((row[0], row[1]) for row in emoji),
            best=_rated(await self._readers.fetch(_REPLIES, {**key, "sign": 1})),
            worst=_rated(await self._readers.fetch(_REPLIES, {**key, "sign": -1})),
            automations=tuple((str(row[0]), Totals(*row[1:4])) for row in automations),
        )


def _rated(rows: Rows) -> tuple[RatedReply, ...]:
    return tuple(RatedReply(message_id=row[0], positive=row[1], negative=row[2], snippet=row[3] or "") for row in rows)
