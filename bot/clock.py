"""The machine's time and randomness: nothing else in the bot asks for either."""

from __future__ import annotations

import random
import secrets
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

MAX_DELAY_S = 30.0
# No letters or digits that look alike.
_READABLE = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


def system_clock(offset_s: float = 0) -> Callable[[], int]:
    """Milliseconds since the epoch, shifted by `offset_s`."""

    offset_ms = round(offset_s * 1000)

    def now_ms() -> int:
        return time.time_ns() // 1_000_000 + offset_ms

    return now_ms


stopwatch = time.perf_counter
"""Seconds since an instant of the machine's choice, for durations."""


def moment(ms: int) -> datetime:
    """An instant in UTC, from milliseconds since the epoch."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def millis(when: datetime) -> int:
    """Milliseconds since the epoch."""
    return round(when.timestamp() * 1000)


def jittered(first_s: float, tries: int, *, at_most_s: float = MAX_DELAY_S) -> float:
    """Seconds to wait after so many tries: doubled each time, different for each caller."""
    return min(at_most_s, first_s * 2.0 ** min(tries - 1, 16)) * random.uniform(0.5, 1)


def new_id() -> str:
    """An id that nobody else gives."""
    return uuid.uuid4().hex


def new_token() -> str:
    """A secret that nobody can guess, for a link: 128 bits."""
    return secrets.token_hex(16)


def new_code() -> str:
    """A code that a person can read out: eight characters, about 40 bits."""
    return "".join(secrets.choice(_READABLE) for _ in range(8))
