"""The database beside a bot that may run on it: the command line reads it, and writes what the bot acts on."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from storage.readers import Readers, Room
from storage.statement import Parameters, Rows, Statement, UnitRows
from storage.writer import WriterBeside

Answer = TypeVar("Answer")


class Beside(Readers):
    """The reads of the bot's own stores, asked without a loop; the statements of the same stores, committed at once."""

    def __init__(self, readers: Readers, writer: WriterBeside, runner: asyncio.Runner) -> None:
        self.has_memory_index = readers.has_memory_index
        self._readers = readers
        self._writer = writer
        self._runner = runner

    def ask(self, question: Coroutine[Any, Any, Answer]) -> Answer:
        """The result of a store's read."""
        return self._runner.run(question)

    def commit(self, *statements: Statement) -> UnitRows:
        """All statements, or none of them; raises ExpectationFailed or StatementFailed when they are void."""
        [answer] = self._writer.run_batch([statements])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def rehearse(self, *statements: Statement) -> UnitRows:
        """The answer that `commit` would give now; nothing of it is kept."""
        return self._writer.rehearse(statements)

    def empty_log(self) -> bool:
        """Cut the log to nothing; False where somebody reads from it just now."""
        return self._writer.empty_log()

    async def fetch(self, sql: str, params: Parameters = ()) -> Rows:
        """As Readers has it."""
        return await self._readers.fetch(sql, params)

    async def room(self) -> Room:
        """As Readers has it."""
        return await self._readers.room()

    async def close(self) -> None:
        """Done by whoever has opened it."""
