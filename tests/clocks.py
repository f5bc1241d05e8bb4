"""Time as tests need it: standing still until it is moved, or leaping to the next thing that is due."""

from __future__ import annotations

import asyncio
import selectors
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class TestClock:
    """A clock that stands still until it is moved. Milliseconds since the epoch."""

    __test__ = False
    now_ms: int = 1_795_000_000_000

    def __call__(self) -> int:
        return self.now_ms

    def advance(self, *, seconds: float) -> None:
        """Move on."""
        self.now_ms += round(seconds * 1000)


TICK_S = 1e-6


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop in whose time every wait is as long as it says, and takes no time of ours."""

    def __init__(self) -> None:
        self._leaping = _LeapingSelector()
        super().__init__(self._leaping)

    def time(self) -> float:
        """Seconds since the loop began; a microsecond for each round, and what is waited for."""
        return self._leaping.now


class _LeapingSelector(selectors.DefaultSelector):
    """Instead of waiting for what is due next, is there at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, Any]]:
        # A tick, as a wait that is shorter than what a float can tell would be waited for forever.
        self.now += max(timeout or 0.0, 0.0) + TICK_S
        return super().select(0)
