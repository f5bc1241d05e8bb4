"""What an experiment has shown: said once, when it is over, by people rather than by messages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from teaching.assignment import CONTROL, Variant
from teaching.intervals import newcombe, permutation_p, smallest_difference, wilson

LEAST_UNITS, LEAST_LABELS = 10, 30
"""Of a variant, for more than counts to be said."""
LEVEL = 0.05
LOPSIDED = 0.001
"""The chance of an allocation below which it was not made by chance."""
ROUNDS = 1_000
Effect = Literal["better", "worse", "no difference seen", "too few to tell", "void"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The labels of one unit: a person, a group, a day."""

    positive: int
    negative: int

    @property
    def share(self) -> float:
        """Approving ones among them."""
        return self.positive / (self.positive + self.negative)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A variant in the end. `approval` is the mean of each rated unit's share, None where nobody has rated."""

    variant: str
    units: int
    rated: int
    positive: int
    negative: int
    approval: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """A variant against the control: the difference of approval, its interval, how often chance gives as much.

    `smallest` is the least difference that could have been seen with so many. None where there is nothing to reckon.
    """

    variant: str
    finding: Effect
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    smallest: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The arms, the control first among equals, and every other one against it."""

    arms: tuple[Arm, ...]
    contrasts: tuple[Contrast, ...]
    allocation_p: float
    """How often chance shares out so many units as unevenly as they were."""

    @property
    def is_void(self) -> bool:
        """True if those who got a variant were not shared out as the weights have it, so that nothing follows."""
        return self.allocation_p < LOPSIDED


def verdict(
    variants: Sequence[Variant], units: Mapping[str, int], scores: Mapping[str, Sequence[Score]], *, seed: int
) -> Judgement:
    """Of how many units took part with each variant, and the scores of those of them that have rated.

    A difference is found where the permutation and the interval both say so; with several variants beside the control
    each has its part of the level.
    """
    arms = tuple(_arm(variant.name, units.get(variant.name, 0), scores.get(variant.name, ())) for variant in variants)
    allocation_p = chi_square_p([arm.units for arm in arms], [variant.weight for variant in variants])
    control = next(arm for arm in arms if arm.variant == CONTROL)
    others = [arm for arm in arms if arm.variant != CONTROL]
    contrasts = tuple(
        Contrast(variant=arm.variant, finding="void")
        if allocation_p < LOPSIDED
        else _contrast(arm, control, scores, level=LEVEL / len(others), seed=seed)
        for arm in others
    )
    return Judgement(arms=arms, contrasts=contrasts, allocation_p=allocation_p)


def _arm(name: str, units: int, scores: Sequence[Score]) -> Arm:
    approval = fmean(score.share for score in scores) if scores else None
    low, high = wilson(approval or 0.0, len(scores))
    return Arm(
        variant=name,
        units=units,
        rated=len(scores),
        positive=sum(score.positive for score in scores),
        negative=sum(score.negative for score in scores),
        approval=approval,
        low=low,
        high=high,
    )


def _contrast(arm: Arm, control: Arm, scores: Mapping[str, Sequence[Score]], *, level: float, seed: int) -> Contrast:
    if arm.approval is None or control.approval is None:
        return Contrast(variant=arm.variant, finding="too few to tell")
    together = (arm.approval * arm.rated + control.approval * control.rated) / (arm.rated + control.rated)
    smallest = smallest_difference(together, arm.rated, control.rated)
    if any(side.rated < LEAST_UNITS or side.positive + side.negative < LEAST_LABELS for side in (arm, control)):
        return Contrast(variant=arm.variant, finding="too few to tell", smallest=smallest)
    shares = [[score.share for score in scores[side.variant]] for side in (arm, control)]
    difference = arm.approval - control.approval
    low, high = newcombe(arm.approval, arm.rated, control.approval, control.rated)
    p = permutation_p(*shares, rounds=ROUNDS, seed=seed)
    is_found = p < level and not low <= 0 <= high
    finding: Effect = "no difference seen" if not is_found else "better" if difference > 0 else "worse"
    return Contrast(
        variant=arm.variant, finding=finding, difference=difference, low=low, high=high, p=p, smallest=smallest
    )


def chi_square_p(counts: Sequence[int], weights: Sequence[int]) -> float:
    """How often chance shares out as many as these as unevenly, by such weights; 1 where there are none (Pearson)."""
    total = sum(counts)
    if not total:
        return 1.0
    expected = [total * weight / sum(weights) for weight in weights]
    distance = sum((count - due) ** 2 / due for count, due in zip(counts, expected, strict=True))
    return _beyond(distance, len(counts) - 1)


def _beyond(distance: float, freedom: int) -> float:
    """The tail of a χ² distribution, by its recurrence over the degrees of freedom."""
    half = distance / 2
    if freedom % 2:
        tail, first = math.erfc(math.sqrt(half)), 3
    else:
        tail, first = math.exp(-half), 4
    for degrees in range(first, freedom + 1, 2):
        power = degrees / 2 - 1
        tail += math.exp(power * math.log(half) - half - math.lgamma(power + 1)) if half else 0.0
    return min(1.0, tail)
