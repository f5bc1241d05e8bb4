"""`polar_budget_policies` and `polar_budget_usage`: what may be spent, and what was.

What is being spent just now are the estimates of the rows of `polar_calls` that are open.

Amounts are US dollars, rounded to a thousand-millionth whenever they are added up, so that sums do not drift.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from storage.balances import ALL, HERE, MINE, OF_CALL, Payer
from storage.ids import budget_name
from storage.readers import Readers
from storage.statement import Row, Statement, Value

BudgetScope = Literal["global", "user", "session"]
_BEGIN = f"""
INSERT INTO polar_budget_usage
SELECT policy.scope, policy.targetId, 0, :now, :now FROM polar_budget_policies AS policy WHERE {HERE}
ON CONFLICT (scope, targetId) DO NOTHING
"""
# By whole intervals, so that they keep their hours. Back, too: a clock that was far ahead must not stop resets.
_RESET = """
UPDATE polar_budget_usage AS usage SET
  accumulatedUsd = CASE WHEN :now > usage.lastResetAtMs THEN 0 ELSE usage.accumulatedUsd END,
  lastResetAtMs = usage.lastResetAtMs
    + (:now - usage.lastResetAtMs) / policy.resetIntervalMs * policy.resetIntervalMs,
  updatedAtMs = :now
FROM polar_budget_policies AS policy
WHERE usage.scope = policy.scope AND usage.targetId = policy.targetId AND {whose}
  AND policy.resetIntervalMs > 0 AND abs(:now - usage.lastResetAtMs) >= policy.resetIntervalMs
"""
_CHARGE = """
INSERT INTO polar_budget_usage
SELECT policy.scope, policy.targetId, round(sum({usd}), 9), :now, :now
FROM polar_calls AS made CROSS JOIN polar_budget_policies AS policy
WHERE made.outcome = 'open' {whose} AND {counts}
GROUP BY policy.scope, policy.targetId HAVING sum({usd}) > 0
ON CONFLICT (scope, targetId) DO UPDATE SET
  accumulatedUsd = round(polar_budget_usage.accumulatedUsd + excluded.accumulatedUsd, 9),
  updatedAtMs = excluded.updatedAtMs
"""
_CHARGE_ONE = _CHARGE.format(
    usd="CAST(:usd AS REAL)", whose="AND made.turnId = :turn AND made.attempt = :attempt", counts=OF_CALL
)
_CHARGE_LEFT = _CHARGE.format(usd="made.usd", whose="", counts=OF_CALL)
_ANY_LEFT = "EXISTS (SELECT 1 FROM polar_calls WHERE outcome = 'open')"
_SET = """
INSERT INTO polar_budget_policies (scope, targetId, maxLimitUsd, resetIntervalMs, enforceBlocking)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (scope, targetId) DO UPDATE SET maxLimitUsd = excluded.maxLimitUsd,
  resetIntervalMs = excluded.resetIntervalMs, enforceBlocking = excluded.enforceBlocking
