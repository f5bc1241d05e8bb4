"""The outermost layer: commits a turn whole, or its failure and nothing else of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from middleware.failures import MiddlewareError
from middleware.replies.outbox import Outbox
from middleware.texts import say
from middleware.turn import KINDS, CallNext, Kind, Outcome, Reply, Turn
from storage.errors import DatabaseClosed, DatabaseLost, ExpectationFailed
from storage.statement import Rows, Statement


class Commit(Protocol):
    """`Database.commit`; the calls that the statements queue are taken up besides."""

    async def __call__(self, *statements: Statement) -> Sequence[Rows]:
        """Raises as that does."""
        ...


class TurnFailed(MiddlewareError):
    """A try of a turn failed, and that is recorded. Its cause, `error`, is the failure itself."""

    def __init__(self, turn: Turn, error: Exception) -> None:
        super().__init__(f"{turn.id} failed at try {turn.attempt}")
        self.turn = turn
        self.error = error


@dataclass(frozen=True, slots=True)
class Errors:
    """Ends every turn with exactly one commit."""

    kinds: ClassVar[frozenset[Kind]] = KINDS

    commit: Commit
    outbox: Outbox
    committed: Callable[[Turn], None]
    """Told after each commit."""

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Raises TurnFailed when the turn did not come to its end; what storage says of itself passes through."""
        try:
            await self.outbox.find_placeholder(turn)
            outcome = await call_next(turn)
            replies = self.outbox.queue(turn, outcome.replies)
            rows = await self._commit(turn, *turn.source.opening, *turn.effects, *replies, *turn.testimony(None))
            if turn.source.opened is not None:
                turn.source.opened(rows)
        except (DatabaseLost, DatabaseClosed):
            raise
        except Exception as error:
            await self._fail(turn, error)
            raise TurnFailed(turn, error) from error
        finally:
            turn.witnesses.clear()  # they know the turn: it would be left to the garbage collector, and all that it has
        return outcome

    async def _commit(self, turn: Turn, *statements: Statement) -> Sequence[Rows]:
        rows = await self.commit(*statements)
        self.committed(turn)
        return rows

    async def _fail(self, turn: Turn, error: Exception) -> None:
        statements = turn.source.failing(error)
        replies: tuple[Reply, ...] = ()
        queued: list[Statement] = []
        if turn.source.is_last_try:
            apologises = turn.awaits_answer and not turn.place.is_channel
            replies = turn.source.last_words or ((Reply(text=say("turn.apology")),) if apologises else ())
            queued = self.outbox.queue(turn, replies)
        testimony = turn.testimony(error)
        try:
            await self._commit(turn, *statements, *queued, *testimony)
        except ExpectationFailed:
            # Its source was taken away meanwhile, so nothing of it is said; what it has cost is true all the same.
            await self._commit(turn, *testimony, *self.outbox.take_back_begun(turn))
            raise
