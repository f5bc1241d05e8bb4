"""Which variant of an experiment somebody gets: worked out anew each time, always the same, and kept nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal, get_args

UnitKind = Literal["person", "conversation", "day"]
UNIT_KINDS: tuple[UnitKind, ...] = get_args(UnitKind)
"""What is given a variant as one, and counts as one."""
CONTROL = "control"
"""The name of the variant that changes nothing."""
_BITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to answer: by another personality's text, or by another model; the control by neither."""

    name: str
    weight: int
    """Its part of all units, beside the weights of the others."""
    personality: str = ""
    model: str = ""


def assigned(experiment: str, salt: str, unit: str, variants: Sequence[Variant]) -> Variant:
    """The variant of a unit: the place of a hash among the weights, one after the other in their order.

    SHA-256 of experiment, salt and unit, so that two experiments share out people independently of each other.
    """
    digest = sha256("\0".join((experiment, salt, unit)).encode()).digest()
    place = int.from_bytes(digest[: _BITS // 8]) * sum(variant.weight for variant in variants) >> _BITS
    for variant in variants:
        place -= variant.weight
        if place < 0:
            return variant
    raise ValueError("an experiment needs variants of a weight above 0")


def unit_of(kind: UnitKind, *, chat: str, conversation: str, at_ms: int) -> str:
    """The unit that an answer belongs to. `conversation` is the chat, or the topic of a forum.

    A private chat is its person. A group counts as one, as people there see each other's answers.
    """
    if kind == "day":
        return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d}"
    return conversation if kind == "conversation" else chat
