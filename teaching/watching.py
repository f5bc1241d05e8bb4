"""Whether a variant does harm, asked after every rating: an experiment need not run to its end for that."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import comb

from teaching.assignment import CONTROL

HARM = 20
"""Evidence at which a variant is stopped. Chance alone ever gives as much in one of so many harmless ones at most."""


class SignTest:
    """How much pairs speak for it that one side does worse: a bet against even odds, whose worth may be read any time.

    The odds are mixed evenly over all that there are, so that none need be guessed (a beta mixture; Ville 1939 bounds
    how often such a bet is ever worth much). A bet that is won by doing better speaks for no harm.
    """

    def __init__(self) -> None:
        self.worse = self.better = 0
        """Pairs that the watched side has lost, and won; those that were even say nothing."""

    @property
    def evidence(self) -> float:
        """The worth of a bet of 1: the mean of what each of the odds would have made of it."""
        pairs = self.worse + self.better
        return (1 << pairs) / ((pairs + 1) * comb(pairs, self.worse))

    @property
    def is_harm(self) -> bool:
        """True if most pairs were lost."""
        return self.worse > self.better


class HarmWatch:
    """Pairs each variant with the control, in the order in which their units were first rated.

    Only a unit's first rating is taken, so that what a pair says never changes and nobody counts twice.
    """

    def __init__(self, variants: Iterable[str]) -> None:
        self.tests = {name: SignTest() for name in variants if name != CONTROL}
        self._waiting: dict[str, tuple[deque[int], deque[int]]] = {name: (deque(), deque()) for name in self.tests}
        """By variant: its scores, and those of the control, that have no partner yet."""
        self.harmful: str | None = None
        """The first variant whose evidence came to HARM, or to as many times that as variants are watched."""

    def add(self, variant: str, score: int) -> None:
        """The first rating of the next unit: 1 or -1. One of a variant that there is not says nothing."""
        for name, (own, control) in self._waiting.items():
            if variant == name:
                own.append(score)
            elif variant == CONTROL:
                control.append(score)
            if own and control:
                self._pair(name, own.popleft(), control.popleft())

    def _pair(self, name: str, own: int, control: int) -> None:
        if own == control:
            return
        test = self.tests[name]
        test.worse += own < control
        test.better += own > control
        if self.harmful is None and test.is_harm and test.evidence >= HARM * len(self.tests):
            self.harmful = name
