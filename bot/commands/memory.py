"""/remember and /memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from middleware.commands import Command, UsageError
from middleware.turn import Outcome, Turn
from storage.memories import Memories, Memory

SHOWN = 10
MAX_FACT = 2000


@dataclass(frozen=True, slots=True)
class MemoryCommands:
    """Memories of this person in this chat, and of nobody else."""

    memories: Memories
    new_id: Callable[[], str]

    def commands(self) -> tuple[Command, ...]:
        """In the order of the menu."""
        return (
            Command(
                name="remember",
                summary="keep a fact",
                usage="remember <fact>",
                example="remember my bike is green",
                handler=self.remember,
            ),
            Command(
                name="memory",
                summary="what I remember of you here",
                usage="memory search <words>, show [<id>], forget <id>",
                example="memory search bike",
                handler=self.memory,
            ),
        )

    async def remember(self, turn: Turn, argument: str) -> Outcome:
        """Keep a fact."""
        if not argument:
            raise UsageError("There is nothing to remember.")
        if len(argument) > MAX_FACT:
            raise UsageError(f"A fact may have {MAX_FACT} characters, this one has {len(argument)}.")
        memory_id = self.new_id()
        turn.record(
            *self.memories.add(
                memory_id=memory_id,
                session_id=turn.session_id,
                user_id=turn.user_id,
                fact=argument,
                now_ms=turn.received_at_ms,
            )
        )
        return Outcome.answer(f"Noted. /memory forget {memory_id[:8]} undoes it.")

    async def memory(self, turn: Turn, argument: str) -> Outcome:
        """Dispatch to one of the forms."""
        verb, _, rest = argument.partition(" ")
        match verb.lower():
            case "" | "show":
                return await self._show(turn, rest.strip())
            case "search":
                return await self._search(turn, rest.strip())
            case "forget":
                memory = await self._find(turn, rest.strip())
                turn.record(*self.memories.forget(memory))
                return Outcome.answer("Forgotten.")
            case _:
                raise UsageError(f"I do not know “{verb[:40]}”.")

    async def _show(self, turn: Turn, written: str) -> Outcome:
        if written:
            memory = await self._find(turn, written)
            at = datetime.fromtimestamp(memory.created_at_ms / 1000, UTC)
            return Outcome.answer(f"{memory.text}\n({memory.memory_id[:8]}, kept {at:%Y-%m-%d %H:%M} UTC)")
        found = await self.memories.list_recent(session_id=turn.session_id, user_id=turn.user_id, limit=SHOWN)
        return Outcome.answer(_lines(found) or "I remember nothing yet. /remember keeps a fact.")

    async def _search(self, turn: Turn, words: str) -> Outcome:
        if not words:
            raise UsageError("There is nothing to search for.")
        found = await self.memories.search(words[:1000], session_id=turn.session_id, user_id=turn.user_id, limit=SHOWN)
        return Outcome.answer(_lines(found) or "I remember nothing about that.")

    async def _find(self, turn: Turn, written: str) -> Memory:
        found = None
        if len(written) >= 4:
            found = await self.memories.find(written, session_id=turn.session_id, user_id=turn.user_id)
        if found is None:
            raise UsageError("No memory of yours here has that id; /memory show lists them.")
        return found


def _lines(memories: list[Memory]) -> str:
    return "\n".join(f"• {memory.memory_id[:8]}: {memory.text}" for memory in memories)
