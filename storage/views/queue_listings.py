"""Deliveries that wait or have failed, and updates that were set aside, as the dashboard lists them."""

from __future__ import annotations

from dataclasses import dataclass

from storage.json_text import read_object
from storage.readers import Readers
from storage.statement import Row
from storage.views.listings import NEWEST, PAGE, ListPage, count_up, page_of, text

Cursor = tuple[int, int]
"""An instant in milliseconds and a row: where a list by time goes on."""

_COLUMNS = (
    "rowid AS place, deliveryId, sessionId, status, payload, attempts, ambiguous, reason, createdAtMs, updatedAtMs, "
    "traceback"
)
WAITING = " UNION ALL ".join(
    f"""SELECT * FROM (
SELECT {_COLUMNS} FROM polar_delivery_queue INDEXED BY polar_delivery_status
WHERE status = '{status}' AND (createdAtMs, rowid) > (:ms, :row)
ORDER BY createdAtMs, rowid LIMIT {PAGE + 1}) AS {status}"""
    for status in ("sending", "pending")
)
FAILED = f"""
SELECT {_COLUMNS} FROM polar_delivery_queue INDEXED BY polar_delivery_failed
WHERE status = 'failed' AND (updatedAtMs, rowid) < (:ms, :row) ORDER BY updatedAtMs DESC, rowid DESC LIMIT {PAGE + 1}
"""
DEAD = f"""
SELECT sequence, updateId, kind, sessionId, attempts, reason, receivedAtMs, finishedAtMs, traceback
FROM polar_updates INDEXED BY polar_updates_dead
WHERE status = 'dead' AND sequence < :before ORDER BY sequence DESC LIMIT {PAGE + 1}
"""
_OPEN = "SELECT 1 FROM polar_delivery_queue INDEXED BY polar_delivery_status WHERE status = '{status}'"
_COUNTED = {
    **{status: _OPEN.format(status=status) for status in ("pending", "sending", "failed")},
    "dead": "SELECT 1 FROM polar_updates INDEXED BY polar_updates_dead WHERE status = 'dead'",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDelivery:
    """A queued call. `text` is what it would say; `ambiguous` counts the tries that may have arrived."""

    row: int
    delivery_id: str
    session_id: str
    status: str
    method: str
    text: str
    attempts: int
    ambiguous: int
    reason: str | None
    created_at_ms: int
    updated_at_ms: int
    traceback: str | None

    @classmethod
    def from_row(cls, row: Row) -> ListedDelivery:
        """From a row of _COLUMNS."""
        method, said = _said(row[4])
        return cls(
            row=row[0],
            delivery_id=row[1],
            session_id=row[2],
            status=row[3],
            method=method,
            text=said,
            attempts=row[5],
            ambiguous=row[6],
            reason=row[7],
            created_at_ms=row[8],
            updated_at_ms=row[9],
            traceback=row[10],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadUpdate:
    """An update that was set aside, and why."""

    sequence: int
    update_id: int
    kind: str
    session_id: str | None
    attempts: int
    reason: str | None
    received_at_ms: int
    finished_at_ms: int | None
    traceback: str | None

    @classmethod
    def from_row(cls, row: Row) -> DeadUpdate:
        """From a row of DEAD."""
        return cls(
            sequence=row[0],
            update_id=row[1],
            kind=row[2],
            session_id=row[3],
            attempts=row[4],
            reason=row[5],
            received_at_ms=row[6],
            finished_at_ms=row[7],
            traceback=row[8],
        )


def _said(payload: str) -> tuple[str, str]:
    """Method and text of a payload; the payload itself where it is not what ours look like."""
    call = read_object(payload)
    if call is None:
        return "", payload
    return text(call.get("method")) or "", text(call.get("text")) or ""


async def waiting(readers: Readers, *, after: Cursor = (-NEWEST, 0)) -> ListPage[ListedDelivery, Cursor]:
    """Deliveries that are not sent yet, oldest first."""
    query = f"{WAITING} ORDER BY createdAtMs, place LIMIT {PAGE + 1}"
    rows = await readers.fetch(query, {"ms": after[0], "row": after[1]})
    return page_of([ListedDelivery.from_row(row) for row in rows], lambda last: (last.created_at_ms, last.row))


async def failed(readers: Readers, *, before: Cursor = (NEWEST, 0)) -> ListPage[ListedDelivery, Cursor]:
    """Deliveries that have failed, newest failure first."""
    rows = await readers.fetch(FAILED, {"ms": before[0], "row": before[1]})
    return page_of([ListedDelivery.from_row(row) for row in rows], lambda last: (last.updated_at_ms, last.row))


async def dead_updates(readers: Readers, *, before: int = NEWEST) -> ListPage[DeadUpdate, int]:
    """Updates that were set aside, newest arrival first."""
    rows = await readers.fetch(DEAD, {"before": before})
    return page_of([DeadUpdate.from_row(row) for row in rows], lambda update: update.sequence)


async def count_queued(readers: Readers) -> dict[str, int]:
    """The numbers of deliveries pending, sending and failed, and of dead updates; as count_up counts."""
    return {name: await count_up(readers, query) for name, query in _COUNTED.items()}


async def count_sent(readers: Readers) -> int:
    """The number of deliveries that were sent, those included whose rows are gone."""
    row = await readers.fetch_one("SELECT coalesce(sum(count), 0) FROM polar_daily_sends WHERE result = 'sent'")
    assert row is not None
    return int(row[0])
