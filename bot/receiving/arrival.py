"""The arrival, from the journal to the chain: the updates of one turn, as one try of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.receiving.envelope import Envelope, opened
from middleware.turn import Source
from storage.tables.updates import Entry


@dataclass(slots=True)
class Letter:
    """A journalled update; it is opened once, by whoever needs to look into it first."""

    entry: Entry
    _envelope: Envelope | None = field(default=None, repr=False)

    def open(self) -> Envelope:
        """Its envelope; raises Unreadable."""
        if self._envelope is None:
            self._envelope = opened(self.entry.body)
        return self._envelope


Together = tuple[Letter, ...]
"""The updates of one turn, in order of arrival; most often one."""


@dataclass(slots=True)
class Arrival:
    """One try of a turn, on its way through python-telegram-bot's handler, and what became of it there."""

    letters: Together
    source: Source
    attempt: int
    may_be_begun: bool = False
    """True if an earlier try, of this process or of one before it, may have begun a message for its answer."""
    is_wanted: bool = False
    """True if it made a turn; nobody wants the kinds that concern no conversation."""
    error: Exception | None = None

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The rows of the journal."""
        return tuple(letter.entry for letter in self.letters)
