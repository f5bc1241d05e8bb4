"""What others may do as often as they like, told in few lines."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter

TELL_EVERY_S = 60.0


class Tally:
    """Counts what was turned away: a line of the log says so, one a minute at most, as anybody can cause many."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._untold: Counter[str] = Counter()
        self._silent_until = -math.inf

    def count(self, what: str) -> None:
        """One more of these."""
        self._untold[what] += 1
        now = asyncio.get_running_loop().time()
        if now >= self._silent_until:
            told = ", ".join(f"{number} {what}" for what, number in self._untold.items())
            self._log.warning("turned away, since the last such line: %s", told)
            self._untold.clear()
            self._silent_until = now + TELL_EVERY_S
