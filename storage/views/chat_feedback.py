"""The view behind /feedback: a chat's newest reactions, and the totals that are kept as reactions are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from storage.json_text import read_object
from storage.readers import Readers
from storage.statement import Row
from storage.totals import Totals

LATEST_OF = 1_000
"""Among so many newest events of a chat, commands included, one looks for its newest reactions."""

Grouping = Literal["day", "message", "automation", "profile"]
_COLUMNS = "id, type, sessionId, messageId, emoji, polarity, payload, createdAtMs"
_NEWEST = f"""
SELECT rowid AS entered, {_COLUMNS} FROM polar_feedback_events INDEXED BY polar_feedback_session
WHERE sessionId = :session ORDER BY createdAtMs DESC, rowid DESC LIMIT {LATEST_OF}
"""
_RECENT = f"""
SELECT {_COLUMNS} FROM ({_NEWEST}) AS found WHERE type IN ('reaction_added', 'reaction_removed', 'reaction_count')
ORDER BY createdAtMs DESC, entered DESC LIMIT :limit
"""
_KEPT = "coalesce(sum(positive), 0), coalesce(sum(negative), 0), coalesce(sum(neutral), 0)"
_OF_CHAT = f"SELECT {_KEPT} FROM polar_chat_feedback WHERE sessionId = ?"
_OF_AUTOMATION = f"""
SELECT {_KEPT} FROM polar_chat_feedback INDEXED BY polar_chat_feedback_automation
WHERE automationId = ? AND automationId <> ''
"""
_COUNTED = ", ".join(
    f"sum(CASE WHEN event.polarity = '{polarity}' THEN CASE event.type WHEN 'reaction_added' THEN 1 ELSE -1 END "
    "ELSE 0 END)"
    for polarity in ("positive", "negative", "neutral")
)
# The sums of a message are read off the index; they grow with what it was reacted to, and with nothing else.
_BY_MESSAGE = f"""
SELECT latest.messageId, {_COUNTED} FROM (
  SELECT messageId, max(createdAtMs) AS last FROM ({_NEWEST}) AS found
  WHERE messageId IS NOT NULL AND type IN ('reaction_added', 'reaction_removed')
  GROUP BY messageId ORDER BY last DESC, messageId LIMIT :shown
) AS latest CROSS JOIN polar_feedback_events AS event INDEXED BY polar_feedback_message
WHERE event.sessionId = :session AND event.messageId = latest.messageId
AND event.type IN ('reaction_added', 'reaction_removed')
GROUP BY latest.messageId, latest.last ORDER BY latest.last DESC, latest.messageId
"""
_KEPT_BY: tuple[tuple[Grouping, str], ...] = (
    ("day", "day"),
    ("automation", "automationId"),
    ("profile", "profileId"),
)
_BY: Mapping[Grouping, str] = {
    "message": _BY_MESSAGE,
    **{
        grouping: f"SELECT {column}, {_KEPT} FROM polar_chat_feedback WHERE sessionId = :session AND {column} <> '' "
        f"GROUP BY {column} ORDER BY max(lastMs) DESC, {column} LIMIT :shown"
        for grouping, column in _KEPT_BY
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackEvent:
    """One row of the ledger."""

    id: str
    type: str
    session_id: str
    message_id: str | None
    emoji: str | None
    polarity: str
    payload: Mapping[str, Any]
    created_at_ms: int

    @classmethod
    def from_row(cls, row: Row) -> FeedbackEvent:
        """From a row of _COLUMNS; the earlier runtime's payloads are taken as they are."""
        return cls(
            id=row[0],
            type=row[1],
            session_id=row[2],
            message_id=row[3],
            emoji=row[4],
            polarity=row[5] or "neutral",
            payload=read_object(row[6]) or {},
            created_at_ms=row[7],
        )


class ChatFeedback:
    """Additions minus removals, and nothing else, of one chat."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def list_recent(self, session_id: str, *, limit: int) -> list[FeedbackEvent]:
        """The newest reaction events of a session, newest first, of its newest LATEST_OF events."""
        rows = await self._readers.fetch(_RECENT, {"session": session_id, "limit": limit})
        return [FeedbackEvent.from_row(row) for row in rows]

    async def totals(self, session_id: str) -> Totals:
        """All that ever was."""
        [row] = await self._readers.fetch(_OF_CHAT, (session_id,))
        return Totals(*row)

    async def totals_by(self, session_id: str, grouping: Grouping, *, limit: int) -> list[tuple[str, Totals]]:
        """Totals of a session for each day (UTC), message, automation or profile, the latest reacted to first.

        Messages are those of the newest LATEST_OF events.
        """
        rows = await self._readers.fetch(_BY[grouping], {"session": session_id, "shown": limit})
        return [(row[0], Totals(*row[1:4])) for row in rows]

    async def totals_of_automation(self, automation_id: str) -> Totals:
        """Totals of all messages that an automation has produced, in whatever chat."""
        [row] = await self._readers.fetch(_OF_AUTOMATION, (automation_id,))
        return Totals(*row)
