"""Updates, deliveries and occurrences set aside, as the command line shows them and takes them up again."""

from __future__ import annotations

from dataclasses import dataclass

from storage.readers import Readers
from storage.statement import Row

_UPDATE = """
SELECT updateId, sequence, status, kind, sessionId, attempts, retries, reason, receivedAtMs, finishedAtMs, body,
  traceback
FROM polar_updates WHERE updateId = ?
"""
_OUTCOME = "SELECT reason, traceback, createdAtMs, updatedAtMs FROM polar_delivery_queue WHERE deliveryId = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """An update, whatever became of it; without a body it was handled, or erased."""

    update_id: int
    sequence: int
    status: str
    kind: str
    session_id: str | None
    attempts: int
    retries: int
    reason: str | None
    received_at_ms: int
    finished_at_ms: int | None
    body: bytes | None
    traceback: str | None

    @classmethod
    def from_row(cls, row: Row) -> JournalRow:
        """From a row of _UPDATE."""
        return cls(
            update_id=row[0],
            sequence=row[1],
            status=row[2],
            kind=row[3],
            session_id=row[4],
            attempts=row[5],
            retries=row[6],
            reason=row[7],
            received_at_ms=row[8],
            finished_at_ms=row[9],
            body=row[10],
            traceback=row[11],
        )


@dataclass(frozen=True, slots=True)
class DeliveryEnd:
    """Why a delivery is as it is, by which fault, and when it was queued and last changed."""

    reason: str | None
    traceback: str | None
    created_at_ms: int
    updated_at_ms: int


async def find_update(readers: Readers, update_id: int) -> JournalRow | None:
    """The update with this id, or None."""
    row = await readers.fetch_one(_UPDATE, (update_id,))
    return JournalRow.from_row(row) if row else None


async def find_end(readers: Readers, delivery_id: str) -> DeliveryEnd | None:
    """The end of the delivery with this id, or None."""
    row = await readers.fetch_one(_OUTCOME, (delivery_id,))
    return DeliveryEnd(*row) if row else None
