"""How sure a share and a difference of shares are: intervals by scores, and a permutation over those who were asked.

What is counted are people (or what else was drawn by itself), never what one of them said many times.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

Z = 1.96
"""Standard deviations that leave out 5 % of a normal distribution, on both sides."""
_Z_POWER = 0.8416
"""Standard deviations below which 80 % of a normal distribution lies."""
_ROUNDING = 1e-9


def wilson(share: float, n: int, z: float = Z) -> tuple[float, float]:
    """The score interval of a share of n, within 0 and 1; everything if n is 0.

    Wilson 1927. Unlike share ± z·sd it has a width at 0 and at 1, and keeps its promise for a few.
    """
    if not n:
        return 0.0, 1.0
    spread = z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def newcombe(p1: float, n1: int, p2: float, n2: int) -> tuple[float, float]:
    """The interval of p1 - p2 of two separate groups of n1 and n2, from their score intervals (Newcombe 1998, 10)."""
    low1, high1 = wilson(p1, n1)
    low2, high2 = wilson(p2, n2)
    difference = p1 - p2
    return (
        difference - math.hypot(p1 - low1, high2 - p2),
        difference + math.hypot(high1 - p1, p2 - low2),
    )


def permutation_p(a: Sequence[float], b: Sequence[float], *, rounds: int, seed: int) -> float:
    """How often chance alone puts the means of two groups as far apart as these: a value a person, dealt out anew.

    Two-sided, never 0, and 1 where a side is empty. The same seed gives the same answer.
    """
    if not a or not b:
        return 1.0
    everyone = [*a, *b]
    few = min(a, b, key=len)
    expected = len(few) * math.fsum(everyone) / len(everyone)
    # Sums of the smaller group say all about the difference of the means, as the sum of everyone stays.
    seen = abs(math.fsum(few) - expected) - _ROUNDING
    deal = Random(seed).sample
    size = len(few)
    as_far = sum(abs(sum(deal(everyone, size)) - expected) >= seen for _ in range(rounds))
    return (as_far + 1) / (rounds + 1)


def sign_flip_p(differences: Sequence[float], *, rounds: int, seed: int) -> float:
    """How often chance alone brings the mean of these as far from 0: a difference within a person, its sign drawn anew.

    Two-sided, never 0, and 1 where there is none. The same seed gives the same answer.
    """
    if not differences:
        return 1.0
    total = math.fsum(differences)
    seen = abs(total) - _ROUNDING
    draw = Random(seed).getrandbits
    people = len(differences)
    as_far = 0
    for _ in range(rounds):
        signs = draw(people)
        turned = sum(one for number, one in enumerate(differences) if signs >> number & 1)
        as_far += abs(total - 2 * turned) >= seen
    return (as_far + 1) / (rounds + 1)


def paired(differences: Sequence[float]) -> tuple[float, float]:
    """The interval of the mean of differences within people, each within -1 and 1; everything if there are none.

    Two more people are added, one at each end, so that a few who agree do not look certain (Bonett and Price 2012).
    """
    if not differences:
        return -1.0, 1.0
    mean, error = _with_two_more(differences)
    return max(-1.0, mean - Z * error), min(1.0, mean + Z * error)


def smallest_difference(share: float, n1: int, n2: int) -> float | None:
    """How far two shares around this one must be apart to be noticed four times out of five; None if they cannot be.

    At the level of 5 %, of two separate groups of n1 and n2.
    """
    if not n1 or not n2:
        return None
    noticed = _noticed(_error(share, n1), _error(share, n2))
    return noticed if noticed <= max(share, 1 - share) else None


def smallest_paired(differences: Sequence[float]) -> float | None:
    """The same of the mean of differences within people."""
    if not differences:
        return None
    noticed = _noticed(_with_two_more(differences)[1])
    return noticed if noticed <= 1 else None


def _noticed(*errors: float) -> float:
    return (Z + _Z_POWER) * math.hypot(*errors)


def _error(share: float, n: int) -> float:
    """The standard error of a share, drawn towards the middle as its interval is (Agresti and Coull 1998)."""
    middle = (share * n + 2) / (n + 4)
    return math.sqrt(middle * (1 - middle) / (n + 4))


def _with_two_more(differences: Sequence[float]) -> tuple[float, float]:
    """The mean of these, 1 and -1, and its standard error."""
    people = len(differences) + 2
    mean = math.fsum(differences) / people
    squares = (math.fsum(one * one for one in differences) + 2) / people
    return mean, math.sqrt((squares - mean * mean) / people)
