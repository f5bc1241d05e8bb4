"""Who may talk to the bot: everyone, those on a list, or those whom the owner let in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from middleware.admission import Admission
from middleware.buckets import Buckets
from middleware.texts import say
from middleware.turn import KINDS, CallNext, Clock, Kind, Level, Outcome, Place, Reply, Toast, Turn
from middleware.usage import anonymous
from storage.tables.access import Permissions

CODE_VALID_MS = 3_600_000
NEXT_CODE_AFTER_MS = 60_000
ROLES = {"owner": Level.OWNER, "admin": Level.ADMIN, "operator": Level.OPERATOR, "member": Level.MEMBER}
"""The levels that grants give."""


@dataclass(frozen=True, slots=True)
class Access:
    """Finds a turn's level and stops who may not come in. What it cannot decide, it denies."""

    kinds: ClassVar[frozenset[Kind]] = KINDS

    access: Permissions
    admission: Admission
    clock: Clock
    new_code: Callable[[], str]
    """Makes a code that a person can read out."""
    strangers: Buckets
    """The turns heard of a stranger, or of a group that is not let in: beyond them nothing is kept or said."""
    is_own_right: Callable[[Turn], Awaitable[bool]]
    """True if it asks for what is a right of whoever asks, let in or not: to have one's own data, or to erase it."""
    ranked: frozenset[Kind]
    """The kinds of turn of which somebody asks what the person may do that others may not."""

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Denied turns leave an audit row and nothing else; too many of them not even that."""
        turn.level = await self.level_of(turn)
        if await self._opens_owner_link(turn):
            return self._make_owner(turn)
        # Telegram tells of the first two, the operator has set up the last.
        if turn.kind in ("membership", "migration", "heartbeat"):
            return await call_next(turn)
        if await self._may_enter(turn):
            # Who is in a group that is let in is let in there, and who posts in such a channel is.
            if turn.has_rights or turn.speaks_for_group or turn.place.is_channel:
                turn.level = max(turn.level, Level.MEMBER)
            return await call_next(turn)
        if turn.run is not None:
            return Outcome(status="blocked", reason="access")
        if turn.place.is_private and turn.has_rights and await self.is_own_right(turn):
            return await call_next(turn)
        return await self._turn_away(turn)

    async def level_of(self, turn: Turn) -> Level:
        """The rights of who acts: from the settings and from grants, whichever is higher; a bot's from a list alone."""
        if turn.is_bot:
            return min(self.admission.level_of(int(turn.user_id)), Level.MEMBER)
        if not turn.has_rights or not turn.user_id.lstrip("-").isdigit():
            return Level.STRANGER
        listed = self.admission.level_of(int(turn.user_id))
        if self.admission.mode == "open":
            listed = max(listed, Level.MEMBER)
        role = await self.access.role_of(turn.user_id) if self._needs_lookup(turn.kind) else None
        return max(listed, ROLES.get(role or "", Level.STRANGER))

    def read_ahead(self, user_id: str, session_id: str) -> None:
        """The person's role."""
        if self._needs_lookup("message"):
            self.access.expect_role(user_id)

    def _needs_lookup(self, kind: Kind) -> bool:
        # Where everyone may come in, and nobody asks for more, recording should cost no read.
        return self.admission.mode != "open" or kind in self.ranked

    async def _may_enter(self, turn: Turn) -> bool:
        if self.admission.mode == "open":
            return True
        if turn.place.is_private:
            return turn.level >= Level.MEMBER
        if turn.place.chat_id in self.admission.allowed or await self.access.role_of(turn.session_id) == "group":
            return True
        return turn.level >= Level.ADMIN and turn.command is not None

    async def _turn_away(self, turn: Turn) -> Outcome:
        denied = Outcome(status="denied", reason="access")
        if turn.attempt == 1 and not await self.strangers.take(_door(turn)):
            return replace(denied, is_kept=False)
        if turn.speaks_for_group and turn.command is not None and turn.command.name == "pair":
            return anonymous()  # an owner who forgot to show who it is would wait in vain
        if not turn.place.is_private or not turn.has_rights:
            return denied
        if turn.press is not None:
            toast = Toast(turn.press.query_id, say("access.private"))
            return Outcome(status="denied", reason="access", replies=(toast,))
        if turn.kind not in ("message", "command"):
            return denied
        starts = turn.command is not None and turn.command.name == "start"
        if self.admission.mode == "pairing":
            return await self._offer_code(turn, starts=starts)
        if not starts:
            return denied
        return Outcome(status="denied", reason="access", replies=(Reply(text=say("access.private")),))

    async def _opens_owner_link(self, turn: Turn) -> bool:
        if self.admission.mode != "pairing" or not turn.place.is_private or not turn.has_rights:
            return False
        if turn.command is None or turn.command.name != "start" or not turn.command.argument:
            return False
        if turn.incoming is None or turn.incoming.kind != "text":  # Telegram writes it, so it is no caption
            return False
        return await self.access.owner() is None and await self.access.is_owner_code(turn.command.argument)

    def _make_owner(self, turn: Turn) -> Outcome:
        assert turn.command is not None
        turn.record(*self.access.make_owner(turn.user_id, turn.command.argument, now_ms=self.clock()))
        return Outcome.answer(say("access.owner"))

    async def _offer_code(self, turn: Turn, *, starts: bool) -> Outcome:
        now = self.clock()
        age_ms = await self.access.age_of_code(turn.user_id, now_ms=now)
        # One code at a time, and another at most each minute: writing on and on brings no flood of answers.
        if age_ms is not None and (not starts or age_ms < NEXT_CODE_AFTER_MS):
            return Outcome(status="denied", reason="access")
        fresh = self.new_code()
        turn.record(*self.access.offer_member_code(fresh, turn.user_id, now_ms=now, expires_at_ms=now + CODE_VALID_MS))
        return Outcome(status="denied", reason="access", replies=(Reply(text=say("access.code", code=fresh)),))


def _door(turn: Turn) -> str:
    """At whose door somebody stands: their own in private, all together in a group that is not let in."""
    return turn.user_id if turn.place.is_private else turn.session_id


def private_place(user_id: str) -> Place:
    """The private chat with a user: its id is the user's."""
    return Place(chat_id=int(user_id), chat_type="private")
