"""Standing by: this process waits until it can take over from another one that is the bot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.clock import moment
from bot.watchdog import READY, ServiceManager
from storage.attendance import Worker


class Standby:
    """Is told for whom this process waits, and tells it on: to people in a line, to the service manager by READY.

    A process that stands by does what it was started for, and may do so for months.
    """

    def __init__(self, announce: Callable[[str], None], service: ServiceManager) -> None:
        self._announce = announce
        self._service = service
        self._signs: asyncio.Task[None] | None = None

    def __call__(self, active: Worker | None) -> None:
        """As StandBy has it."""
        self._announce(f"standing by: {_told(active)}")
        self._service.tell(READY)
        if self._signs is None and self._service.patience_s:
            self._signs = asyncio.create_task(self._service.run(), name="the watchdog of a standby")

    def end(self) -> None:
        """Give no sign of life any more."""
        if self._signs is not None:
            self._signs.cancel()


def _told(active: Worker | None) -> str:
    if active is None:
        return "another program of Polar's is at the database; this process takes over when it has ended"
    since = moment(active.since_ms).isoformat(sep=" ", timespec="seconds")
    return f"{active.name} has been active since {since}; this process takes over when that one ends"
