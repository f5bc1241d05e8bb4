"""Late reminders that come as one list end here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from middleware.turn import CallNext, Kind, Outcome, Turn


@dataclass(frozen=True, slots=True)
class LateList:
    """Says the list as it is: a model would be asked for nothing, and might leave something out."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({"automation"})

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Every other turn goes on."""
        if turn.run is None or not turn.run.companions:
            return await call_next(turn)
        return Outcome.answer(turn.run.prompt)
