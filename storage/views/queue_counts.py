"""The view behind /status: how much is in which status. The done are a total kept as it is written."""

from __future__ import annotations

from storage.readers import Readers
from storage.views.listings import count_up

_DONE = "SELECT count FROM polar_totals WHERE name = 'updates.done'"
_SENT = "SELECT coalesce(sum(count), 0) FROM polar_daily_sends WHERE result = 'sent'"
_UPDATES = {
    "pending": "SELECT 1 FROM polar_updates INDEXED BY polar_updates_pending WHERE status = 'pending'",
    "dead": "SELECT 1 FROM polar_updates INDEXED BY polar_updates_dead WHERE status = 'dead'",
}
_DELIVERIES = {
    status: f"SELECT 1 FROM polar_delivery_queue INDEXED BY polar_delivery_status WHERE status = '{status}'"
    for status in ("pending", "sending", "failed")
}


class QueueCounts:
    """By status, those that there are: what is open or failed as count_up counts, all else as it was counted."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def of_updates(self) -> dict[str, int]:
        """Updates: pending, dead, and how many were ever done."""
        return await self._count(_UPDATES, "done", _DONE)

    async def of_deliveries(self) -> dict[str, int]:
        """Calls: pending, sending, failed, and how many were ever sent."""
        return await self._count(_DELIVERIES, "sent", _SENT)

    async def _count(self, open_rows: dict[str, str], ended: str, total: str) -> dict[str, int]:
        counts = {status: await count_up(self._readers, rows) for status, rows in open_rows.items()}
        row = await self._readers.fetch_one(total)
        counts[ended] = int(row[0]) if row is not None else 0
        return {status: count for status, count in counts.items() if count}
