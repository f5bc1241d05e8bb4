"""Jobs that run and reach nobody: that counts like a failed run."""

from __future__ import annotations

from dataclasses import dataclass

from bot.automations.subject import PAUSE_AFTER_FAILURES
from middleware.access import private_place
from middleware.replies.outbox import Outbox
from middleware.texts import say
from middleware.turn import Clock
from storage.delivery import Delivery
from storage.statement import Statement
from storage.stores import Stores
from storage.tables.jobs import Job, Jobs


@dataclass(frozen=True, slots=True)
class Unheard:
    """The statements that go with the failure of a call that a job's run has queued."""

    stores: Stores
    outbox: Outbox
    clock: Clock

    async def __call__(self, delivery: Delivery) -> list[Statement]:
        """A job whose runs keep failing, or keep reaching nobody, is paused, and its owner told in private."""
        if delivery.task_id is None:
            return []
        run = await self.stores.run_deliveries.unheard(
            delivery.task_id, delivery_id=delivery.delivery_id, reply_id=delivery.reply_id
        )
        if run is None or run.source != "automation":
            return []
        failures = await self.stores.runs.failures_in_a_row(
            "automation", run.subject_id, before=run.run_id, limit=PAUSE_AFTER_FAILURES
        )
        job = await self.stores.jobs.find(run.subject_id)
        if failures + 1 < PAUSE_AFTER_FAILURES or job is None or not job.enabled:
            return []
        return [*Jobs.switch_off(job.id, now_ms=self.clock()), *self._tell(job, run.run_id, failures + 1)]

    def _tell(self, job: Job, run_id: str, count: int) -> list[Statement]:
        if not job.owner_user_id.isdecimal():  # who speaks as a chat has no private one
            return []
        text = say("automation.unheard", prompt=job.prompt[:200], id=job.id, count=count)
        return self.outbox.notify(run_id, private_place(job.owner_user_id), text)
