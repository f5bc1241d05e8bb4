"""`polar_shares`: who has said whether examples for models may be made of what they say."""

from __future__ import annotations

from collections.abc import Collection

from storage.json_text import encode_list
from storage.readers import Readers
from storage.statement import Statement


class Shares:
    """What people have said themselves; who has said nothing has no row."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def set(user_id: str, is_shared: bool, *, now_ms: int) -> Statement:
        """From now on, in all chats."""
        return Statement(
            "INSERT INTO polar_shares VALUES (?, ?, ?) ON CONFLICT (userId) DO UPDATE SET "
            "isShared = excluded.isShared, updatedAtMs = excluded.updatedAtMs",
            (user_id, int(is_shared), now_ms),
        )

    async def find(self, user_id: str) -> bool | None:
        """What somebody has said; None where they have said nothing."""
        row = await self._readers.look_up_one("SELECT isShared FROM polar_shares WHERE userId = ?", (user_id,))
        return bool(row[0]) if row else None

    async def refusing(self) -> frozenset[str]:
        """Everybody who has said no."""
        rows = await self._readers.fetch("SELECT userId FROM polar_shares WHERE isShared = 0")
        return frozenset(row[0] for row in rows)

    async def of(self, user_ids: Collection[str]) -> dict[str, bool]:
        """What each of these has said, as far as they have."""
        rows = await self._readers.look_up(
            "SELECT userId, isShared FROM json_each(?) AS named CROSS JOIN polar_shares ON userId = named.value",
            (encode_list(sorted(user_ids)),),
        )
        return {row[0]: bool(row[1]) for row in rows}
