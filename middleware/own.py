"""Middleware of the operator's own, named in POLAR_MIDDLEWARE, as layers of the chain."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import ClassVar

from middleware.needs import Needs
from middleware.turn import KINDS, CallNext, Kind, Middleware, Outcome, Turn


@dataclass(frozen=True, slots=True)
class Own:
    """Shown every kind of turn, whatever attributes it has."""

    middleware: Middleware

    kinds: ClassVar[frozenset[Kind]] = KINDS

    @property
    def needs(self) -> Needs:
        """Its declaration; without one it wants to know nothing of the context."""
        declared = getattr(self.middleware, "needs", None)
        return declared if isinstance(declared, Needs) else Needs()

    def __call__(self, turn: Turn, call_next: CallNext) -> Awaitable[Outcome]:
        """As itself."""
        return self.middleware(turn, call_next)
