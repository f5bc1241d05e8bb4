"""What an endpoint refused, remembered for a day, beyond the end of the process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from bot.responders.model.refusals import PARTS, RequestPart
from middleware.turn import Clock
from storage.json_text import encode, read_object
from storage.statement import Statement
from storage.tables.properties import Properties, refused_by

FOR_MS = 86_400_000


class Findable(Protocol):
    """Single facts by name, as the database keeps them."""

    async def find(self, name: str) -> str | None:
        """The fact, or None."""


class Remembered:
    """The parts of a request that one address refuses for one model, each with the time when it did."""

    def __init__(self, properties: Findable, clock: Clock, *, address: str, model: str) -> None:
        self._properties = properties
        self._clock = clock
        self._name = refused_by(address, model)
        self._at_ms: dict[str, int] | None = None
        self.is_new = False
        """True if it knows what is not in the database."""

    async def parts(self) -> frozenset[RequestPart]:
        """Those to leave out; the database is asked once."""
        if self._at_ms is None:
            stored = read_object(await self._properties.find(self._name)) or {}
            known: dict[str, int] = {part: stored[part] for part in PARTS if type(stored.get(part)) is int}
            self._at_ms = known if self._at_ms is None else self._at_ms
        now_ms, at_ms = self._clock(), self._at_ms
        # One that lies ahead was noted by a clock that did, and would never be a day old.
        return frozenset(part for part in PARTS if part in at_ms and 0 <= now_ms - at_ms[part] < FOR_MS)

    async def learn(self, left_out: Iterable[RequestPart]) -> None:
        """Note parts without which a request was understood; what was known before keeps its time."""
        new = frozenset(left_out) - await self.parts()
        if new and self._at_ms is not None:
            self._at_ms |= dict.fromkeys(new, self._clock())
            self.is_new = True

    def keep(self) -> Statement:
        """Write all of it down."""
        self.is_new = False
        return Properties.set(self._name, encode(self._at_ms) or "{}")
