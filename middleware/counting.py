"""Counts answers, as ratings are shares of them: by what made them, with what they cost and how long they took."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from middleware.responder import ANSWERABLE, wants_answer
from middleware.turn import CallNext, Clock, Kind, Outcome, Reply, Turn
from storage.tables.answer_totals import AnswerTotals


@dataclass(frozen=True, slots=True)
class Counting:
    """Counts what a responder has said, in the turn's commit; one that says nothing is not counted."""

    kinds: ClassVar[frozenset[Kind]] = ANSWERABLE

    clock: Clock
    timer: Callable[[], float]

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """An answer that was stopped counts as far as it came."""
        if not wants_answer(turn):
            return await call_next(turn)
        began = self.timer()
        outcome = await call_next(turn)
        if any(isinstance(reply, Reply) and reply.by == "responder" for reply in outcome.replies):
            took = round((self.timer() - began) * 1000)
            counted = AnswerTotals.count(
                turn.origin, is_private=turn.place.is_private, milliseconds=took, now_ms=self.clock()
            )
            turn.record(counted)
        return outcome
