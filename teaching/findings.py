"""What an experiment has shown, in words: the same in a terminal and on a page."""

from __future__ import annotations

from teaching.verdicts import Arm, Contrast, Judgement
from teaching.wording import MISSING, chance, could_be_seen, percent, points

RUNNING = "It runs: counts are all that is told. The verdict comes when it is over."
BECAUSE = {
    "end": "its time was over",
    "people": "enough have rated",
    "budget": "its budget was used up",
    "failures": "a variant failed again and again",
    "harm": "a variant was liked less, beyond chance",
    "stopped": "somebody stopped it",
}
BY_HARM = "The watch for harm has ended it, so the difference looks larger than it is."


def approved(arm: Arm) -> str:
    """`71% (58 to 81%)`: the mean over those who rated, and where it may lie."""
    if arm.approval is None:
        return MISSING
    return f"{percent(arm.approval)} ({100 * arm.low:.0f} to {percent(arm.high)})"


def found(contrast: Contrast, verdict: Judgement) -> str:
    """A variant beside the control as a sentence, with how sure that is and what could have been seen at all."""
    if contrast.finding == "void":
        p = chance(verdict.allocation_p)
        return f"Void: chance seldom shares out units as unevenly as this (p {p}), so nothing follows."
    return f"{_told(contrast)} {could_be_seen(contrast.smallest)}"


def _told(one: Contrast) -> str:
    if one.difference is None or one.low is None or one.high is None or one.p is None:
        return "Too few to tell."
    by = f"{points(one.difference)} points ({points(one.low)} to {points(one.high)}; p {chance(one.p)})"
    match one.finding:
        case "better":
            return f"More liked than the control: {by}."
        case "worse":
            return f"Less liked than the control: {by}."
    return f"No difference to the control is seen: {by}."
