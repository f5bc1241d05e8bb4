"""/pair and /unpair: whom the owner lets in."""

from __future__ import annotations

from dataclasses import dataclass

from middleware.access import private_place
from middleware.commands import Command, UsageError
from middleware.turn import Clock, Level, Outcome, Reply, Turn
from storage.access import Access

WELCOME = "You are in. Write to me, or try /help."


@dataclass(frozen=True, slots=True)
class PairingCommands:
    """In private, /pair approves a person's code; in a group, it lets the group in."""

    access: Access
    clock: Clock

    def commands(self) -> tuple[Command, ...]:
        """In the order of the menu."""
        return (
            Command(
                name="pair",
                summary="let a person in by code, or this group",
                usage="pair <code> (in private), pair (in a group)",
                example="pair ABCD2345",
                handler=self.pair,
                level=Level.ADMIN,
            ),
            Command(
                name="unpair",
                summary="shut a person or this group out again",
                usage="unpair <user id> (in private), unpair (in a group)",
                example="unpair 123456789",
                handler=self.unpair,
                level=Level.ADMIN,
            ),
        )

    async def pair(self, turn: Turn, argument: str) -> Outcome:
        """Approve."""
        now_ms = self.clock()
        if not turn.place.is_private:
            if argument:
                raise UsageError("Codes stay private: send me this in our own chat.")
            turn.record(self.access.grant(turn.session_id, "group", granted_by=turn.user_id, now_ms=now_ms))
            return Outcome.answer("This group is in. I answer when I am mentioned, replied to or commanded.")
        if not argument:
            raise UsageError("A code is needed.")
        user_id = await self.access.user_of_code(argument, now_ms=now_ms)
        if user_id is None:
            raise UsageError("That code is unknown or has expired; the person gets a new one by writing to me.")
        turn.record(*self.access.approve(argument, user_id, granted_by=turn.user_id, now_ms=now_ms))
        replies = (Reply(text=f"User {user_id} is in."), Reply(text=WELCOME, place=private_place(user_id)))
        return Outcome(status="answered", replies=replies)

    async def unpair(self, turn: Turn, argument: str) -> Outcome:
        """Shut out."""
        subject = argument if turn.place.is_private else turn.session_id
        if turn.place.is_private and not argument.isdecimal():
            raise UsageError("A user id is needed.")
        turn.record(self.access.revoke(subject))
        return Outcome.answer("Done; the owner's own access always stays.")
