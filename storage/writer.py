"""Writing: the contract between the database, or who writes beside it, and the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from storage.statement import Unit, UnitRows


class Writer(Protocol):
    """The one connection that writes. Each call blocks until it is done; no two are made at once."""

    def run_batch(self, units: Sequence[Unit], /) -> list[UnitRows | Exception]:
        """Commit all units in one transaction, in which a unit fails alone; an answer a unit, in order.

        An answer is the rows of each statement, or what has voided the unit: ExpectationFailed, StatementFailed, or
        whatever else its parameters gave. Raises DatabaseBusy, with nothing done, where the same may succeed in a
        moment, and DatabaseLost, after which nobody knows what was committed.
        """

    def empty_log(self) -> bool:
        """Remove from the disk what was written on the way to its place; False where somebody reads it just now."""


class WriterBeside(Writer, Protocol):
    """One beside a bot that may run."""

    def rehearse(self, unit: Unit, /) -> UnitRows:
        """The answer that the commit of a unit would give; none of it is kept. Raises what voids it."""
