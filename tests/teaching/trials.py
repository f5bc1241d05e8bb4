"""Experiments in which nothing differs but chance, shared out and judged by what does so in earnest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random

from teaching.assignment import Variant, assigned
from teaching.verdicts import Judgement, Score, verdict
from teaching.watching import HarmWatch
from tests.teaching.people import drawn

PEOPLE, SILENT, LIKED, ALIKE = 200, 0.3, 0.75, 2.0
"""Of an experiment: who takes part, how many of them never say anything, and how they like what they get."""
VARIANTS = (Variant(name="control", weight=50), Variant(name="short", weight=50))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The end of one experiment."""

    verdict: Judgement
    harmful: str | None

    @property
    def is_alarm(self) -> bool:
        """True if anything but "no difference" was said of it."""
        return any(one.finding != "no difference seen" for one in self.verdict.contrasts)


def trial(seed: int, *, worse: float = 0.0) -> Trial:
    """One experiment; with `worse` the variant is liked so much less."""
    random = Random(seed)
    units: Counter[str] = Counter()
    scores: dict[str, list[Score]] = {variant.name: [] for variant in VARIANTS}
    watch = HarmWatch(scores)
    for number in range(PEOPLE):
        name = assigned("trial", f"{seed}", f"telegram:chat:{number}", VARIANTS).name
        units[name] += 1
        if random.random() >= SILENT:
            [said] = drawn(random, 1, liked=LIKED - (worse if name != "control" else 0), alike=ALIKE)
            scores[name].append(Score(positive=sum(said), negative=len(said) - sum(said)))
            watch.add(name, 1 if said[0] else -1)
    return Trial(verdict=verdict(VARIANTS, units, scores, seed=seed), harmful=watch.harmful)
