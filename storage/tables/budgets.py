"""`polar_budget_policies`, `polar_budget_usage` and `polar_budget_reservations`: what may be spent, was, and is being.

Amounts are US dollars, rounded to a thousand-millionth whenever they are added up, so that sums do not drift.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from storage.readers import Readers
from storage.statement import Statement, Value

BudgetScope = Literal["global", "user", "session"]

# What was spent before its interval ended no longer counts, even if nobody has reset it yet.
SPENT = """
SELECT policy.scope, policy.targetId, policy.maxLimitUsd,
  CASE WHEN policy.resetIntervalMs > 0 AND usage.lastResetAtMs + policy.resetIntervalMs <= :now THEN 0
    ELSE coalesce(usage.accumulatedUsd, 0) END AS spent,
  coalesce(policy.enforceBlocking, 1) <> 0 AS blocks, policy.resetIntervalMs, usage.lastResetAtMs
FROM polar_budget_policies AS policy
LEFT JOIN polar_budget_usage AS usage ON usage.scope = policy.scope AND usage.targetId = policy.targetId
"""
_BALANCES = """
SELECT scope, targetId, maxLimitUsd, spent, reserved, blocks, resetIntervalMs, lastResetAtMs,
  blocks AND spent + reserved + :estimate > maxLimitUsd + 1e-9 AS isShort,
  EXISTS (SELECT 1 FROM polar_properties WHERE name = 'budget_warned:' || scope || ':' || targetId
    AND value = CAST(lastResetAtMs AS TEXT)) AS wasWarned
FROM (
  SELECT budget.*, (
    SELECT coalesce(sum(open.amountUsd), 0) FROM polar_budget_reservations AS open
    WHERE open.scope = budget.scope AND open.targetId = budget.targetId AND open.turnId <> :turn
  ) AS reserved
  FROM ({spent}) AS budget
)
ORDER BY CASE scope WHEN 'global' THEN 0 WHEN 'user' THEN 1 ELSE 2 END, targetId
"""
# Written out, as no planner finds the three by an index in any shorter form.
_HERE = """(
  policy.scope = 'global' AND policy.targetId = ''
  OR policy.scope = 'user' AND policy.targetId = :user
  OR policy.scope = 'session' AND policy.targetId = :session
)"""
_LEFT = "(policy.scope, policy.targetId) IN (SELECT scope, targetId FROM polar_budget_reservations)"
_ALL = _BALANCES.format(spent=SPENT)
_MINE = _BALANCES.format(spent=f"{SPENT} WHERE {_HERE}")
_BEGIN = f"""
INSERT INTO polar_budget_usage
SELECT policy.scope, policy.targetId, 0, :now, :now FROM polar_budget_policies AS policy WHERE {_HERE}
ON CONFLICT DO NOTHING
"""
# By whole intervals, so that they keep their hours. Back, too: a clock that was far ahead must not stop resets.
_RESET = """
UPDATE polar_budget_usage AS usage SET
  accumulatedUsd = CASE WHEN :now > usage.lastResetAtMs THEN 0 ELSE usage.accumulatedUsd END,
  lastResetAtMs = lastResetAtMs + (:now - lastResetAtMs) / policy.resetIntervalMs * policy.resetIntervalMs,
  updatedAtMs = :now
FROM polar_budget_policies AS policy
WHERE usage.scope = policy.scope AND usage.targetId = policy.targetId AND {whose}
  AND policy.resetIntervalMs > 0 AND abs(:now - usage.lastResetAtMs) >= policy.resetIntervalMs
