"""A call of the queue: as it is read, and as the statement that queues it has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from storage.payloads import NewMessage, Payload, UnknownPayload, read
from storage.statement import Row, Value

COLUMNS = (
    "deliveryId, sessionId, payload, status, sequence, replyId, rank, begun, taskId, attempts, ambiguous, failures, "
    "createdAtMs"
)
TOLD = "sessionId, sequence, rank, status"
"""The columns that queueing a call gives back; what stands in the others was given."""


class Delivery(Struct, frozen=True, kw_only=True):
    """One call to make. `rank` says who goes first, the lowest; `begun` that a part of the same reply is under way.

    `stored` is the payload as the row holds it. `attempts` counts all tries, `ambiguous` those of which nobody knows
    whether they took effect, `failures` those that failed by a fault of ours, or of the row.
    """

    delivery_id: str
    session_id: str
    stored: str
    payload: Payload | UnknownPayload
    status: str
    sequence: int
    reply_id: str
    rank: int
    begun: bool = False
    task_id: str | None = None
    """The run that it is of."""
    attempts: int
    ambiguous: int
    failures: int = 0
    created_at_ms: int

    @property
    def is_message(self) -> bool:
        """True if it sends a new message."""
        return isinstance(self.payload, NewMessage)

    @classmethod
    def from_row(cls, row: Row) -> Delivery:
        """From a row of COLUMNS."""
        return cls(
            delivery_id=row[0],
            session_id=row[1],
            stored=row[2],
            payload=read(row[2]),
            status=row[3],
            sequence=row[4],
            reply_id=row[5],
            rank=row[6],
            begun=bool(row[7]),
            task_id=row[8],
            attempts=row[9],
            ambiguous=row[10],
            failures=row[11],
            created_at_ms=row[12],
        )


class Queuing(dict[str, Any]):
    """The parameters of a statement that queues a call, and the call."""

    def __init__(self, payload: Payload, values: Mapping[str, Value]) -> None:
        super().__init__(values)
        self.payload = payload

    def queued(self, told: Row) -> Delivery:
        """The call, by a row of TOLD."""
        session_id, sequence, rank, status = told
        is_claimed = status == "sending"
        return Delivery(
            delivery_id=self["delivery"],
            session_id=session_id,
            stored=self["payload"],
            payload=self.payload,
            status=status,
            sequence=sequence,
            reply_id=self["reply"],
            rank=rank,
            begun=is_claimed,
            task_id=self["task"],
            attempts=int(is_claimed),
            ambiguous=0,
            created_at_ms=self["now"],
        )
