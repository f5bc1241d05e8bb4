"""/pair and /unpair: whom the owner lets in."""

from __future__ import annotations

from dataclasses import dataclass

from middleware.access import private_place
from middleware.commands import Command
from middleware.texts import say
from middleware.turn import Clock, Level, Outcome, Reply, Turn
from middleware.usage import UsageError
from storage.tables.access import OWNER, Permissions
from storage.tables.jobs import Jobs


@dataclass(frozen=True, slots=True)
class PairingCommands:
    """In private, /pair approves a person's code; in a group, it lets the group in."""

    access: Permissions
    clock: Clock

    def commands(self) -> tuple[Command, ...]:
        """In the order of the menu."""
        return (
            Command(name="pair", handler=self.pair, level=Level.ADMIN),
            Command(name="unpair", handler=self.unpair, level=Level.ADMIN),
        )

    async def pair(self, turn: Turn, argument: str) -> Outcome:
        """Approve."""
        now_ms = self.clock()
        if not turn.place.is_private:
            if argument:
                raise UsageError(say("access.codes_private"))
            turn.record(self.access.grant(turn.session_id, "group", granted_by=turn.user_id, now_ms=now_ms))
            return Outcome.answer(say("access.group_in"))
        if not argument:
            raise UsageError(say("access.no_code"))
        user_id = await self.access.user_of_code(argument, now_ms=now_ms)
        if user_id is None:
            raise UsageError(say("access.bad_code"))
        turn.record(*self.access.approve(argument, user_id, granted_by=turn.user_id, now_ms=now_ms))
        told = Reply(text=say("access.let_in", user=user_id))
        welcome = Reply(text=say("access.welcome"), place=private_place(user_id))
        return Outcome(status="answered", replies=(told, welcome))

    async def unpair(self, turn: Turn, argument: str) -> Outcome:
        """Shut out."""
        if not turn.place.is_private and argument:
            raise UsageError(say("command.bare"))
        if turn.place.is_private and not argument.isdecimal():
            raise UsageError(say("access.no_user"))
        subject = argument if turn.place.is_private else turn.session_id
        if turn.place.is_private and await self.access.role_of(subject) not in (None, OWNER):
            turn.record(*Jobs.pause_of(subject, "unpaired", now_ms=self.clock()))
        turn.record(self.access.revoke(subject))
        return Outcome.answer(say("access.shut_out"))