"""
_RESERVE = f"""
INSERT INTO polar_budget_reservations
SELECT :turn, policy.scope, policy.targetId, :estimate, :now FROM polar_budget_policies AS policy
WHERE {_HERE} AND NOT EXISTS (SELECT 1 FROM ({_MINE}) WHERE isShort)
ON CONFLICT (turnId, scope, targetId) DO UPDATE SET amountUsd = excluded.amountUsd, createdAtMs = excluded.createdAtMs
"""
_SPEND = f"""
UPDATE polar_budget_usage AS usage SET accumulatedUsd = round(accumulatedUsd + :spent, 9), updatedAtMs = :now
FROM polar_budget_policies AS policy
WHERE usage.scope = policy.scope AND usage.targetId = policy.targetId AND {_HERE}
"""
_CHARGE = """
INSERT INTO polar_budget_usage
SELECT scope, targetId, round(sum(amountUsd), 9), :now, :now FROM polar_budget_reservations
WHERE EXISTS (SELECT 1 FROM polar_budget_policies AS policy
  WHERE policy.scope = polar_budget_reservations.scope AND policy.targetId = polar_budget_reservations.targetId)
GROUP BY scope, targetId
ON CONFLICT (scope, targetId) DO UPDATE SET
  accumulatedUsd = round(accumulatedUsd + excluded.accumulatedUsd, 9), updatedAtMs = excluded.updatedAtMs
"""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """A budget, what of it was spent, and what is reserved for calls that are being made (not the asking turn's).

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
    def from_row(cls, row: sqlite3.Row) -> Balance:
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
    def reserve(
        turn_id: str, estimate_usd: float, *, user_id: str, session_id: str, now_ms: int
    ) -> tuple[Statement, ...]:
        """Reserve the estimate in all budgets that there are, or in none if one is short; the last tells which.

        The same turn's earlier reservation is replaced.
        """
        params: dict[str, Value] = {
            "turn": turn_id,
            "estimate": estimate_usd,
            "user": user_id,
            "session": session_id,
            "now": now_ms,
        }
        return tuple(Statement(sql, params) for sql in (_BEGIN, _RESET.format(whose=_HERE), _RESERVE, _MINE))

    @staticmethod
    def settle(turn_id: str, spent_usd: float, *, user_id: str, session_id: str, now_ms: int) -> tuple[Statement, ...]:
        """Put the true cost, in the interval that runs now, in place of the reservation."""
        params: dict[str, Value] = {"spent": spent_usd, "user": user_id, "session": session_id, "now": now_ms}
        queries = (_BEGIN, _RESET.format(whose=_HERE), _SPEND) if spent_usd > 0 else ()
        release = Statement("DELETE FROM polar_budget_reservations WHERE turnId = ?", (turn_id,))
        return (*(Statement(sql, params) for sql in queries), release)

    @staticmethod
    def charge_left(*, now_ms: int) -> tuple[Statement, ...]:
        """Charge what an ended process left reserved: its calls may have been made, and nobody knows their cost."""
        release = Statement("DELETE FROM polar_budget_reservations")
        return (*(Statement(sql, {"now": now_ms}) for sql in (_RESET.format(whose=_LEFT), _CHARGE)), release)

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
        params: dict[str, Value] = {"turn": "", "estimate": 0, "user": user_id, "session": session_id, "now": now_ms}
        return read(await self._readers.look_up(_MINE, params))

    async def list_all(self, *, now_ms: int) -> list[Balance]:
        """All budgets, in the same order."""
        return read(await self._readers.fetch(_ALL, {"turn": "", "estimate": 0, "now": now_ms}))

    @staticmethod
    def set(policy: BudgetPolicy, *, now_ms: int) -> tuple[Statement, ...]:
        """Put a policy in place of the former one; what was spent stays."""
        key = (policy.scope, policy.target_id)
        return (
            Statement(_SET, (*key, policy.limit_usd, policy.interval_ms, int(policy.blocks))),
            Statement(
                "INSERT INTO polar_budget_usage VALUES (?, ?, 0, ?, ?) ON CONFLICT DO NOTHING", (*key, now_ms, now_ms)
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


def read(rows: Iterable[sqlite3.Row]) -> list[Balance]:
    """Balances from the last statement of `reserve`."""
    return [Balance.from_row(row) for row in rows]
