"""The balances of budgets as SQL: what of each is spent, what calls that are being made hold, and what has no room.

Parameters are `:now`, the instant; `:user` and `:session`, whose budgets; `:estimate`, the US dollars that are wanted,
NULL where nobody knows the price: that fits into no budget that blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

# What was spent before its interval ended no longer counts, even if nobody has reset it yet.
SPENT = """
SELECT policy.scope, policy.targetId, policy.maxLimitUsd,
  CASE WHEN policy.resetIntervalMs > 0 AND usage.lastResetAtMs + policy.resetIntervalMs <= :now THEN 0
    ELSE coalesce(usage.accumulatedUsd, 0) END AS spent,
  coalesce(policy.enforceBlocking, 1) <> 0 AS blocks, policy.resetIntervalMs, usage.lastResetAtMs
FROM polar_budget_policies AS policy
LEFT JOIN polar_budget_usage AS usage ON usage.scope = policy.scope AND usage.targetId = policy.targetId
"""
# Written out, as no planner finds the three by an index in any shorter form.
_COUNTS = """(
  policy.scope = 'global' AND policy.targetId = ''
  OR policy.scope = 'user' AND policy.targetId = {user}
  OR policy.scope = 'session' AND policy.targetId = {session}
)"""
HERE = _COUNTS.format(user=":user", session=":session")
"""The policies that count for a person in a chat."""
OF_CALL = _COUNTS.format(user="made.userId", session="made.sessionId")
"""Those that count for a row of polar_calls, named `made`."""
_BALANCES = """
SELECT scope, targetId, maxLimitUsd, spent, reserved, blocks, resetIntervalMs, lastResetAtMs,
  blocks AND (CAST(:estimate AS REAL) IS NULL
    OR CAST(:estimate AS REAL) > 0 AND spent + reserved + CAST(:estimate AS REAL) > maxLimitUsd + 1e-9) AS isShort,
  EXISTS (SELECT 1 FROM polar_properties WHERE name = 'budget_warned:' || scope || ':' || targetId
    AND value = CAST(lastResetAtMs AS TEXT)) AS wasWarned
FROM (
  SELECT budget.*, (
    SELECT coalesce(sum(made.usd), 0.0) FROM polar_calls AS made
    WHERE made.outcome = 'open' AND (budget.scope = 'global'
      OR budget.scope = 'user' AND budget.targetId = made.userId
      OR budget.scope = 'session' AND budget.targetId = made.sessionId)
  ) AS reserved
  FROM ({spent}) AS budget
) AS found
ORDER BY CASE scope WHEN 'global' THEN 0 WHEN 'user' THEN 1 ELSE 2 END, targetId
"""
ALL = _BALANCES.format(spent=SPENT)
MINE = _BALANCES.format(spent=f"{SPENT} WHERE {HERE}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Whose try of which turn a call is made for."""

    turn_id: str
    attempt: int
    user_id: str
    session_id: str
