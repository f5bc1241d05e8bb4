"""The body of an answer, from its bytes to what it adds to the answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.responders.model.frames import Delta, read
from bot.responders.model.framing import Frame, Framing, Garbled


class AnswerBody:
    """Reads one body, wherever it is cut into pieces. Raises Garbled and ErrorFrame."""

    def __init__(self) -> None:
        self._framing = Framing()
        self._is_known = False
        self.is_over = False
        """True once the endpoint has said that nothing more comes."""

    def feed(self, chunk: bytes) -> Iterator[Delta]:
        """What is said with these bytes."""
        return self._deltas(self._framing.feed(chunk))

    def end(self) -> Iterator[Delta]:
        """What is said with the end of the body."""
        yield from self._deltas(self._framing.end())
        if self._framing.is_damaged and not self.is_over:
            raise Garbled("JSON that cannot be read")
        if not self._is_known:
            raise Garbled(self._framing.what_came)

    def _deltas(self, frames: Iterable[Frame]) -> Iterator[Delta]:
        for frame in frames:
            if self.is_over:
                return
            if (delta := read(frame)) is not None:
                self._is_known = True
                self.is_over = delta.is_end and frame.fields is None
                yield delta
