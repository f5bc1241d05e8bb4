"""Tells people how far we are with their message, when that takes a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from middleware.turn import CallNext, Kind, Outcome, Turn


class ShowsStatus(Protocol):
    """The port to what shows how far a turn is; each call returns at once."""

    def end(self, turn: Turn, outcome: Outcome | None) -> None:
        """The turn has ended like this; None: with an error, for good."""
        ...


@dataclass(frozen=True, slots=True)
class Presence:
    """Notes how each message's turn ended. That it is worked on is told where its answer is made."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({"message"})

    status: ShowsStatus | None

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """A try that failed and will be repeated has not ended."""
        if self.status is None:
            return await call_next(turn)
        outcome = None
        try:
            outcome = await call_next(turn)
        finally:
            if outcome is not None or turn.source.is_last_try:
                self.status.end(turn, outcome)
        return outcome
