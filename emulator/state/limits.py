"""Telegram's limits on sending: one a second in a chat, 20 a minute in a group, 30 a second in all."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import too_many_requests
from ..people import Chat

BURST = 5
PER_GROUP_MINUTE = 20
PER_SECOND = 30
GROUPS = frozenset({"group", "supergroup"})


@dataclass(slots=True)
class Window:
    """At most `size` events in any `seconds`."""

    size: int
    seconds: float
    _times: deque[float] = field(default_factory=deque)

    def pause(self, now: float) -> float:
        """The wait before the next event; 0 is none."""
        while self._times and self._times[0] <= now - self.seconds:
            self._times.popleft()
        return self._times[0] + self.seconds - now if len(self._times) >= self.size else 0.0

    def add(self, now: float) -> None:
        """Count an event."""
        self._times.append(now)


@dataclass(slots=True)
class Bucket:
    """One event a second on average, up to `BURST` at once."""

    level: float = 0.0
    at: float = 0.0

    def pause(self, now: float) -> float:
        """The wait before the next event; 0 is none."""
        self.level = max(0.0, self.level - (now - self.at))
        self.at = now
        return max(0.0, self.level - (BURST - 1))

    def add(self, now: float) -> None:
        """Count an event."""
        self.level += 1


class Limits:
    """Counts the messages of one bot, in the seconds of the world's clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._all = Window(PER_SECOND, 1)
        self._chats: dict[int, Bucket] = defaultdict(Bucket)
        self._groups: dict[int, Window] = defaultdict(lambda: Window(PER_GROUP_MINUTE, 60))

    def spend(self, chat: Chat) -> None:
        """Count one message. Errors: 429 with the pause until it would fit; it is not counted then."""
        now = self._clock()
        counters: list[Window | Bucket] = [self._all, self._chats[chat.id]]
        if chat.type in GROUPS:
            counters.append(self._groups[chat.id])
        pause = max(counter.pause(now) for counter in counters)
        if pause > 0:
            raise too_many_requests(max(1, math.ceil(pause)))
        for counter in counters:
            counter.add(now)
