"""The port to whoever answers: what a responder is, what it declares, and what it is handed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from middleware.failures import MiddlewareError
from middleware.needs import Needs
from middleware.turn import Kind, Reply, Turn
from storage.tables.memories import Memory

ANSWERABLE: frozenset[Kind] = frozenset({"message", "edited_message", "another_answer", "automation"})
"""The kinds of turn that a responder may be asked to answer."""
TIMED_OUT = "responder timed out"
"""The reason of an outcome where whoever answers took longer than it may."""
Response = str | Reply | tuple[Reply, ...] | None


class Responder(Protocol):
    """Answers what people write and what automations ask. What it needs and can do it declares as `abilities`."""

    async def respond(self, turn: Turn) -> Response:
        """The answer to `turn.text`, or None to stay silent; effects are recorded on the turn.

        A Reply is sent as it is, with its buttons; a text becomes one that can be rated. Several go out one right
        behind the other. What is made bit by bit may be shown by `turn.show`. Raises ResponderFailed where it can say
        why there is no answer.
        """
        ...


class ResponderFailed(MiddlewareError):
    """No answer could be made. `said` is what the person is told, `reason` what the audit keeps: no text of anybody."""

    def __init__(self, reason: str, said: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.said = said


def _free(turn: Turn) -> float | None:
    return 0.0


async def _nothing() -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities(Needs):
    """The needs and powers of a responder, declared once; the defaults are those of one that declares nothing."""

    memories: bool = True
    personality: bool = True
    is_listener: bool = False
    """True if it never answers: then it is not asked."""
    is_immediate: bool = False
    """True if it answers at once, out of what is at hand: no time limit holds for that, and nobody can stop it."""
    estimate_usd: Callable[[Turn], float | None] = _free
    """The most that the answer to a turn costs, in US dollars; what it cost is added to `turn.spent_usd`.

    With a `model`, the most that one of its calls costs. None where nobody knows: then a budget that blocks lets no
    answer through.
    """
    model: str = ""
    """The model that it calls, each time between `turn.meter.begin` and `turn.meter.end`.

    Without one its whole answer counts as one call, if it costs something.
    """
    takes_model: bool = False
    """True if it calls the model of `turn.context.model` instead, where that names one."""
    price_settings: str = "its price"
    """The settings that are to be set where nobody knows."""
    aclose: Callable[[], Awaitable[None]] = _nothing
    """Closes what it keeps open."""

    @classmethod
    def of(cls, responder: Responder) -> Abilities:
        """A responder's declaration. One without `abilities` may have `history`, `estimate_usd` or `aclose` itself."""
        declared = getattr(responder, "abilities", None)
        if isinstance(declared, Abilities):
            return declared
        own = {name: getattr(responder, name, None) for name in ("history", "estimate_usd", "aclose")}
        return cls(**{name: value for name, value in own.items() if value is not None})


class NotProposed(MiddlewareError):
    """No automation can be proposed like this; the message says why, for the person and for a model."""


class NothingNamed(NotProposed):
    """Neither a time is named nor a thing to do, so that no automation may have been meant."""


class Propose(Protocol):
    """The one way in which a responder comes to an automation: it asks the person of a turn, who decides."""

    async def now_of(self, turn: Turn) -> datetime:
        """The time that the person's clocks show (naive)."""
        ...

    async def automation(self, turn: Turn, *, schedule: str, prompt: str) -> Reply:
        """The reply that asks, with the buttons that decide; the schedule is as people write it. Raises NotProposed."""
        ...

    async def reminder(self, turn: Turn) -> Reply:
        """The same of a request that says “remind me …”. Raises NotProposed, and NothingNamed where it says no more."""
        ...

    async def answered(self, turn: Turn) -> Reply | None:
        """The same of a mere time, where a reminder lacks only that; None for all else. Raises NotProposed."""
        ...


class NotKept(MiddlewareError):
    """That cannot be kept as a fact; the message says why, for a model."""


@dataclass(frozen=True, slots=True)
class KeptFact:
    """A fact that a turn keeps, and the memory that it becomes."""

    memory_id: str
    fact: str


class Remember(Protocol):
    """The one way in which a responder comes to memories: it has kept what a person tells, and removes nothing."""

    def may_keep(self, turn: Turn) -> bool:
        """True if all that a turn says are the words of one person, whose memories these are."""
        ...

    async def keep(self, turn: Turn, fact: str, *, besides: Sequence[KeptFact]) -> KeptFact | None:
        """Keep a fact with the turn, besides these; None where it is known. Raises NotKept."""
        ...

    async def find(self, turn: Turn, words: str) -> Sequence[Memory]:
        """The memories of the turn's person here that such words may mean, the best first; few."""
        ...


def wants_answer(turn: Turn) -> bool:
    """True if the responder is asked: for runs, and for messages that are meant for us, or that are asked again."""
    if turn.run is not None:
        return True
    return (turn.kind == "message" or turn.asks_again) and turn.is_addressed
