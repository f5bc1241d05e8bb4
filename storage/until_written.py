"""Answers to what every turn asks, kept until what they were read from may have changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Generic, TypeVar

from storage.readers import OwnReaders, Readers

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")

MOST = 10_000


class UntilWritten(Generic[Key, Answer]):
    """What was read by a key, the latest so many; a read costs as much as all else of a recorded reaction.

    Kept where the readers tell of what is `written`, a table's name, by this process and by others: then all is
    forgotten. Other readers are asked each time.
    """

    def __init__(self, readers: Readers, written: str, *, most: int = MOST) -> None:
        self._answers: dict[Key, Answer] = {}
        self._ahead: dict[Key, asyncio.Future[Answer]] = {}
        """What is read before anybody asks for it."""
        self._changes = 0
        self._most = most if isinstance(readers, OwnReaders) else 0
        if isinstance(readers, OwnReaders):
            readers.watch(written, self._forget)

    def _forget(self) -> None:
        self._changes += 1
        self._answers.clear()

    async def of(self, key: Key, read: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer for this key, read where it is not known."""
        if key not in self._answers and key in self._ahead:
            await asyncio.wait((self._ahead[key],))
        if key in self._answers:
            return self._answers[key]
        return await self._read(key, read)

    def expect(self, key: Key, read: Callable[[], Awaitable[Answer]]) -> None:
        """Begin to read the answer for this key, where it is not known, as somebody will ask for it in a moment.

        Where that fails, or something changes meanwhile, it is read again by whoever asks.
        """
        if self._most and key not in self._answers and key not in self._ahead:
            reading = self._ahead[key] = asyncio.ensure_future(self._read(key, read))
            reading.add_done_callback(partial(self._end, key))

    def _end(self, key: Key, reading: asyncio.Future[Answer]) -> None:
        del self._ahead[key]
        if not reading.cancelled():
            reading.exception()

    async def _read(self, key: Key, read: Callable[[], Awaitable[Answer]]) -> Answer:
        before = self._changes
        answer = await read()
        # What was read may be older than what has changed meanwhile.
        if before == self._changes and self._most:
            if len(self._answers) >= self._most:
                del self._answers[next(iter(self._answers))]
            self._answers[key] = answer
        return answer
