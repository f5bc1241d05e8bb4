"""What a reader of marks has read: the text without marks, and the entities in its UTF-16 units."""

from __future__ import annotations

from ..errors import EmulatorError
from ..people import Json
from .links import address, mentioned


class Unreadable(EmulatorError):
    """A text whose marks cannot be read; the message is Telegram's."""


def byte_offset(text: str, at: int) -> int:
    """Where a character stands in UTF-8, as Telegram counts in its refusals."""
    return len(text[:at].encode("utf-8", "surrogatepass"))


class Written:
    """A text that grows; `units` is its length, `place` says to `since` how much was there."""

    def __init__(self) -> None:
        self.units = 0
        self.entities: list[Json] = []
        self._parts: list[str] = []

    @property
    def place(self) -> int:
        """Where the next text comes."""
        return len(self._parts)

    def since(self, place: int) -> str:
        """All that came from this place on."""
        return "".join(self._parts[place:])

    def add(self, text: str) -> None:
        """Append a text."""
        self._parts.append(text)
        self.units += sum(2 if char > "\uffff" else 1 for char in text)

    def mark(self, kind: str, start: int, **more: object) -> None:
        """Make an entity of all since `start`; of nothing there is none."""
        if self.units > start:
            self.entities.append({"type": kind, "offset": start, "length": self.units - start, **more})

    def mark_link(self, url: str, start: int) -> None:
        """A link or a mention of all since `start`, where the address leads anywhere."""
        if (user_id := mentioned(url)) is not None:
            self.mark("text_mention", start, user={"id": user_id})
        elif (link := address(url)) is not None:
            self.mark("text_link", start, url=link)
