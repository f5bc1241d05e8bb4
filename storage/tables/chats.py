"""Chats that changed their id: a group that became a supergroup."""

from __future__ import annotations

from storage.ids import sql_session_profile_id
from storage.indexed import field
from storage.readers import Readers
from storage.statement import Statement

MOVES_QUEUED = "UPDATE polar_delivery_queue SET sessionId"
"""The beginning of what moves queued calls to another session; whoever keeps some reads them again."""
# Rows of the ledgers keep the old session: they tell what was, where it was. What the new id has wins.
_MOVED = (
    "UPDATE polar_automation_jobs SET sessionId = :new WHERE sessionId = :old",
    "UPDATE polar_scheduler_events "
    "SET payload = json_patch(payload, json_object('run', json_object('sessionId', CAST(:new AS TEXT)))) "
    f"WHERE queue = 'retry' AND {field('payload', 'run.sessionId')} = :old",
    "UPDATE polar_heartbeat_policies SET sessionId = :new WHERE sessionId = :old",
    # The message that a reply replies to has another number in the new chat.
    f"{MOVES_QUEUED} = :new, "
    "payload = CASE WHEN json_valid(payload) THEN CAST(json_remove(payload, '$.replyTo') AS TEXT) ELSE payload END "
    "WHERE sessionId = :old AND status IN ('pending', 'sending')",
    "UPDATE polar_memory SET sessionId = :new WHERE sessionId = :old",
    f"""
UPDATE polar_personality_profiles SET sessionId = :new, profileId = {sql_session_profile_id("userId", ":new")}
WHERE sessionId = :old AND rowid = (
    SELECT min(same.rowid) FROM polar_personality_profiles AS same
    WHERE same.sessionId = :old AND coalesce(same.userId, '') = coalesce(polar_personality_profiles.userId, ''))
  AND NOT EXISTS (SELECT 1 FROM polar_personality_profiles AS there
    WHERE there.profileId = {sql_session_profile_id("polar_personality_profiles.userId", ":new")})
""",
    *(
        f"UPDATE {table} SET targetId = :new WHERE scope = 'session' AND targetId = :old "
        f"AND NOT EXISTS (SELECT 1 FROM {table} AS there WHERE there.scope = 'session' AND there.targetId = :new)"
        for table in ("polar_budget_policies", "polar_budget_usage")
    ),
    # A call that is being made is held by the budget that has moved.
    "UPDATE polar_calls SET sessionId = :new WHERE outcome = 'open' AND sessionId = :old",
    "DELETE FROM polar_access "
    "WHERE subject = :new AND EXISTS (SELECT 1 FROM polar_access WHERE subject = :old AND subject <> :new)",
    "UPDATE polar_access SET subject = :new WHERE subject = :old",
)


class Chats:
    """The alias table."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def session_now(self, session_id: str) -> str:
        """The name of a session now; itself where it has not moved."""
        row = await self._readers.look_up_one(
            "SELECT newSessionId FROM polar_chat_aliases WHERE oldSessionId = ?", (session_id,)
        )
        return session_id if row is None else str(row[0])

    @staticmethod
    def migrate(old_session_id: str, new_session_id: str, *, now_ms: int) -> tuple[Statement, ...]:
        """Move what belongs to a chat to its new id; again, it changes nothing."""
        ids = {"old": old_session_id, "new": new_session_id}
        alias = Statement(
            "INSERT INTO polar_chat_aliases VALUES (?, ?, ?) ON CONFLICT (oldSessionId) DO NOTHING",
            (old_session_id, new_session_id, now_ms),
        )
        return (alias, *(Statement(sql, ids) for sql in _MOVED))
