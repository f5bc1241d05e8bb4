"""A rating: one reaction or press on an answer, given or taken back, and the order of several."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import merge
from typing import Literal

Polarity = Literal["positive", "negative", "neutral"]
Stance = Literal["positive", "negative"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """One emoji that somebody gave an answer or took back: a `change` of 1 or -1."""

    answer: str
    """The answer's id, which all of its parts share: session, blank, message id of the first part."""
    message: str = ""
    """The part that it was given to; an emoji on one part is not that on another."""
    person: str
    via: str
    """`reaction` or `button`."""
    emoji: str
    polarity: Polarity
    change: int
    at_ms: int
    place: tuple[int, ...] = ()
    """In the order of all that came from Telegram; empty where that was not kept."""


def in_order(ratings: Iterable[Rating]) -> list[Rating]:
    """By their places; those without one among them by their instants, and by the order in which they are given."""
    given = list(ratings)
    placed = sorted((rating for rating in given if rating.place), key=lambda rating: rating.place)
    others = sorted((rating for rating in given if not rating.place), key=lambda rating: rating.at_ms)
    return list(merge(others, placed, key=lambda rating: rating.at_ms))
