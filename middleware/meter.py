"""The port to what counts the calls of a model that a turn makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from storage.tables.model_calls import CallOutcome


class Meter(Protocol):
    """Counts the calls of one turn, each from before it is made."""

    async def begin(self) -> None:
        """To be awaited before each call: it is durable then that it may be made.

        Raises ResponderFailed where a budget has no room for it.
        """

    def end(self, outcome: CallOutcome, *, input_tokens: int | None = None, output_tokens: int | None = None) -> None:
        """Say what became of the call; its cost is what `turn.spent_usd` has grown by since it began."""


@dataclass(frozen=True, slots=True)
class Unmetered:
    """Counts nothing: of calls that no turn makes, as before there is a database, or that nobody pays for."""

    async def begin(self) -> None:
        """Any call may be made."""

    def end(self, outcome: CallOutcome, *, input_tokens: int | None = None, output_tokens: int | None = None) -> None:
        """Nothing is kept of it."""


UNMETERED = Unmetered()
