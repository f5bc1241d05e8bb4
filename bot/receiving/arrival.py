"""The arrival, from the journal to the chain: the updates of one turn, as one try of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from msgspec import Struct
from telegram import Bot, Update

from bot.receiving.envelope import Envelope, opened
from middleware.turn import Source
from storage.tables.updates import Entry


@dataclass(slots=True)
class Letter:
    """A journalled update; it is opened once, by whoever needs to look into it first."""

    entry: Entry
    _envelope: Envelope | None = field(default=None, repr=False)
    _update: Update | None = field(default=None, repr=False)

    def open(self) -> Envelope:
        """Its envelope; raises UpdateUnreadable."""
        if self._envelope is None:
            known = self.entry.opened
            self._envelope = known if isinstance(known, Envelope) else opened(self.entry.body)
        return self._envelope

    def as_update(self, bot: Bot) -> Update | None:
        """It as python-telegram-bot has it, built when somebody asks; None where that cannot read it."""
        if self._update is None:
            try:
                self._update = Update.de_json(json.loads(self.entry.body), bot)
            except Exception:  # noqa: BLE001 - PTB raises whatever its constructors do
                return None
        return self._update


Together = tuple[Letter, ...]
"""The updates of one turn, in order of arrival; most often one."""


class Arrival(Struct, frozen=True):
    """One try of a turn, from what the journal keeps of it."""

    letters: Together
    source: Source
    attempt: int
    may_be_begun: bool = False
    """True if an earlier try, of this process or of one before it, may have begun a message for its answer."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The rows of the journal."""
        return tuple([letter.entry for letter in self.letters])
