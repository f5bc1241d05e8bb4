"""What people have said in the end: additions and removals in order, silence and contradictions left out."""

from __future__ import annotations

from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teaching.labels import Label, stances, training_label
from teaching.ratings import Polarity, Rating, in_order

POLARITIES: dict[str, Polarity] = {"👍": "positive", "🔥": "positive", "👎": "negative", "👀": "neutral"}


def rated(
    emoji: str,
    change: int = 1,
    *,
    person: str = "1",
    at_ms: int = 10,
    via: str = "reaction",
    message: str = "",
    place: tuple[int, ...] = (),
) -> Rating:
    """A rating of the one answer."""
    return Rating(
        answer="s a",
        message=message,
        person=person,
        via=via,
        emoji=emoji,
        polarity=POLARITIES[emoji],
        change=change,
        at_ms=at_ms,
        place=place,
    )


def said(*ratings: Rating, edited_at_ms: int | None = None) -> dict[str, int]:
    """The score of each person who has one."""
    return {label.person: label.score for label in stances(ratings, edited_at_ms)}


RATINGS = st.builds(
    rated,
    st.sampled_from(sorted(POLARITIES)),
    st.sampled_from([1, -1]),
    person=st.sampled_from("123"),
    at_ms=st.integers(min_value=1, max_value=5),
    via=st.sampled_from(["reaction", "button"]),
    message=st.sampled_from(["", "a", "b"]),
)


def test_silence_is_no_label() -> None:
    """Nobody who has said nothing has said anything."""
    assert said() == {}


@pytest.mark.parametrize(
    ("ratings", "scores"),
    [
        ((rated("👍"),), {"1": 1}),
        ((rated("👎", via="button"),), {"1": -1}),
        ((rated("👍"), rated("👍", -1)), {}),
        ((rated("👍"), rated("👍", -1), rated("👎")), {"1": -1}),
        ((rated("👍"), rated("🔥"), rated("👍", -1)), {"1": 1}),
        ((rated("👍"), rated("👎", person="2")), {"1": 1, "2": -1}),
    ],
)
def test_what_was_given_and_not_taken_back_stands(ratings: tuple[Rating, ...], scores: dict[str, int]) -> None:
    """Of each person by itself."""
    assert said(*ratings) == scores


def test_what_is_neutral_or_contradicts_itself_is_no_label() -> None:
    """A neutral emoji beside a clear one says nothing more."""
    assert said(rated("👀")) == {}
    assert said(rated("👍"), rated("👎", via="button")) == {}
    assert said(rated("👀"), rated("👎")) == {"1": -1}


def test_additions_and_removals_are_clipped() -> None:
    """What was removed without having been seen given owes nothing, and what came twice is taken back once."""
    assert said(rated("👍", -1), rated("👍")) == {"1": 1}
    assert said(rated("👍"), rated("👍"), rated("👍", -1)) == {}


def test_an_emoji_on_one_part_or_by_one_way_is_not_that_on_another() -> None:
    """The parts are one answer all the same: they can contradict each other."""
    assert said(rated("👍", message="a"), rated("👍", message="b"), rated("👍", -1, message="a")) == {"1": 1}
    assert said(rated("👍"), rated("👍", via="button"), rated("👍", -1)) == {"1": 1}
    assert said(rated("👍", message="a"), rated("👎", message="b")) == {}


def test_what_was_said_before_an_edit_judged_another_text() -> None:
    """Up to the very instant; taking it back afterwards says nothing either."""
    assert said(rated("👍", at_ms=10), edited_at_ms=10) == {}
    assert said(rated("👍", at_ms=11), edited_at_ms=10) == {"1": 1}
    assert said(rated("👍", at_ms=10), rated("👍", -1, at_ms=11), rated("👎", at_ms=12), edited_at_ms=10) == {"1": -1}


def test_a_label_says_which_rating_made_it() -> None:
    """The newest one that stands."""
    [label] = stances([rated("👍", at_ms=1), rated("🔥", at_ms=2, via="button")], None)
    assert label == Label(answer="s a", person="1", label="positive", emoji="🔥", via="button", at_ms=2)


@given(st.lists(RATINGS, max_size=30), st.none() | st.integers(min_value=0, max_value=5), st.data())
def test_any_split_into_pages_gives_the_same_labels(
    ratings: list[Rating], edited_at_ms: int | None, data: st.DataObject
) -> None:
    """However the stream of ratings comes, as long as it comes in order; one person's are as they are alone."""
    cuts = sorted(data.draw(st.lists(st.integers(min_value=0, max_value=len(ratings)), max_size=4)))
    bounds = [0, *cuts, len(ratings)]
    pages = [ratings[start:end] for start, end in pairwise(bounds)]
    labels = stances(chain.from_iterable(pages), edited_at_ms)
    assert labels == stances(ratings, edited_at_ms)
    alone = [stances([each for each in ratings if each.person == person], edited_at_ms) for person in "123"]
    assert labels == list(chain.from_iterable(alone))


def label(person: str, score: int, at_ms: int = 1) -> Label:
    """A label of the one answer."""
    return Label(
        answer="s a",
        person=person,
        label="positive" if score > 0 else "negative",
        emoji="👍" if score > 0 else "👎",
        via="reaction",
        at_ms=at_ms,
    )


def test_an_answer_is_trained_on_what_its_asker_says() -> None:
    """Whatever others say, and however many."""
    others = [label("2", 1), label("3", 1)]
    assert training_label([label("1", -1), *others], "1") == label("1", -1)


def test_without_the_asker_the_majority_counts_and_a_tie_is_dropped() -> None:
    """Of the majority the newest speaks, of several at once the one whose id is last."""
    many = [label("2", 1, at_ms=5), label("3", 1, at_ms=9), label("4", -1, at_ms=20), label("5", 1, at_ms=9)]
    assert training_label(many, "1") == label("5", 1, at_ms=9)
    assert training_label([label("2", 1), label("3", -1)], None) is None
    assert training_label([], "1") is None


def test_places_come_before_instants() -> None:
    """Rows of one batch share their time; those of the earlier runtime have no place, and stand among the others."""
    first, second = rated("👍", at_ms=5, place=(7, 0)), rated("👍", -1, at_ms=5, place=(7, 1))
    early, late = rated("👎", at_ms=4), rated("👎", -1, at_ms=6)
    assert in_order([late, second, early, first]) == [early, first, second, late]
    assert in_order([rated("👍", at_ms=9, place=(1, 0)), rated("👎", at_ms=2, place=(2, 0))])[0].emoji == "👍"


def test_without_a_place_the_given_order_decides_within_an_instant() -> None:
    """The rows are read in the order in which they were written."""
    assert [each.emoji for each in in_order([rated("👎"), rated("👍"), rated("👀")])] == ["👎", "👍", "👀"]
