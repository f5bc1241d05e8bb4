"""What somebody asked to be remembered in private, as a file: Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from bot.clock import moment
from bot.files.spool import Write
from middleware.texts import say
from storage.ids import session_id_of
from storage.tables.memories import Memories, Memory, short

MARKDOWN, JSON = "memories_md", "memories_json"
"""The subjects."""
MOST = 10_000
"""The most memories of a file, the newest ones."""
A_PAGE = 500


@dataclass(frozen=True, slots=True)
class MemoriesFile:
    """The memories of one person in the chat with them alone, newest first."""

    memories: Memories

    async def make_markdown(self, chat_id: int, write: Write) -> None:
        """A heading for each fact, its text quoted, so that nothing in it looks like a heading of ours."""
        await write(f"# {say('memory.title')}\n")
        async for page in self._pages(chat_id):
            await write(_in_markdown(memory) for memory in page)

    async def make_json(self, chat_id: int, write: Write) -> None:
        """A list of objects, one a line."""
        before = "[\n"
        async for page in self._pages(chat_id):
            await write((before, ",\n".join(map(_in_json, page))))
            before = ",\n"
        await write("[]\n" if before == "[\n" else "\n]\n")

    async def _pages(self, chat_id: int) -> AsyncIterator[list[Memory]]:
        own = {"session_id": session_id_of(chat_id), "user_id": str(chat_id)}
        for start in range(0, MOST, A_PAGE):
            page = await self.memories.list_recent(**own, limit=A_PAGE, after=start)
            if not page:
                return
            yield page


def _in_markdown(memory: Memory) -> str:
    quoted = "\n".join(f"> {line}" for line in memory.text.splitlines())
    return f"\n## {_at(memory):%Y-%m-%d %H:%M} UTC, {short(memory.memory_id)}\n\n{quoted}\n"


def _in_json(memory: Memory) -> str:
    at = f"{_at(memory):%Y-%m-%dT%H:%M:%SZ}"
    return json.dumps({"id": memory.memory_id, "createdAt": at, "fact": memory.text}, ensure_ascii=False)


def _at(memory: Memory) -> datetime:
    return moment(memory.created_at_ms)
