"""Keeps what answers cost within the budgets: a call is opened at its estimate, and settled at its true cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from middleware.metering import TurnMeter
from middleware.responder import ANSWERABLE, Abilities, ResponderFailed, wants_answer
from middleware.texts import say, say_span
from middleware.turn import CallNext, Clock, Kind, Outcome, Reply, Turn
from storage.database import Database
from storage.statement import Statement
from storage.tables.budgets import Balance, Budgets

EXCEEDED, UNPRICED = "budget_exceeded", "price_unknown"


@dataclass(frozen=True, slots=True)
class Budget:
    """Lets an answer be made if every budget that blocks has room for it; the others only warn."""

    kinds: ClassVar[frozenset[Kind]] = ANSWERABLE

    database: Database
    abilities: Abilities
    name: str
    """Of the responder, which its calls are counted by where it names no model."""
    clock: Clock
    timer: Callable[[], float]

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """A turn's calls are settled even if it fails; nothing is asked of anybody over budget."""
        if not wants_answer(turn):
            return await call_next(turn)
        estimate = self._estimate(turn)
        if estimate == 0 and not self.abilities.model:
            turn.bear_witness(lambda error: self._unannounced(turn, error))
            return await call_next(turn)
        meter = self._meter(turn, estimate)
        balances = await meter.open()
        if short := [balance for balance in balances if balance.is_short]:
            error = self._refuse(short, estimate)
            return Outcome(status="blocked", reason=error.reason, replies=(Reply(text=_told(turn, error.said)),))
        turn.bear_witness(meter.testify)
        if self.abilities.model:
            turn.meter = meter
        else:
            await meter.begin()
        meter.outcome = await call_next(turn)
        return self._warn(turn, balances, meter.outcome)

    def _unannounced(self, turn: Turn, error: Exception | None) -> Iterable[Statement]:
        """What was spent though nobody had said that it would be."""
        is_spent = math.isfinite(turn.spent_usd) and turn.spent_usd > 0
        return self._meter(turn, 0.0).testify_late(error) if is_spent else ()

    def _meter(self, turn: Turn, estimate_usd: float | None) -> TurnMeter:
        return TurnMeter(
            turn=turn,
            model=turn.context.model or self.abilities.model or self.name,
            estimate_usd=estimate_usd,
            database=self.database,
            clock=self.clock,
            timer=self.timer,
            refuse=lambda short: self._refuse(short, estimate_usd),
        )

    def _estimate(self, turn: Turn) -> float | None:
        estimate = self.abilities.estimate_usd(turn)
        if estimate is None:
            return None
        if not math.isfinite(estimate) or estimate < 0:  # nothing can be decided by it
            raise ValueError(f"estimate_usd gave {estimate}; expected a number of US dollars, 0 or more")
        return estimate

    def _refuse(self, short: list[Balance], estimate_usd: float | None) -> ResponderFailed:
        """Why nothing is asked; a call of unknown price fits into no budget that blocks."""
        if estimate_usd is None:
            settings = self.abilities.price_settings
            return ResponderFailed(UNPRICED, say("budget.unpriced", budget=named(short[0]), settings=settings))
        return ResponderFailed(EXCEEDED, self._refusal(short))

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
        turn.record(*(Budgets.note_warning(balance) for balance in used_up))
        return replace(outcome, replies=(*outcome.replies, *map(self._warning, used_up)))

    def _warning(self, balance: Balance) -> Reply:
        text = say("budget.warning", budget=named(balance), limit=dollars(balance.policy.limit_usd))
        return Reply(text=f"{text} {resets(balance, self.clock())}")


def _told(turn: Turn, refusal: str) -> str:
    """A reminder reminds all the same: its words are there, though nobody may be asked to say them nicely."""
    if turn.run is None or turn.run.source != "automation":
        return refusal
    return say("budget.run", prompt=turn.run.prompt, refusal=refusal)


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
