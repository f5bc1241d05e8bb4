"""What a comparison comes to, in words: the same in a terminal and on a page."""

from __future__ import annotations

import re

from teaching.comparisons import Contender, Difference, Where

PLACES: dict[Where, str] = {"private": "in private", "groups": "in groups"}
NOT_WHY = (
    "Compared are those who rated both, each with themselves. What differs need not be why: nobody drew lots over "
    "who got what, or when."
)
ALONE = "There are no two that people have rated, so there is nothing to compare."
UNMET = "Nobody who has rated {first} has rated any of these, so nothing is told of how they differ: {others}"
DRAWN = (
    "Which variant is better is said once, when its experiment is over, as polar experiments show NAME says it: of all "
    "of it, and of its units rather than of people. Of one that runs there are counts."
)
MISSING = "–"
_DIGEST = re.compile(r"[0-9a-f]{32}")


def called(name: str) -> str:
    """What people call a side: of a digest the first characters, which are enough to find it by."""
    return f"{name[:12]}…" if _DIGEST.fullmatch(name) else name or "none"


def several(count: int, one: str, more: str) -> str:
    """`1 person`, `1,200 people`."""
    return f"{count:,} {one if count == 1 else more}"


def percent(share: float | None) -> str:
    """`71%`."""
    return MISSING if share is None else f"{100 * share:.0f}%"


def approval(side: Contender) -> str:
    """`71% (58 to 81%)`: the mean over people, and where it may lie."""
    if side.approval is None or side.low is None or side.high is None:
        return MISSING
    return f"{percent(side.approval)} ({100 * side.low:.0f} to {percent(side.high)})"


def told(difference: Difference) -> str:
    """One difference as a sentence, with how sure it is and what could have been seen at all."""
    return f"{_found(difference)} {could_be_seen(difference.smallest)}"


def _found(one: Difference) -> str:
    if one.mean is None or one.low is None or one.high is None or one.p is None:
        return f"Too few to tell: {_people(one)}."
    by = f"{points(one.mean)} points ({points(one.low)} to {points(one.high)}; p {chance(one.p)}), {_people(one)}"
    match one.conclusion:
        case "differs":
            return f"{'More' if one.mean > 0 else 'Less'} liked: {by}."
        case "disagree":
            return f"It differs, and elsewhere it is the other way round, so neither is ahead: {by}."
    return f"No difference is seen: {by}."


def could_be_seen(smallest: float | None) -> str:
    """Which difference so many people would have shown, as a sentence."""
    if smallest is None:
        return "No difference could have been seen."
    return f"The smallest that could have been seen: {100 * smallest:.0f} points."


def _people(one: Difference) -> str:
    mine, other = one.labels
    return f"{several(one.people, 'person', 'people')} rated both ({mine:,} and {other:,} labels)"


def points(share: float) -> str:
    """`+25`, of a difference between shares."""
    return f"{100 * share:+.0f}"


def chance(p: float) -> str:
    """A p value: `0.012`, or `below 0.001`."""
    return f"{p:.3f}" if p >= 0.001 else "below 0.001"
