"""Who may do what with the automations of a group, besides what each does with their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.administrators import Administrators
from middleware.texts import say
from middleware.turn import Level, Turn
from middleware.usage import UsageError
from storage.tables.jobs import Job

Creators = Literal["everybody", "administrators", "operators"]
"""Who may create automations in a group: everybody let in, its administrators, or those by whom the bot is run."""


@dataclass(frozen=True, slots=True)
class GroupRights:
    """A group's administrators, and the bot's operators, have a hold on what others make it say."""

    administrators: Administrators
    creators: Creators

    async def moderates(self, turn: Turn) -> bool:
        """True if who acts may see, pause and delete every job of this chat."""
        return turn.level >= Level.OPERATOR or await self.administrators.include(turn)

    async def check_creation(self, turn: Turn) -> None:
        """Raises UsageError where the person may not set up a job here."""
        if turn.place.is_private or self.creators == "everybody" or turn.level >= Level.OPERATOR:
            return
        if self.creators != "administrators" or not await self.administrators.include(turn):
            raise UsageError(say(f"automation.creators.{self.creators}"))

    async def check_release(self, turn: Turn, job: Job) -> None:
        """Raises UsageError unless this person may let the job go on, or run.

        Who paused it may: what an administrator paused, any of them; else its owner alone, who has to be here for it.
        Nobody may let one go on that needs mail.
        """
        if job.needs_mail:
            raise UsageError(say("automation.paused_because.mail"))
        if job.paused_because != "moderated":
            if job.owner_user_id != turn.user_id:
                raise UsageError(say("automation.toast.foreign"))
        elif not await self.moderates(turn):
            raise UsageError(say("automation.held"))
