"""`polar_users`: what people told about themselves; so far, their time zone."""

from __future__ import annotations

from storage.readers import Readers
from storage.statement import Statement


class Users:
    """People by user id."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def set_timezone(user_id: str, timezone: str, *, now_ms: int) -> Statement:
        """An IANA name, checked by the caller."""
        return Statement(
            "INSERT INTO polar_users VALUES (?, ?, ?) ON CONFLICT (userId) DO UPDATE SET "
            "timezone = excluded.timezone, updatedAtMs = excluded.updatedAtMs",
            (user_id, timezone, now_ms),
        )

    async def timezone_of(self, user_id: str) -> str | None:
        """The zone's IANA name, or None."""
        row = await self._readers.look_up_one("SELECT timezone FROM polar_users WHERE userId = ?", (user_id,))
        return row[0] if row else None
