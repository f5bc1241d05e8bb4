"""`polar_custom_emoji`: the standard emoji that a custom one stands for, as Telegram told."""

from __future__ import annotations

from storage.readers import Readers
from storage.statement import Statement


class CustomEmoji:
    """What is known of custom emoji, by id."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def add(custom_emoji_id: str, emoji: str, *, now_ms: int) -> Statement:
        """Remember what one stands for."""
        return Statement(
            "INSERT INTO polar_custom_emoji VALUES (?, ?, ?) "
            "ON CONFLICT (customEmojiId) DO UPDATE SET emoji = excluded.emoji, createdAtMs = excluded.createdAtMs",
            (custom_emoji_id, emoji, now_ms),
        )

    async def find(self, custom_emoji_id: str) -> str | None:
        """The emoji it stands for, None when that is not known; it may be later."""
        row = await self._readers.fetch_one(
            "SELECT emoji FROM polar_custom_emoji WHERE customEmojiId = ? AND emoji <> ''", (custom_emoji_id,)
        )
        return row[0] if row else None
