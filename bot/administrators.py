"""The administrators of groups, as Telegram names them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from middleware.turn import Clock, Turn

KEPT_MS = 300_000
"""The time that an answer of Telegram's holds: so long may somebody who was demoted still act."""
UNTOLD_MS = 10_000
"""The time that Telegram is not asked again after it did not answer."""
KEPT_CHATS = 1_000

AskAdministrators = Callable[[int], Awaitable[frozenset[str] | None]]
"""The user ids of a chat's administrators; None where Telegram does not tell now."""


@dataclass(slots=True)
class Administrators:
    """Asks Telegram once in a while, a chat at a time; who cannot be told to be an administrator is none."""

    ask: AskAdministrators
    clock: Clock
    _kept: OrderedDict[int, tuple[int, frozenset[str] | None]] = field(default_factory=OrderedDict)

    async def include(self, turn: Turn) -> bool:
        """True if who acts is an administrator of the group where that is; an anonymous one speaks as the group."""
        if turn.place.is_private:
            return False
        return turn.speaks_for_group or (turn.has_rights and turn.user_id in await self._of(turn.place.chat_id))

    async def _of(self, chat_id: int) -> frozenset[str]:
        asked_ms, ids = self._kept.get(chat_id, (0, None))
        if not 0 <= self.clock() - asked_ms < (UNTOLD_MS if ids is None else KEPT_MS):
            ids = await self.ask(chat_id)
            self._kept[chat_id] = (self.clock(), ids)
            self._kept.move_to_end(chat_id)
            if len(self._kept) > KEPT_CHATS:
                self._kept.popitem(last=False)
        return ids or frozenset()
