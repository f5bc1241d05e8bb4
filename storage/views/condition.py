"""The questions of those who look for what is wrong: each costs the same however much is stored."""

from __future__ import annotations

from dataclasses import dataclass

from storage.ids import SESSION, chat_id_of
from storage.indexed import field
from storage.readers import Readers
from storage.tables.occurrences import DEAD_LETTER
from storage.views.listings import count_up

LOOKED_BACK = 10_000
"""The newest rows among which something is searched that no index finds."""
_GROUPS = f"""
SELECT sessionId, max(sequence) FROM (
  SELECT sessionId, sequence FROM (
    SELECT sessionId, sequence FROM polar_messages ORDER BY sequence DESC LIMIT :looked) AS found
  UNION ALL SELECT subject, 0 FROM polar_access WHERE role = 'group'
) AS found
WHERE substr(sessionId, 1, {len(SESSION) + 1}) = '{SESSION}-'
  AND sessionId NOT IN (SELECT oldSessionId FROM polar_chat_aliases)
GROUP BY sessionId ORDER BY max(sequence) DESC, sessionId LIMIT :most
"""
_VIA = field("payload", "via")
_LAST_REACTION = f"""
SELECT createdAtMs FROM (
  SELECT createdAtMs, payload FROM polar_feedback_events INDEXED BY polar_feedback_type
  WHERE type = 'reaction_added' ORDER BY createdAtMs DESC LIMIT {LOOKED_BACK}
) AS found WHERE {_VIA} = 'reaction' ORDER BY createdAtMs DESC LIMIT 1
"""
_NEXT_REACTION = f"""
SELECT rowid, emoji, sessionId FROM polar_feedback_events
WHERE rowid > ? AND type = 'reaction_added' AND {_VIA} = 'reaction' ORDER BY rowid LIMIT 1
"""
_WAITING = """
SELECT (SELECT min(receivedAtMs) FROM (
  SELECT receivedAtMs FROM polar_updates INDEXED BY polar_updates_pending
  WHERE status = 'pending' LIMIT :looked) AS found),
(SELECT min(createdAtMs) FROM (
  SELECT createdAtMs FROM polar_delivery_queue INDEXED BY polar_delivery_open
  WHERE status IN ('pending', 'sending') LIMIT :looked) AS found)
"""
_SET_ASIDE = (
    "SELECT 1 FROM polar_updates INDEXED BY polar_updates_dead WHERE status = 'dead'",
    "SELECT 1 FROM polar_delivery_queue INDEXED BY polar_delivery_failed WHERE status = 'failed'",
    f"SELECT 1 FROM polar_scheduler_events WHERE queue = '{DEAD_LETTER}'",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAsideCounts:
    """How much was set aside of each."""

    updates: int
    deliveries: int
    runs: int


@dataclass(frozen=True, slots=True)
class ArrivedReaction:
    """A reaction that Telegram has told of, and where."""

    emoji: str | None
    chat_id: int


class Condition:
    """Read-only. Instants are milliseconds since the epoch."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def newest_groups(self, most: int) -> list[int]:
        """The chat ids of groups and channels, those with the newest messages first, then those that were let in."""
        rows = await self._readers.fetch(_GROUPS, {"looked": LOOKED_BACK, "most": most})
        return [chat_id_of(row[0]) for row in rows]

    async def last_reaction_ms(self) -> int | None:
        """When the last reaction arrived that was no press of a button; None for none among the newest events."""
        row = await self._readers.fetch_one(_LAST_REACTION)
        return None if row is None else int(row[0])

    async def last_event(self) -> int:
        """The place of the newest event of the ledger; 0 where there is none."""
        row = await self._readers.fetch_one("SELECT coalesce(max(rowid), 0) FROM polar_feedback_events")
        assert row is not None
        return int(row[0])

    async def reaction_after(self, event: int) -> ArrivedReaction | None:
        """The first reaction that arrived after an event of the ledger, or None."""
        row = await self._readers.fetch_one(_NEXT_REACTION, (event,))
        return None if row is None else ArrivedReaction(row[1], chat_id_of(row[2]))

    async def waiting_since_ms(self) -> int | None:
        """When the oldest of what is open came in or was queued; None where nothing is."""
        row = await self._readers.fetch_one(_WAITING, {"looked": LOOKED_BACK})
        assert row is not None
        return min((instant for instant in row if instant is not None), default=None)

    async def set_aside(self) -> SetAsideCounts:
        """Whatever was set aside and is still there, counted as count_up does."""
        updates, deliveries, runs = [await count_up(self._readers, rows) for rows in _SET_ASIDE]
        return SetAsideCounts(updates=updates, deliveries=deliveries, runs=runs)
