"""Who works on a server's database: the process that is active, those that stand by, and the server's replicas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that is a bot, by machine, process id and a word of its own; active since then, in milliseconds."""

    name: str
    since_ms: int


StandBy = Callable[[Worker | None], None]
"""Is told for whom a process stands by, again where that is another one; None for one that is no bot."""


Durability = Literal["synchronous", "waiting", "asynchronous", "none"]
"""Of what was committed, if the server's machine is lost; `waiting`: no commit ends, as the replica is away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """`synchronous` is how many replicas a commit waits for, None where this role may not see it.

    `waited_for` are the names in the server's settings by which it chooses those, '' where it waits for none.
    """

    active: Worker | None
    standbys: tuple[str, ...]
    replicas: int
    synchronous: int | None
    waited_for: str

    @property
    def durability(self) -> Durability:
        """As far as can be seen."""
        if not self.waited_for:
            return "asynchronous" if self.replicas else "none"
        return "waiting" if self.synchronous == 0 or not self.replicas else "synchronous"
