"""Lines sorted by an id, however many they are, so that the order of a file tells nothing of where they come from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

HEAPS = 64
"""Each holds the lines whose ids begin alike, and is sorted in memory when its turn comes."""


class SortedLines:
    """On the disk, in files without a name: they go with the process, however it ends."""

    def __init__(self, heaps: list[IO[str]]) -> None:
        self._heaps = heaps

    @classmethod
    @contextmanager
    def open(cls, folder: Path) -> Iterator[SortedLines]:
        """For as long as this is open; `folder` is on a disk with room for all of them."""
        with ExitStack() as stack:
            yield cls(
                [
                    stack.enter_context(TemporaryFile("w+", dir=folder, encoding="utf-8", newline="\n"))
                    for _ in range(HEAPS)
                ]
            )

    def add(self, row_id: str, line: str) -> None:
        """A line, and its id in hexadecimal digits."""
        self._heaps[int(row_id[:2], 16) * HEAPS // 256].write(f"{row_id}\t{line}\n")

    def __iter__(self) -> Iterator[str]:
        """The lines, by id."""
        for heap in self._heaps:
            heap.seek(0)
            for line in sorted(heap):
                yield line.removesuffix("\n").partition("\t")[2]
