"""The consequence of a 👎 on an automation's message: its owner is asked what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.automations.buttons import disliked_row
from middleware.texts import say, shorten
from middleware.turn import Level, Reply, Turn
from storage.tables.feedback import FeedbackLedger
from storage.tables.jobs import Jobs
from storage.tables.messages import Message


@dataclass(frozen=True, slots=True)
class Disliked:
    """Offers to pause, to reschedule or to keep, once per message, to the owner of a job that goes on."""

    jobs: Jobs
    feedback: FeedbackLedger

    async def __call__(self, turn: Turn, message: Message) -> tuple[Reply, ...]:
        """The question, as a reply; the ledgers stay as they are."""
        automation_id = message.origin.automation_id
        if automation_id is None or message.message_id is None or turn.level < Level.MEMBER:
            return ()
        job = await self.jobs.find(automation_id)
        if job is None or not job.enabled or job.owner_user_id != turn.user_id or job.session_id != turn.session_id:
            return ()
        if await self.feedback.has_disapproved(turn.session_id, message.message_id, turn.user_id):
            return ()
        buttons = disliked_row(job.id)
        text = say("automation.disliked", prompt=shorten(job.prompt, 100), id=job.id)
        if not buttons:
            text = f"{text} {say('automation.disliked_written', id=job.id)}"
        return (Reply(text=text, buttons=buttons),)
