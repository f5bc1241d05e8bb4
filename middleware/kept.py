"""What is said of memories, and the buttons below that show them and let them go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from middleware.responder import KeptFact
from middleware.texts import say, shorten
from middleware.turn import Reply, Turn
from storage.payloads import Button, Buttons, DataTooLong
from storage.tables.memories import Memory

PREFIX = "mm"
SNIPPET = 300
"""Characters of a fact in a list, so that ten fit into one message."""

_Entry = tuple[str, str, str]
"""Whose memory it is, its id, and what it says."""


class MemoryVerb(StrEnum):
    """The things that a button does with a memory; `FORGET` asks first."""

    SHOW = "show"
    FORGET = "forget"
    REALLY = "really"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class MemoryPress:
    """A press of such a button, and whose memory it is."""

    verb: MemoryVerb
    user_id: str
    memory_id: str

    @property
    def data(self) -> str:
        """`mm:<verb>:<user id>:<memory id>`."""
        return f"{PREFIX}:{self.verb}:{self.user_id}:{self.memory_id}"

    @classmethod
    def parse(cls, data: str) -> MemoryPress | None:
        """The press that the data stands for; None for one that no button has."""
        verb, _, rest = data.removeprefix(f"{PREFIX}:").partition(":")
        user_id, _, memory_id = rest.partition(":")
        return cls(MemoryVerb(verb), user_id, memory_id) if verb in list(MemoryVerb) and memory_id else None


def buttons_of(user_id: str, memory_id: str, *verbs: MemoryVerb, number: str = "") -> Buttons:
    """One row; none where another program's id leaves no room for it. `number` tells apart several of one message."""
    shown = [(f"{number}{say(f'memory.button.{verb}')}", MemoryPress(verb, user_id, memory_id).data) for verb in verbs]
    try:
        return (tuple(Button(text, data) for text, data in shown),)
    except DataTooLong:
        return ()


def noted(turn: Turn, kept: Sequence[KeptFact], said: str = "") -> Reply:
    """That facts are kept: in these words, or by what they say; each has a button that removes it for good."""
    lines, buttons = _listed([(turn.user_id, each.memory_id, each.fact) for each in kept], MemoryVerb.REALLY)
    text = said if said and len(kept) == 1 else say("memory.noted_these", facts=lines)
    return Reply(text=text, buttons=buttons, by="polar")


def shall_i_forget(memories: Sequence[Memory]) -> Reply:
    """The question whether these are to go; the buttons decide."""
    lines, buttons = _listed(map(_entry, memories), MemoryVerb.REALLY)
    keep = buttons_of(memories[0].user_id, memories[0].memory_id, MemoryVerb.KEEP)
    return Reply(text=say("memory.shall_i_forget", facts=lines), buttons=(*buttons, *keep), by="polar")


def listed(memories: Sequence[Memory]) -> tuple[str, Buttons]:
    """A line for each, and its buttons."""
    return _listed(map(_entry, memories), MemoryVerb.SHOW, MemoryVerb.FORGET)


def _entry(memory: Memory) -> _Entry:
    return memory.user_id, memory.memory_id, memory.text


def _listed(entries: Iterable[_Entry], *verbs: MemoryVerb) -> tuple[str, Buttons]:
    """By numbers, where there are several; an id stands only where there is no room for it under a button."""
    entries = list(entries)
    lines: list[str] = []
    buttons: list[tuple[Button, ...]] = []
    for number, (user_id, memory_id, fact) in enumerate(entries, 1):
        mark = "" if len(entries) == 1 else f"{number} "
        row = buttons_of(user_id, memory_id, *verbs, number=mark)
        line = shorten(fact, SNIPPET)
        lines.append((mark or "• ") + (line if row else say("memory.line_by_id", id=memory_id, fact=line)))
        buttons += row
    return "\n".join(lines), tuple(buttons)
