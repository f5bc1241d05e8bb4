"""/remember and /memory."""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands.memory_presses import shown
from bot.files.memories import JSON, MARKDOWN, MOST
from middleware.commands import Command
from middleware.facts import COMMAND, MAX_FACT, Facts, commanded
from middleware.kept import listed, noted
from middleware.pages import A_PAGE, footer, page_named, part_of
from middleware.responder import KeptFact
from middleware.texts import say
from middleware.turn import LaterDocument, Outcome, Turn
from middleware.usage import UsageError, only_in_private, unknown_form
from storage.ids import memory_id
from storage.tables.memories import Memories, Memory


@dataclass(frozen=True, slots=True)
class MemoryCommands:
    """Memories of this person in this chat, and of nobody else."""

    memories: Memories
    facts: Facts

    def commands(self) -> tuple[Command, ...]:
        """In the order of the menu."""
        return (
            Command(name=COMMAND, handler=self.remember, is_personal=True),
            Command(name="memory", handler=self.memory, is_personal=True),
        )

    async def remember(self, turn: Turn, argument: str) -> Outcome:
        """Keep a fact."""
        if not argument:
            raise UsageError(say("memory.nothing_given"))
        if len(argument) > MAX_FACT:
            raise UsageError(say("memory.too_long", most=MAX_FACT, length=len(argument)))
        assert turn.incoming is not None
        fact = commanded(argument)
        turn.record(*self.facts.keep(turn, turn.incoming, fact))
        kept = KeptFact(memory_id(turn.session_id, turn.incoming.telegram_message_id), fact)
        return Outcome(status="answered", replies=(noted(turn, [kept], say("memory.noted")),))

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
                return Outcome.answer(say("memory.forgotten"))
            case "export":
                return await self._export(turn, rest.strip())
            case _:
                raise unknown_form(verb)

    async def _show(self, turn: Turn, written: str) -> Outcome:
        page = page_named(written or "1")
        if page is None:
            return shown(await self._find(turn, written))
        own = {"session_id": turn.session_id, "user_id": turn.user_id}
        total = await self.memories.count(**own)
        part = part_of(page, total)
        memories = await self.memories.list_recent(**own, limit=A_PAGE, after=part.start)
        if not memories:
            return Outcome.answer(say("memory.empty"))
        lines, buttons = listed(memories)
        return Outcome.answer("\n".join([lines, *footer(page, total, "memory show")]), buttons=buttons)

    async def _search(self, turn: Turn, words: str) -> Outcome:
        if not words:
            raise UsageError(say("memory.no_words"))
        own = {"session_id": turn.session_id, "user_id": turn.user_id}
        memories = await self.memories.search(words[:1000], **own, limit=A_PAGE)
        if not memories:
            return Outcome.answer(say("memory.not_found"))
        lines, buttons = listed(memories)
        return Outcome.answer(lines, buttons=buttons)

    async def _export(self, turn: Turn, form: str) -> Outcome:
        """A file of everything, in private only: in a group it would lie about for all to read."""
        if form.lower() not in ("", "md", "markdown", "json"):
            raise UsageError(say("memory.forms", found=form[:40]))
        if not turn.place.is_private:
            return only_in_private(say("memory.export_private"))
        own = {"session_id": turn.session_id, "user_id": turn.user_id}
        total = await self.memories.count(**own)
        is_json = form.lower() == "json"
        document = LaterDocument("memory.json", JSON) if is_json else LaterDocument("memory.md", MARKDOWN)
        told = "memory.exported" if total <= MOST else "memory.export_cut"
        return Outcome.answer(say(told, count=min(total, MOST), total=total), document=document)

    async def _find(self, turn: Turn, written: str) -> Memory:
        memory = None
        if len(written) >= 4:
            memory = await self.memories.find(written, session_id=turn.session_id, user_id=turn.user_id)
        if memory is None:
            raise UsageError(say("memory.unknown_id"))
        return memory
