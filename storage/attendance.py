"""Who works on a server's database: the process that is active, those that stand by, and the server's replicas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that is a bot, by machine, process id and a word of its own; active since then, in milliseconds."""

    name: str
    since_ms: int


StandBy = Callable[[Worker | None], None]
"""Is told for whom a process stands by, again where that is another one; None for one that is no bot."""
