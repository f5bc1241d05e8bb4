"""The tries of what fails by a fault of ours, and the wait before the next one: one rule for all.

A unit is one update (or what was merged with it), one occurrence, one delivery. Its failure is its own: counted, tried
again, then set aside in its own table with the reason. What Telegram answers to a call is no failure of ours.
"""

from __future__ import annotations

from bot.clock import jittered

MOST = 3
"""Tries of a unit that fails."""


def is_last(attempt: int) -> bool:
    """True if try number `attempt` is the last one."""
    return attempt >= MOST


def delay_s(attempt: int, *, first_s: float) -> float:
    """Seconds to wait after try number `attempt` failed: doubled each time, up to an hour, and different each time."""
    return jittered(first_s, attempt, at_most_s=3600)
