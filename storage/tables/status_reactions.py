"""`polar_status_reactions`: what we show on people's messages, so that it is taken away after a crash too."""

from __future__ import annotations

from dataclasses import dataclass

from storage.readers import Readers
from storage.statement import Row, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReaction:
    """One reaction of ours on one message, and when it is to go (milliseconds since the epoch)."""

    session_id: str
    telegram_message_id: int
    emoji: str
    clear_at_ms: int

    @classmethod
    def from_row(cls, row: Row) -> StatusReaction:
        """From a row of the table."""
        return cls(session_id=row[0], telegram_message_id=row[1], emoji=row[2], clear_at_ms=row[3])


class StatusReactions:
    """At most one a message."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def set(shown: StatusReaction) -> Statement:
        """Note what is shown on a message, in place of what was."""
        return Statement(
            "INSERT INTO polar_status_reactions VALUES (?, ?, ?, ?) "
            "ON CONFLICT (sessionId, telegramMessageId) "
            "DO UPDATE SET emoji = excluded.emoji, clearAtMs = excluded.clearAtMs",
            (shown.session_id, shown.telegram_message_id, shown.emoji, shown.clear_at_ms),
        )

    @staticmethod
    def remove(session_id: str, telegram_message_id: int) -> Statement:
        """Forget it: it is gone, or it is to stay."""
        return Statement(
            "DELETE FROM polar_status_reactions WHERE sessionId = ? AND telegramMessageId = ?",
            (session_id, telegram_message_id),
        )

    async def list_shown(self, *, limit: int) -> list[StatusReaction]:
        """The reactions that are shown, those that are to go first coming first."""
        rows = await self._readers.fetch(
            "SELECT sessionId, telegramMessageId, emoji, clearAtMs FROM polar_status_reactions "
            "ORDER BY clearAtMs LIMIT ?",
            (limit,),
        )
        return [StatusReaction.from_row(row) for row in rows]
