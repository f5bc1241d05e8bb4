"""What was left out, and why: a count a reason, so that nothing goes without being told of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

OF_RATINGS = {
    "totals": "totals of a channel: nobody's in particular",
    "unresolved": "ratings on messages that are not stored",
    "no_responder": "ratings on messages that no responder made",
    "emptied": "ratings on answers whose text is gone",
    "anonymous": "ratings by nobody who can be told from others",
    "edited": "ratings given before the answer was edited",
}
"""Why a rating counts for nothing."""
OF_LABELS = {
    "contradictory": "people with both 👍 and 👎 on an answer, or neutral ones alone",
    "automation": "ratings on what automations said",
    "erased": "ratings of people who were erased since",
    "not_shared": "ratings of people who share nothing",
}
"""Why a label, or what would have been one, is left out."""
OF_EXAMPLES = {
    "undecided": "answers that as many liked as disliked",
    "no_leave": "answers with words of somebody who has not said /feedback share on",
    "nobody_known": "answers with words of which it is not known whose they are",
    "others": "answers with a quote, a forward, a contact, a file or a name of somebody else",
    "no_history": "answers of which it is not known which earlier messages went along",
    "other_personality": "answers given with a personality that has another text today, or is not known",
    "not_kept": "answers of which something is no longer kept",
}
"""Why a rated answer is no example."""
WORDS = {**OF_RATINGS, **OF_LABELS, **OF_EXAMPLES}
"""Each reason as a page says it."""


class Dropped(Counter[str]):
    """How much was left out, by reason."""

    def lines(self) -> Iterator[tuple[int, str]]:
        """The counts that are not 0, each with its reason in words, in the order of `WORDS`; others behind them."""
        known = [reason for reason in WORDS if self[reason]]
        for reason in (*known, *sorted(self.keys() - WORDS.keys())):
            yield self[reason], WORDS.get(reason, reason)
