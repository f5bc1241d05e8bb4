"""The machine's time and randomness: the only place below the composition root that asks for either."""

from __future__ import annotations

import time
import uuid

from middleware.turn import Clock


def system_clock(offset_s: float = 0) -> Clock:
    """Milliseconds since the epoch, shifted by `offset_s`."""

    def now_ms() -> int:
        return round((time.time() + offset_s) * 1000)

    return now_ms


def new_id() -> str:
    """An id that nobody else gives."""
    return uuid.uuid4().hex
