"""Presses of the buttons under memories."""

from __future__ import annotations

from dataclasses import dataclass

from bot.clock import moment
from middleware.kept import SNIPPET, MemoryPress, MemoryVerb, buttons_of
from middleware.presses import stale, with_toast
from middleware.texts import say, shorten
from middleware.turn import Outcome, Turn
from storage.tables.memories import Memories, Memory, short


@dataclass(frozen=True, slots=True)
class MemoryPresses:
    """Whose memory it is presses, where it was remembered; what is gone stays gone."""

    memories: Memories

    async def __call__(self, turn: Turn, data: str) -> Outcome:
        """Do it, or say in the toast why not; nothing is looked for under another's name."""
        assert turn.press is not None
        press = MemoryPress.parse(data)
        if press is None:
            return stale(turn.press)
        if press.user_id != turn.user_id:
            return with_toast(turn, say("memory.toast.foreign"), status="denied")
        memory = await self.memories.find_exactly(press.memory_id, session_id=turn.session_id, user_id=turn.user_id)
        if memory is None:
            return with_toast(turn, say("memory.toast.gone"), status="ignored")
        match press.verb:
            case MemoryVerb.SHOW:
                return with_toast(turn, "", shown(memory))
            case MemoryVerb.FORGET:
                return with_toast(turn, "", sure(memory))
            case MemoryVerb.KEEP:
                return with_toast(turn, say("memory.toast.kept"))
        own = {"session_id": turn.session_id, "user_id": turn.user_id}
        turn.record(*self.memories.remove(memory.memory_id, **own))
        return with_toast(turn, say("memory.forgotten"), Outcome.answer(say("memory.forgotten")))


def shown(memory: Memory) -> Outcome:
    """All of a memory."""
    at = f"{moment(memory.created_at_ms):%Y-%m-%d %H:%M}"
    text = say("memory.shown", fact=memory.text, id=short(memory.memory_id), at=at)
    return Outcome.answer(text, buttons=buttons_of(memory.user_id, memory.memory_id, MemoryVerb.FORGET))


def sure(memory: Memory) -> Outcome:
    """The question whether it is really to go: a list is pressed on by mistake, and nothing brings it back."""
    text = say("memory.sure", fact=shorten(memory.text, SNIPPET))
    buttons = buttons_of(memory.user_id, memory.memory_id, MemoryVerb.REALLY, MemoryVerb.KEEP)
    return Outcome.answer(text, buttons=buttons)
