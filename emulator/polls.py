"""What becomes of polls when people vote."""

from __future__ import annotations

from collections import Counter

from .people import Json, Person

Votes = dict[int, list[int]]


def checked(poll: Json, choices: list[int]) -> list[int]:
    """The choices, if somebody may make them; none at all takes a vote back. Errors: ValueError, LookupError."""
    if poll["is_closed"]:
        raise ValueError("the poll is closed")
    if len(choices) > 1 and not poll["allows_multiple_answers"]:
        raise ValueError("the poll takes one answer")
    for choice in choices:
        if choice not in range(len(poll["options"])):
            raise LookupError(f"the poll has no option {choice}")
    return choices


def counted(poll: Json, votes: Votes) -> Json:
    """The poll with these votes."""
    totals = Counter(choice for choices in votes.values() for choice in choices)
    options = [{**option, "voter_count": totals[index]} for index, option in enumerate(poll["options"])]
    return {**poll, "options": options, "total_voter_count": len(votes)}


def answer(poll: Json, person: Person, choices: list[int]) -> Json:
    """The PollAnswer object of a vote."""
    lasting = [poll["options"][choice]["persistent_id"] for choice in choices]
    return {"poll_id": poll["id"], "user": person.json(), "option_ids": choices, "option_persistent_ids": lasting}