"""
_FORGET_WARNING = "DELETE FROM polar_properties WHERE name = 'budget_warned:' || ? || ':' || ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPolicy:
    """The sum that may be spent, and in what time; without an interval, ever. One that does not block only warns."""

    scope: BudgetScope
    target_id: str
    limit_usd: float
    interval_ms: int | None = None
    blocks: bool = True

    @property
    def name(self) -> str:
        """As people write it."""
        return budget_name(self.scope, self.target_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """A budget, what of it was spent, and what is held for calls that are being made.

    `is_short` says that it blocks and has no room for the estimate; `was_warned`, that its exhaustion was
    told already since the last reset.
    """

    policy: BudgetPolicy
    spent_usd: float
    reserved_usd: float
    last_reset_ms: int | None
    is_short: bool
    was_warned: bool

    @classmethod
    def from_row(cls, row: Row) -> Balance:
        """From a row of balances."""
        interval_ms = row[6] if row[6] is not None and row[6] > 0 else None
        return cls(
            policy=BudgetPolicy(
                scope=row[0], target_id=row[1], limit_usd=row[2], interval_ms=interval_ms, blocks=bool(row[5])
            ),
            spent_usd=row[3],
            reserved_usd=row[4],
            last_reset_ms=row[7],
            is_short=bool(row[8]),
            was_warned=bool(row[9]),
        )

    def resets_at_ms(self, now_ms: int) -> int | None:
        """When it starts anew next; None for never."""
        interval_ms = self.policy.interval_ms
        if interval_ms is None:
            return None
        last_ms = now_ms if self.last_reset_ms is None else self.last_reset_ms
        return last_ms + (max(0, now_ms - last_ms) // interval_ms + 1) * interval_ms


class Budgets:
    """A turn counts against three budgets at the most: the global one, its user's, and its session's."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def renew(payer: Payer, *, now_ms: int) -> tuple[Statement, ...]:
        """Begin the intervals of the payer's budgets, where they have not begun, or have ended."""
        return tuple(Statement(sql, _here(payer, now_ms)) for sql in (_BEGIN, _RESET.format(whose=HERE)))

    @staticmethod
    def ask(payer: Payer, estimate_usd: float | None, *, now_ms: int) -> Statement:
        """The balances of the payer's budgets, and which of them has no room for the estimate."""
        return Statement(MINE, {**_here(payer, now_ms), "estimate": estimate_usd})

    @staticmethod
    def charge(payer: Payer, usd: float, *, now_ms: int) -> tuple[Statement, ...]:
        """Add what the payer's open call has cost, in the interval that runs now; the call is to be settled after."""
        call: dict[str, Value] = {"turn": payer.turn_id, "attempt": payer.attempt, "usd": usd, "now": now_ms}
        return Statement(_RESET.format(whose=HERE), _here(payer, now_ms)), Statement(_CHARGE_ONE, call)

    @staticmethod
    def charge_left(*, now_ms: int) -> tuple[Statement, ...]:
        """Add the estimates of the calls that an ended process left open: they may have been made."""
        return tuple(Statement(sql, {"now": now_ms}) for sql in (_RESET.format(whose=_ANY_LEFT), _CHARGE_LEFT))

    @staticmethod
    def note_warning(balance: Balance) -> Statement:
        """Remember that this budget's exhaustion was told, until it starts anew."""
        policy = balance.policy
        return Statement(
            "INSERT INTO polar_properties VALUES ('budget_warned:' || ? || ':' || ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (policy.scope, policy.target_id, str(balance.last_reset_ms)),
        )

    async def balances(self, *, user_id: str, session_id: str, now_ms: int) -> list[Balance]:
        """The budgets that count here: the global one first, then the user's, then the session's."""
        params: dict[str, Value] = {"estimate": 0, "user": user_id, "session": session_id, "now": now_ms}
        return read(await self._readers.look_up(MINE, params))

    async def list_all(self, *, now_ms: int) -> list[Balance]:
        """All budgets, in the same order."""
        return read(await self._readers.fetch(ALL, {"estimate": 0, "now": now_ms}))

    @staticmethod
    def set(policy: BudgetPolicy, *, now_ms: int) -> tuple[Statement, ...]:
        """Put a policy in place of the former one; what was spent stays."""
        key = (policy.scope, policy.target_id)
        return (
            Statement(_SET, (*key, policy.limit_usd, policy.interval_ms, int(policy.blocks))),
            Statement(
                "INSERT INTO polar_budget_usage VALUES (?, ?, 0, ?, ?) ON CONFLICT (scope, targetId) DO NOTHING",
                (*key, now_ms, now_ms),
            ),
            Statement(_FORGET_WARNING, key),
        )

    @staticmethod
    def clear(scope: str, target_id: str) -> tuple[Statement, ...]:
        """Remove a policy and what was counted for it; void when there is none."""
        key = (scope, target_id)
        return (
            Statement("DELETE FROM polar_budget_policies WHERE scope = ? AND targetId = ?", key, expect=1),
            Statement("DELETE FROM polar_budget_usage WHERE scope = ? AND targetId = ?", key),
            Statement(_FORGET_WARNING, key),
        )


def _here(payer: Payer, now_ms: int) -> dict[str, Value]:
    return {"user": payer.user_id, "session": payer.session_id, "now": now_ms}


def read(rows: Iterable[Row]) -> list[Balance]:
    """Balances from the statement of `ask`."""
    return [Balance.from_row(row) for row in rows]
