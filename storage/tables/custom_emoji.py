"""`polar_custom_emoji`: the standard emoji that a custom one stands for, as Telegram told."""

from __future__ import annotations

from storage.readers import Readers
from storage.statement import Statement

NONE_FOR_MS = 86_400_000
"""The time for which it is taken for true that one stands for nothing."""


class CustomEmoji:
    """The custom emoji that are known, by id."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def add(custom_emoji_id: str, emoji: str, *, now_ms: int) -> Statement:
        """Remember what one stands for, '' for nothing."""
        return Statement(
            "INSERT INTO polar_custom_emoji VALUES (?, ?, ?) "
            "ON CONFLICT (customEmojiId) DO UPDATE SET emoji = excluded.emoji, createdAtMs = excluded.createdAtMs",
            (custom_emoji_id, emoji, now_ms),
        )

    async def find(self, custom_emoji_id: str, *, now_ms: int) -> str | None:
        """The emoji it stands for, '' for none; None where nobody was asked, or that there is none is a day old."""
        row = await self._readers.look_up_one(
            "SELECT emoji FROM polar_custom_emoji WHERE customEmojiId = ? AND (emoji <> '' OR createdAtMs > ?)",
            (custom_emoji_id, now_ms - NONE_FOR_MS),
        )
        return row[0] if row else None
