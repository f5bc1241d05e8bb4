"""`polar_properties`: single facts about this database."""

from __future__ import annotations

from storage.readers import Readers
from storage.statement import Statement

BOT_ID = "bot_id"
LAST_POLL_MS = "last_poll_ms"
"""When Telegram last answered a poll, or called the webhook; up to half a minute old."""


class Properties:
    """Named values, each a string."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def set(name: str, value: str) -> Statement:
        """Store a value, in place of the former one."""
        return Statement(
            "INSERT INTO polar_properties VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    async def find(self, name: str) -> str | None:
        """The value, or None."""
        row = await self._readers.fetch_one("SELECT value FROM polar_properties WHERE name = ?", (name,))
        return row[0] if row else None
