"""/pair and /unpair: whom the owner lets in."""

from __future__ import annotations

from dataclasses import dataclass

from middleware.access import private_place
from middleware.admission import Admission
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
    admission: Admission
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
        """Shut out; says what holds then."""
        if not turn.place.is_private:
            if argument:
                raise UsageError(say("command.bare"))
            return await self._unpair_group(turn)
        if not argument.isdecimal():
            raise UsageError(say("access.no_user"))
        return await self._unpair_person(turn, str(int(argument)))

    async def _unpair_group(self, turn: Turn) -> Outcome:
        role = await self.access.role_of(turn.session_id)
        turn.record(self.access.revoke(turn.session_id))
        if settings := ", ".join(self.admission.settings_for(turn.place.chat_id)):
            return Outcome.answer(say("access.still_in", who=say("access.this_group"), settings=settings))
        return Outcome.answer(say("access.group_never_in" if role is None else "access.group_out"))

    async def _unpair_person(self, turn: Turn, user_id: str) -> Outcome:
        """Their automations are paused as well, wherever they are, unless the settings let them in all the same."""
        role = await self.access.role_of(user_id)
        if role == OWNER:
            return Outcome.answer(say("access.owner_stays"))
        turn.record(self.access.revoke(user_id))
        if settings := ", ".join(self.admission.settings_for(int(user_id))):
            return Outcome.answer(say("access.still_in", who=say("access.user", user=user_id), settings=settings))
        if role is None:
            return Outcome.answer(say("access.never_in", user=user_id))
        turn.record(*Jobs.pause_of(user_id, "unpaired", now_ms=self.clock()))
        return Outcome.answer(say("access.out", user=user_id))
