"""`polar_run_deliveries`: what became of what a run has said, entered with the end of the last call that it queued."""

from __future__ import annotations

from dataclasses import dataclass

from storage.readers import Readers
from storage.statement import Statement
from storage.statuses import DeliveryStatus, TaskStatus

# What was sent and has a reason was not sent: it was erased meanwhile.
_ARRIVED = "status = 'sent' AND reason IS NULL"
_OPEN = "status IN ('pending', 'sending')"
# Once something has arrived, nothing changes that.
_ENTER = f"""
INSERT INTO polar_run_deliveries (source, id, runId, status, reason, createdAtMs)
SELECT task.source, task.id, task.runId,
  CASE WHEN found.arrived > 0 THEN '{DeliveryStatus.DELIVERED}' ELSE '{DeliveryStatus.UNDELIVERED}' END,
  CASE WHEN found.arrived > 0 THEN NULL ELSE :reason END, :now
FROM polar_task_board AS task CROSS JOIN (
  SELECT count(CASE WHEN {_ARRIVED} THEN 1 END) AS arrived, count(CASE WHEN {_OPEN} THEN 1 END) AS waiting
  FROM polar_delivery_queue INDEXED BY polar_delivery_task WHERE taskId = :task) AS found
WHERE task.taskId = :task AND task.status = '{TaskStatus.DONE}' AND found.waiting = 0
ON CONFLICT (source, id, runId) DO UPDATE
SET status = excluded.status, reason = excluded.reason, createdAtMs = excluded.createdAtMs
WHERE polar_run_deliveries.status = '{DeliveryStatus.UNDELIVERED}'
"""
# The later parts of a reply fail with the one that does.
_UNHEARD = f"""
SELECT source, id, runId FROM polar_task_board AS task
WHERE taskId = :task AND status = '{TaskStatus.DONE}' AND NOT EXISTS (
  SELECT 1 FROM polar_delivery_queue INDEXED BY polar_delivery_task
  WHERE taskId = :task AND deliveryId <> :delivery AND ({_ARRIVED} OR {_OPEN} AND replyId <> :reply))
"""


@dataclass(frozen=True, slots=True)
class UnheardRun:
    """A run of which nothing has arrived."""

    source: str
    subject_id: str
    run_id: str


class RunDeliveries:
    """One row a run that has said something: delivered when one part of it arrived."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def enter(task_id: str, *, reason: str, now_ms: int) -> Statement:
        """Goes behind the end of a call of this run; enters nothing while others of it are open.

        `reason`, a code or types, is why nothing has arrived, where that is so.
        """
        return Statement(_ENTER, {"task": task_id, "reason": reason, "now": now_ms})

    async def unheard(self, task_id: str, *, delivery_id: str, reply_id: str) -> UnheardRun | None:
        """The run that has said nothing to anybody once this call of it has failed; None where it may have."""
        row = await self._readers.look_up_one(_UNHEARD, {"task": task_id, "delivery": delivery_id, "reply": reply_id})
        return UnheardRun(*row) if row else None
