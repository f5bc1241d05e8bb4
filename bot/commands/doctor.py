"""/doctor: what is wrong, with its remedy; and whether a reaction arrives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.doctor.diagnosis import Diagnosis
from bot.doctor.reaction import WantedReactions
from bot.doctor.shown import chat_text
from middleware.commands import Command
from middleware.texts import say
from middleware.turn import Level, Outcome, Reply, Turn
from storage.ids import part_id, reply_id

Examine = Callable[[], Awaitable[list[Diagnosis]]]
"""Looks at all there is to look at, within a few seconds."""


@dataclass(frozen=True, slots=True)
class DoctorCommand:
    """For admins, in private: groups are no place for what is wrong with the bot."""

    examine: Examine
    wanted: WantedReactions

    def commands(self) -> tuple[Command, ...]:
        """In the order of the menu."""
        return (Command(name="doctor", handler=self.run, level=Level.ADMIN, is_bare=True),)

    async def run(self, turn: Turn, argument: str) -> Outcome:
        """The diagnoses, and behind them a message that asks for a reaction to it."""
        if not turn.place.is_private:
            return Outcome.answer(say("doctor.private"))
        report, request = Reply(text=chat_text(await self.examine())), Reply(text=say("doctor.react"), joins=True)
        self.wanted.want(turn, part_id(reply_id(turn.id, 1), 0))
        return Outcome(status="answered", replies=(report, request))
