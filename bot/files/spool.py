"""A file while it is made and sent: it has no name, and is gone when it is closed, whatever happens."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bot.errors import BotError

Write = Callable[[Iterable[str]], Awaitable[None]]
"""Adds texts to the file."""
Make = Callable[[int, Write], Awaitable[None]]
"""Writes the whole file for the person with this id, who is alone in the chat with the same id."""


class UnknownSubject(BotError):
    """This version makes no files of that."""


@dataclass(frozen=True, slots=True)
class Files:
    """Makes files of each subject, in a folder that has room for what is in the database."""

    subjects: Mapping[str, Make]
    folder: Path

    @asynccontextmanager
    async def made(self, subject: str, chat_id: int) -> AsyncIterator[IO[bytes]]:
        """The file, open at its start. Raises UnknownSubject, and OSError where there is no room for it."""
        make = self.subjects.get(subject)
        if make is None:
            raise UnknownSubject(f"the queue holds a file of {subject[:64]!r}, which this version does not know")
        with tempfile.TemporaryFile(dir=self.folder) as file:

            async def write(texts: Iterable[str]) -> None:
                await asyncio.to_thread(file.write, "".join(texts).encode())

            await make(chat_id, write)
            file.seek(0)
            yield file


NO_FILES = Files({}, Path())
"""For whoever sends none."""
