"""The calls of a model in one try of a turn: each opened before it is made, and settled whatever becomes of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from middleware.responder import TIMED_OUT, ResponderFailed
from middleware.turn import Clock, Outcome, Turn
from storage.balances import Payer
from storage.database import Database
from storage.errors import ExpectationFailed
from storage.statement import Statement
from storage.tables.budgets import Balance, Budgets, read
from storage.tables.model_calls import CallOutcome, ModelCalls


@dataclass(slots=True)
class _Call:
    """A call as far as it has come. `spent_usd` is what the turn had spent before it."""

    spent_usd: float
    is_made: bool = False
    began_s: float | None = None
    latency_ms: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    outcome: CallOutcome | None = None


@dataclass(slots=True, kw_only=True)
class TurnMeter:
    """Meters one try. It makes one call after the other, so that one row at the most is open.

    `estimate_usd` is the most that one call costs, None where nobody knows. `refuse` makes the error that says which
    budgets are short.
    """

    turn: Turn
    model: str
    estimate_usd: float | None
    database: Database
    clock: Clock
    timer: Callable[[], float]
    refuse: Callable[[list[Balance]], ResponderFailed]
    outcome: Outcome | None = None
    """How the turn ended, once it has."""
    _call: _Call = field(init=False)

    def __post_init__(self) -> None:
        self._call = _Call(self.turn.spent_usd)

    async def open(self) -> list[Balance]:
        """Open the first call, so that it is committed before it is made; the budgets that count, before it."""
        _, _, balances, _ = await self.database.commit(*self._opening())
        return read(balances)

    async def begin(self) -> None:
        """The first call was opened beforehand; each other is opened in the commit that settles the one before it."""
        if self._call.is_made:
            settled = self._settle(self._call.outcome or "failed")
            # Before the commit, which is made even if nobody waits for it any more.
            self._call = _Call(self.turn.spent_usd)
            *_, balances, _ = await self.database.commit(*settled, *self._opening())
            if short := [balance for balance in read(balances) if balance.is_short]:
                raise self.refuse(short)
        self._call.is_made, self._call.began_s = True, self.timer()

    def end(self, outcome: CallOutcome, *, input_tokens: int | None = None, output_tokens: int | None = None) -> None:
        """As the port has it."""
        call = self._call
        call.outcome, call.latency_ms = outcome, self._since(call)
        call.input_tokens, call.output_tokens = input_tokens, output_tokens

    def testify(self, error: Exception | None) -> Iterable[Statement]:
        """Settle the last call by what became of the turn."""
        told, ending = self._call.outcome or "answered", _ending(self.outcome, error)
        if ending is None or (ending == "failed" and told == "timed_out"):
            return self._settle(told)
        return self._settle(ending)

    def testify_late(self, error: Exception | None) -> Iterable[Statement]:
        """The same of a call that nobody had announced, as it has cost something after all."""
        self._call = _Call(spent_usd=0.0, is_made=True)
        return (*self._opening(), *self.testify(error))

    def _opening(self) -> tuple[Statement, ...]:
        payer, estimate, now_ms = self._payer(), self.estimate_usd, self.clock()
        return (
            *Budgets.renew(payer, now_ms=now_ms),
            Budgets.ask(payer, estimate, now_ms=now_ms),
            ModelCalls.open(payer, model=self.model, estimate_usd=estimate, now_ms=now_ms),
        )

    def _settle(self, outcome: CallOutcome) -> tuple[Statement, ...]:
        payer, call, usd = self._payer(), self._call, self._usd()
        if not call.is_made:
            return (ModelCalls.take_back(payer),)
        charged = Budgets.charge(payer, usd, now_ms=self.clock()) if usd else ()
        settled = ModelCalls.settle(
            payer,
            input_tokens=call.input_tokens,
            output_tokens=call.output_tokens,
            usd=usd,
            latency_ms=self._since(call) if call.latency_ms is None else call.latency_ms,
            outcome=outcome,
        )
        return (*charged, settled)

    def _usd(self) -> float | None:
        """What the call has cost; None where it used something of which nobody knows the price."""
        call = self._call
        spent = self.turn.spent_usd - call.spent_usd
        if not math.isfinite(spent):
            return self.estimate_usd
        is_unpriced = self.estimate_usd is None and spent <= 0
        used_nothing = call.input_tokens == call.output_tokens == 0
        return None if is_unpriced and not used_nothing else round(max(0.0, spent), 9)

    def _since(self, call: _Call) -> int | None:
        return None if call.began_s is None else round((self.timer() - call.began_s) * 1000)

    def _payer(self) -> Payer:
        turn = self.turn
        return Payer(turn_id=turn.id, attempt=turn.attempt, user_id=turn.user_id, session_id=turn.session_id)


def _ending(outcome: Outcome | None, error: Exception | None) -> CallOutcome | None:
    """What became of the turn, where that is not an answer."""
    if isinstance(error, ExpectationFailed):
        return "void"
    if error is not None:
        return "timed_out" if isinstance(error.__cause__, TimeoutError) else "failed"
    if outcome is not None and outcome.status == "failed":
        return "timed_out" if outcome.reason == TIMED_OUT else "failed"
    return "stopped" if outcome is not None and outcome.reason == "stopped" else None
