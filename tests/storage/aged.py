"""What pruning is tried with: terms, instants of today and of years ago, and rows of an age."""

from __future__ import annotations

from typing import Any

from storage.terms import DAY_MS, Terms
from tests.storage.files import NOW_MS

ALL = Terms(updates=7, audit=90, deliveries=30, run_log=90, dead=90, proposals=30, messages=365)
TODAY, YEARS_AGO = NOW_MS - 60_000, NOW_MS - 1_000 * DAY_MS
S = "telegram:chat:1"


def audit(number: int, at_ms: int) -> dict[str, Any]:
    """What became of a turn."""
    row = {
        "turnId": f"t{number}",
        "attempt": 1,
        "kind": "message",
        "sessionId": S,
        "userId": "7",
        "outcome": "answered",
    }
    return row | {"durationMs": 1, "createdAtMs": at_ms}
