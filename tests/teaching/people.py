"""Simulated people, who rate answers: each likes a share of their own, and some say far more than others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

MOST = 40
"""The most that one person rates."""

Rated = Sequence[bool]
"""What one person said of answers, liked or not; never empty."""


def drawn(random: Random, people: int, *, liked: float, alike: float) -> list[Rated]:
    """People who like `liked` of all answers on average; the larger `alike`, the less they differ from each other."""
    shares = (random.betavariate(liked * alike, (1 - liked) * alike) for _ in range(people))
    return [[random.random() < share for _ in range(_how_many(random))] for share in shares]


def shares(people: Sequence[Rated]) -> list[float]:
    """The share that each of them liked."""
    return [sum(one) / len(one) for one in people]


def naive_z(a: Sequence[Rated], b: Sequence[Rated]) -> float:
    """The z of two shares of messages, as if each had been rated by somebody else."""
    liked = [sum(map(sum, side)) for side in (a, b)]
    rated = [sum(map(len, side)) for side in (a, b)]
    pooled = sum(liked) / sum(rated)
    error = math.sqrt(pooled * (1 - pooled) * (1 / rated[0] + 1 / rated[1]))
    return abs(liked[0] / rated[0] - liked[1] / rated[1]) / error if error else 0.0


def _how_many(random: Random) -> int:
    return min(MOST, 1 + int(random.expovariate(0.2)))
