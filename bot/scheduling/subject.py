"""What the runner asks of automations and of heartbeats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from middleware.turn import Place, Reply, Run
from storage.ids import chat_id_of
from storage.origin import UNKNOWN, Origin
from storage.statement import Statement
from storage.tables.occurrences import Occurrence


def place_of(session_id: str) -> Place:
    """Where a run speaks; raises ValueError for a session of another channel."""
    chat_id = chat_id_of(session_id)
    # A person's chat has the person's id, groups and channels have negative ones.
    return Place(chat_id=chat_id, chat_type="private" if chat_id > 0 else "supergroup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Go:
    """Run it now: what its turn is made of, and what is committed with it.

    `occurrence` may have another instant than its row (the newest of several that were missed). `following` plans
    the next occurrence and enters the misses; it is committed with the first try, however that ends.
    `giving_up` and `last_words` go with the failure of the last try.
    """

    occurrence: Occurrence
    place: Place
    user_id: str
    run: Run
    origin: Origin = UNKNOWN
    following: tuple[Statement, ...] = ()
    giving_up: tuple[Statement, ...] = ()
    last_words: tuple[Reply, ...] = ()


@dataclass(frozen=True, slots=True)
class Defer:
    """Not now: it is due again at an instant. No row in the ledger, as nothing has happened."""

    until_ms: int


@dataclass(frozen=True, slots=True)
class Drop:
    """Nothing to run any more: the row is removed, together with these statements."""

    statements: tuple[Statement, ...] = ()


class Subject(Protocol):
    """A kind of thing that is due: decides in code, before any model call, what becomes of an occurrence."""

    async def decide(self, occurrence: Occurrence, *, now_ms: int) -> Go | Defer | Drop:
        """What to do with a due occurrence."""
        ...

    async def adopt(self, *, now_ms: int) -> None:
        """Plan what is enabled and has no next occurrence."""
        ...
