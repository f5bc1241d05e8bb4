"""Lines sorted by an id, however many they are, so that the order of a file tells nothing of where they come from."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

ROOM = 8_000_000
"""Characters that are sorted in memory; what is more waits on the disk, sorted, until all of it is merged."""


class SortedLines:
    """Some in memory, the others in files without a name: they go with the process, however it ends."""

    def __init__(self, folder: Path, files: ExitStack, room: int) -> None:
        self._folder = folder
        self._stack = files
        self._room = room
        self._held: list[str] = []
        self._size = 0
        self._files: list[IO[str]] = []

    @classmethod
    @contextmanager
    def open(cls, folder: Path, *, room: int = ROOM) -> Iterator[SortedLines]:
        """For as long as this is open; `folder` is on a disk with room for all of them."""
        with ExitStack() as files:
            yield cls(folder, files, room)

    def add(self, row_id: str, line: str) -> None:
        """A line, and its id; neither has an end of a line in it, nor the id a tab. Raises OSError."""
        self._held.append(f"{row_id}\t{line}\n")
        self._size += len(self._held[-1])
        if self._size > self._room:
            self._put_away()

    def __iter__(self) -> Iterator[str]:
        """The lines, by id, then by themselves; as often as they are asked for, one walk after another."""
        for file in self._files:
            file.seek(0)
        for line in heapq.merge(sorted(self._held), *self._files):
            yield line.removesuffix("\n").partition("\t")[2]

    def _put_away(self) -> None:
        file = TemporaryFile("w+", dir=self._folder, encoding="utf-8", newline="\n")  # noqa: SIM115 - the stack closes it
        self._files.append(self._stack.enter_context(file))
        file.writelines(sorted(self._held))
        self._held, self._size = [], 0
