"""/budget: how much is used of the budgets that count here."""

from __future__ import annotations

from dataclasses import dataclass

from middleware.budget import dollars, named, resets
from middleware.commands import Command
from middleware.texts import say
from middleware.turn import Clock, Level, Outcome, Turn
from middleware.usage import UsageError
from storage.tables.budgets import Balance, Budgets


@dataclass(frozen=True, slots=True)
class BudgetCommands:
    """This person's own budgets, and nobody else's. They are set on the command line only."""

    budgets: Budgets
    clock: Clock

    def commands(self) -> tuple[Command, ...]:
        """In the order of the menu."""
        return (Command(name="budget", handler=self.run),)

    async def run(self, turn: Turn, argument: str) -> Outcome:
        """A line for each: its share, for operators with amounts, and when it starts anew."""
        if argument:
            raise UsageError(say("budget.command_line"))
        now_ms = self.clock()
        balances = await self.budgets.balances(user_id=turn.user_id, session_id=turn.session_id, now_ms=now_ms)
        lines = [_line(balance, now_ms, in_full=turn.level >= Level.OPERATOR) for balance in balances]
        return Outcome.answer("\n".join(lines) or say("budget.none"))


def _line(balance: Balance, now_ms: int, *, in_full: bool) -> str:
    limit, spent = balance.policy.limit_usd, balance.spent_usd
    told = say("budget.share", budget=named(balance), percent=int(100 * spent / limit + 1e-6) if limit else 100)
    if in_full:
        told += " " + say("budget.amounts", spent=dollars(spent), limit=dollars(limit))
        if balance.reserved_usd:
            told += " " + say("budget.reserved", reserved=dollars(balance.reserved_usd))
    if not balance.policy.blocks:
        told += " " + say("budget.warns")
    return f"{told} {resets(balance, now_ms)}"
