"""Which of several did people like better, said no surer than what they rated allows.

People are counted, not ratings. Nobody drew lots over who got what, so two sides are compared within those who rated
both, in private chats and in groups apart; and what differs need not be why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Literal

from teaching.intervals import paired, sign_flip_p, smallest_paired, wilson
from teaching.labels import Answer, Label
from teaching.verdicts import Arm, Judgement

LEAST_PEOPLE, LEAST_LABELS = 10, 30
"""Fewer on a side say too little."""
LEVEL = 0.05
ROUNDS, LEAST_ROUNDS, WORK = 1_999, 399, 1_000_000
"""How often chance is tried: less often where there are many people, of whom each is dealt with every time."""
SEED = 20_21
"""The same ratings give the same answer."""

Where = Literal["private", "groups"]
PLACES: tuple[Where, ...] = ("private", "groups")
Conclusion = Literal["too few", "not seen", "differs", "disagree"]
"""What a difference comes to. `disagree`: it points one way here and another way elsewhere, so that nobody is ahead."""


@dataclass(slots=True)
class _Sums:
    """What one person said of one side in one kind of chat."""

    liked: int = 0
    rated: int = 0

    @property
    def share(self) -> float:
        """The share that the person liked, who has rated."""
        return self.liked / self.rated


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The answers that one side made, rated or not.

    Of `priced` of them the cost is known, `usd` in all; of `timed` of them how long they took.
    """

    answers: int = 0
    priced: int = 0
    usd: float = 0.0
    timed: int = 0
    milliseconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One of those that are compared. `rated` is how many of its answers have a label.

    `approval` is the mean over people of the share that each liked, and lies between `low` and `high`; None of each
    where nobody has rated. What a single answer cost and took is None where nobody knows. Of a variant whose experiment
    is over the people are its units.
    """

    name: str
    made: Made
    rated: int
    people: int
    liked: int
    disliked: int
    approval: float | None
    low: float | None
    high: float | None

    @property
    def share_rated(self) -> float | None:
        """The share of its answers that somebody has rated; None where it is not known that it made any."""
        return min(1.0, self.rated / self.made.answers) if self.made.answers else None

    @property
    def usd(self) -> float | None:
        """What an answer cost on average."""
        return self.made.usd / self.made.priced if self.made.priced else None

    @property
    def milliseconds(self) -> float | None:
        """How long an answer took on average."""
        return self.made.milliseconds / self.made.timed if self.made.timed else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How much better `name` did than `against` with those who rated both, in one kind of chat.

    `mean` is the mean over people of the difference of their two shares, and lies between `low` and `high`. `p` is how
    often chance alone would show as much, all differences of the comparison considered. Each is None if there are too
    few. `smallest` is the smallest one that would have been seen four times out of five; None if none could be.
    """

    name: str
    against: str
    where: Where
    people: int
    labels: tuple[int, int]
    mean: float | None
    low: float | None
    high: float | None
    p: float | None
    smallest: float | None
    conclusion: Conclusion


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The sides, those whom most people rated first, and how each differs from the first, where anybody rated both."""

    sides: Sequence[Contender]
    differences: Sequence[Difference]

    @property
    def unmet(self) -> list[str]:
        """Those of whom nobody has rated both them and the first, so that nothing is told of them."""
        met = {one.name for one in self.differences}
        return [side.name for side in self.sides[1:] if side.people and side.name not in met]


class Ratings:
    """The sums of what people said, by side, kind of chat and person: as many as there are people, not events."""

    def __init__(self) -> None:
        self._sums: dict[str, dict[Where, dict[str, _Sums]]] = {}
        self._rated: dict[str, int] = {}

    def add(self, name: str, answer: Answer, labels: Sequence[Label]) -> None:
        """One answer of a side with all of its labels, each answer once."""
        if not labels:
            return
        self._rated[name] = self._rated.get(name, 0) + 1
        places = self._sums.setdefault(name, {"private": {}, "groups": {}})
        people = places["private" if answer.is_private else "groups"]
        for label in labels:
            sums = people.setdefault(label.person, _Sums())
            sums.rated += 1
            sums.liked += label.score > 0

    def compared(self, made: Mapping[str, Made]) -> Comparison:
        """With the answers that each side made; one without any, and without a label, is no side."""
        sides = sorted((self._side(name, made.get(name, Made())) for name in {*made, *self._sums}), key=_rank)
        rated = [side for side in sides if side.people]
        differences = (
            self._difference(one, rated[0], where)
            for one in rated[1:]
            for where in PLACES
            if self._people(one, where).keys() & self._people(rated[0], where).keys()
        )
        return Comparison(sides=sides, differences=_judged(list(differences), {side.name: side for side in rated}))

    def _side(self, name: str, made: Made) -> Contender:
        everyone: dict[str, _Sums] = {}
        for people in self._sums.get(name, {}).values():
            for person, sums in people.items():
                both = everyone.setdefault(person, _Sums())
                both.liked += sums.liked
                both.rated += sums.rated
        liked, rated = (sum(getattr(sums, of) for sums in everyone.values()) for of in ("liked", "rated"))
        approval = fmean(sums.share for sums in everyone.values()) if everyone else None
        low, high = (None, None) if approval is None else wilson(approval, len(everyone))
        return Contender(
            name=name,
            made=made,
            rated=self._rated.get(name, 0),
            people=len(everyone),
            liked=liked,
            disliked=rated - liked,
            approval=approval,
            low=low,
            high=high,
        )

    def _people(self, side: Contender, where: Where) -> Mapping[str, _Sums]:
        return self._sums[side.name][where]

    def _difference(self, one: Contender, against: Contender, where: Where) -> Difference:
        ones, others = self._people(one, where), self._people(against, where)
        both = sorted(ones.keys() & others.keys())
        labels = (sum(ones[person].rated for person in both), sum(others[person].rated for person in both))
        within = [ones[person].share - others[person].share for person in both]
        is_enough = len(both) >= LEAST_PEOPLE and min(labels) >= LEAST_LABELS
        low, high = paired(within) if is_enough else (None, None)
        return Difference(
            name=one.name,
            against=against.name,
            where=where,
            people=len(both),
            labels=labels,
            mean=fmean(within) if is_enough else None,
            low=low,
            high=high,
            p=sign_flip_p(within, rounds=_rounds(len(both)), seed=SEED) if is_enough else None,
            smallest=smallest_paired(within),
            conclusion="not seen" if is_enough else "too few",
        )


def judged(comparison: Comparison, verdicts: Mapping[str, Judgement]) -> Comparison:
    """Of variants: what the verdict has of those whose experiment is over, of all others counts alone.

    A side is named `experiment/variant`. No difference is reckoned here: the verdict has its own.
    """
    arms = {f"{name}/{arm.variant}": arm for name, verdict in verdicts.items() for arm in verdict.arms}
    sides = [_as_judged(side, arms.get(side.name)) for side in comparison.sides]
    return Comparison(sides=sorted(sides, key=_rank), differences=())


def _as_judged(side: Contender, arm: Arm | None) -> Contender:
    if arm is None:
        return replace(side, approval=None, low=None, high=None)
    low, high = (None, None) if arm.approval is None else (arm.low, arm.high)
    return replace(
        side,
        people=arm.rated,
        liked=arm.positive,
        disliked=arm.negative,
        approval=arm.approval,
        low=low,
        high=high,
    )


def _rank(side: Contender) -> tuple[int, int, str]:
    return -side.people, -side.made.answers, side.name


def _rounds(people: int) -> int:
    return min(ROUNDS, max(LEAST_ROUNDS, WORK // max(1, people)))


def _judged(differences: Sequence[Difference], sides: Mapping[str, Contender]) -> list[Difference]:
    """With what each comes to: the more there are, the less likely must each be by chance (Holm 1979)."""
    held = dict(enumerate(differences))
    tested = sorted((one.p, number) for number, one in held.items() if one.p is not None)
    p = 0.0
    for rank, (own, number) in enumerate(tested):
        p = max(p, min(1.0, own * (len(tested) - rank)))
        is_seen = p <= LEVEL and not _spans_zero(held[number])
        held[number] = replace(held[number], p=p, conclusion="differs" if is_seen else "not seen")
    return [_unless_disagreeing(one, held.values(), sides) for one in held.values()]


def _spans_zero(one: Difference) -> bool:
    return one.low is None or one.high is None or one.low <= 0 <= one.high


def _unless_disagreeing(one: Difference, every: Iterable[Difference], sides: Mapping[str, Contender]) -> Difference:
    """Nobody is ahead where the two kinds of chats, or those who rated only one of both, point the other way."""
    if one.conclusion != "differs":
        return one
    means = [other.mean for other in every if other.name == one.name and other.mean is not None]
    side, against = sides[one.name], sides[one.against]
    if min(side.people, against.people) >= LEAST_PEOPLE and side.approval is not None and against.approval is not None:
        means.append(side.approval - against.approval)
    agrees = min(means) >= 0 or max(means) <= 0
    return one if agrees else replace(one, conclusion="disagree")
