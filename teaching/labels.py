"""What people have said of an answer in the end, as labels: silence is none, and neither is a contradiction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from teaching.dropped import Dropped
from teaching.ratings import Rating, Stance

_Given = tuple[str, str, str, str]
"""Who has given what, how, to which part: a rating that stands or does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The facts of an answer that labels and comparisons need; text is ``""`` where there is none."""

    id: str
    """As `Rating.answer` has it."""
    session_id: str
    is_private: bool
    asker: str | None
    """Who had asked; None where nobody did, or that is not known."""
    model: str
    personality: str
    """The fingerprint of its text."""
    automation: str
    experiment: str
    variant: str
    usd: float | None
    at_ms: int
    edited_at_ms: int | None
    """When it became the text that it is, if that was later: what was said before judged another one."""
    is_whole: bool
    """False where it was cut, stopped, or ended for its length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One person's stance on an answer; emoji, via and instant are those of the newest rating that makes it."""

    answer: str
    person: str
    label: Stance
    emoji: str
    via: str
    at_ms: int

    @property
    def score(self) -> int:
        """1 or -1."""
        return 1 if self.label == "positive" else -1


def stances(ratings: Iterable[Rating], edited_at_ms: int | None) -> list[Label]:
    """The labels of one answer, by person, of its ratings in order.

    Of each person, part, way and emoji at most one stands. Who has both kinds standing, or no kind but a neutral one,
    has no label. What was said until the answer was edited counts for nothing.
    """
    return decided(standing(ratings, edited_at_ms))


def standing(ratings: Iterable[Rating], edited_at_ms: int | None) -> list[Rating]:
    """What was given, not taken back, and judged the answer as it is; of one answer's ratings in order."""
    given: dict[_Given, Rating] = {}
    for rating in ratings:
        if edited_at_ms is not None and rating.at_ms <= edited_at_ms:
            continue
        what = (rating.person, rating.message, rating.via, rating.emoji)
        if rating.change < 0:
            given.pop(what, None)
        elif what not in given:
            given[what] = rating
    return list(given.values())


def decided(stand: Iterable[Rating]) -> list[Label]:
    """The labels that ratings make which stand, by person."""
    newest: dict[str, dict[Stance, Rating]] = {}
    for rating in stand:
        if rating.polarity != "neutral":
            newest.setdefault(rating.person, {})[rating.polarity] = rating
    return [_label(*kinds.values()) for _, kinds in sorted(newest.items()) if len(kinds) == 1]


def counted(
    ratings: Sequence[Rating],
    edited_at_ms: int | None,
    *,
    refusing: Collection[str],
    erased: Mapping[str, int],
    dropped: Dropped,
) -> tuple[Label, ...]:
    """The same without those of people who share nothing, and without what people said before they were erased.

    `erased` says when that was last. Whatever is no label is counted in `dropped`, by reason.
    """
    stand = standing(ratings, edited_at_ms)
    found = decided(stand)
    told = [label for label in found if label.at_ms > erased.get(label.person, 0)]
    shared = tuple(label for label in told if label.person not in refusing)
    dropped["edited"] += sum(rating.at_ms <= (edited_at_ms or 0) for rating in ratings)
    dropped["contradictory"] += len({rating.person for rating in stand}) - len(found)
    dropped["erased"] += len(found) - len(told)
    dropped["not_shared"] += len(told) - len(shared)
    return shared


def training_label(labels: Sequence[Label], asker: str | None) -> Label | None:
    """The one label that an answer is trained on: the asker's, else one of the majority; None for a tie."""
    for label in labels:
        if label.person == asker:
            return label
    in_all = sum(label.score for label in labels)
    majority = [label for label in labels if label.score * in_all > 0]
    return max(majority, key=lambda label: (label.at_ms, label.person), default=None)


def _label(rating: Rating) -> Label:
    return Label(
        answer=rating.answer,
        person=rating.person,
        label="positive" if rating.polarity == "positive" else "negative",
        emoji=rating.emoji,
        via=rating.via,
        at_ms=rating.at_ms,
    )
