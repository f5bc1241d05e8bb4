"""Keeps what answers cost within the budgets: reserves an estimate before the call, settles the true cost after it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from middleware.responder import ANSWERABLE, Abilities, wants_answer
from middleware.texts import say, say_span
from middleware.turn import CallNext, Clock, Kind, Outcome, Reply, Turn
from storage.database import Database
from storage.statement import Statement
from storage.tables.budgets import Balance, Budgets, read

EXCEEDED, UNPRICED = "budget_exceeded", "price_unknown"


@dataclass(frozen=True, slots=True)
class Budget:
    """Lets an answer be made if every budget that blocks has room for it; the others only warn."""

    kinds: ClassVar[frozenset[Kind]] = ANSWERABLE

    database: Database
    budgets: Budgets
    abilities: Abilities
    clock: Clock

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """A turn's cost is settled even if it fails; nothing is asked of anybody over budget."""
        if not wants_answer(turn):
            return await call_next(turn)
        estimate = self._estimate(turn)
        if estimate is None:
            return await self._unpriced(turn, call_next)
        turn.bear_witness(lambda error: self._settle(turn, estimate))
        if estimate == 0:
            return await call_next(turn)
        balances = await self._reserve(turn, estimate)
        short = [balance for balance in balances if balance.is_short]
        if short:
            return Outcome(status="blocked", reason=EXCEEDED, replies=(Reply(text=self._refusal(short)),))
        return self._warn(turn, balances, await call_next(turn))

    async def _unpriced(self, turn: Turn, call_next: CallNext) -> Outcome:
        """A call of unknown price fits into no budget that blocks."""
        here = await self.budgets.balances(user_id=turn.user_id, session_id=turn.session_id, now_ms=self.clock())
        blocking = next((balance for balance in here if balance.policy.blocks), None)
        if blocking is not None:
            text = say("budget.unpriced", budget=named(blocking), settings=self.abilities.price_settings)
            return Outcome(status="blocked", reason=UNPRICED, replies=(Reply(text=text),))
        turn.bear_witness(lambda error: self._settle(turn, 0.0))
        return await call_next(turn)

    def _estimate(self, turn: Turn) -> float | None:
        estimate = self.abilities.estimate_usd(turn)
        if estimate is None:
            return None
        if not math.isfinite(estimate) or estimate < 0:  # nothing can be decided by it
            raise ValueError(f"estimate_usd gave {estimate}; expected a number of US dollars, 0 or more")
        return estimate

    async def _reserve(self, turn: Turn, estimate: float) -> list[Balance]:
        # Committed before the call, so that turns side by side count with each other, and a kill is accounted for.
        *_, balances = await self.database.commit(
            *self.budgets.reserve(
                turn.id, estimate, user_id=turn.user_id, session_id=turn.session_id, now_ms=self.clock()
            )
        )
        return read(balances)

    def _settle(self, turn: Turn, estimate: float) -> Iterable[Statement]:
        spent = turn.spent_usd if math.isfinite(turn.spent_usd) else estimate
        if estimate == 0 and spent <= 0:
            return ()
        return self.budgets.settle(
            turn.id, spent, user_id=turn.user_id, session_id=turn.session_id, now_ms=self.clock()
        )

    def _refusal(self, short: list[Balance]) -> str:
        """Names the budget that one has to wait for longest."""
        now_ms = self.clock()
        longest = max(short, key=lambda balance: balance.resets_at_ms(now_ms) or math.inf)
        refusal = say("budget.exceeded", budget=named(longest), limit=dollars(longest.policy.limit_usd))
        return f"{refusal} {resets(longest, now_ms)}"

    def _warn(self, turn: Turn, balances: list[Balance], outcome: Outcome) -> Outcome:
        """Once in each interval of a budget that only warns, with the answer that uses it up or comes after that."""
        if outcome.status != "answered":
            return outcome
        used_up = [
            balance
            for balance in balances
            if not balance.policy.blocks
            and not balance.was_warned
            and balance.spent_usd + turn.spent_usd >= balance.policy.limit_usd
        ]
        turn.record(*(self.budgets.note_warning(balance) for balance in used_up))
        return replace(outcome, replies=(*outcome.replies, *map(self._warning, used_up)))

    def _warning(self, balance: Balance) -> Reply:
        text = say("budget.warning", budget=named(balance), limit=dollars(balance.policy.limit_usd))
        return Reply(text=f"{text} {resets(balance, self.clock())}")


def named(balance: Balance) -> str:
    """Whose budget it is, in words."""
    return say(f"budget.name.{balance.policy.scope}")


def dollars(amount: float) -> str:
    """An amount to the cent, or as exactly as it takes below that."""
    whole, _, fraction = f"{amount:,.6f}".rstrip("0").partition(".")
    return f"${whole}.{fraction:0<2}"


def span(ms: int) -> str:
    """A time to wait, in days, hours and minutes, rounded up."""
    return say_span(-(-max(ms, 1) // 60_000) * 60)


def resets(balance: Balance, now_ms: int) -> str:
    """When it starts anew, as a sentence."""
    at_ms = balance.resets_at_ms(now_ms)
    return say("budget.stays") if at_ms is None else say("budget.resets", span=span(at_ms - now_ms))
