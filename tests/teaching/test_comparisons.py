"""Comparisons count people, say how sure they are, and name nobody the better one where that cannot be known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from random import Random

import pytest

from teaching.assignment import Variant
from teaching.comparisons import LEAST_PEOPLE, Comparison, Conclusion, Made, Ratings, Where, judged
from teaching.labels import Answer, Label
from teaching.verdicts import Score
from teaching.verdicts import verdict as verdict_of
from teaching.wording import approval, told
from tests.teaching.people import drawn, naive_z

LARGE, SMALL = "large", "small"
Said = tuple[str, str, Where, int, int]
"""A person's word: of which side, who, where, how many liked, how many disliked."""


def compared(said: Iterable[Said], **made: Made) -> Comparison:
    """The comparison of what these people said, an answer a label."""
    ratings, numbers = Ratings(), count()
    for name, person, where, liked, disliked in said:
        for number in range(liked + disliked):
            answer = answered(str(next(numbers)), is_private=where == "private")
            ratings.add(name, answer, [label(answer, person, is_liked=number < liked)])
    return ratings.compared(made)


def answered(name: str, *, is_private: bool) -> Answer:
    """An answer of which nothing else matters."""
    return Answer(
        id=name,
        session_id="telegram:chat:7",
        is_private=is_private,
        asker=None,
        model="",
        personality="",
        automation="",
        experiment="",
        variant="",
        usd=None,
        at_ms=0,
        edited_at_ms=None,
        is_whole=True,
    )


def label(answer: Answer, person: str, *, is_liked: bool) -> Label:
    """What a person said of it."""
    return Label(
        answer=answer.id,
        person=person,
        label="positive" if is_liked else "negative",
        emoji="👍" if is_liked else "👎",
        via="button",
        at_ms=0,
    )


def both(
    people: int, large: tuple[int, int], small: tuple[int, int], where: Where = "private", *, first: int = 0
) -> Iterator[Said]:
    """So many people who all say the same of two sides: how many they liked, and disliked, of each."""
    for person in map(str, range(first, first + people)):
        yield LARGE, person, where, *large
        yield SMALL, person, where, *small


def concluded(comparison: Comparison) -> dict[Where, Conclusion]:
    """What each kind of chat comes to."""
    return {one.where: one.conclusion for one in comparison.differences}


def test_approval_is_the_mean_over_people_however_much_one_of_them_says() -> None:
    """One who likes a hundred answers and nine who like none are 10 %, not 92 %."""
    said: list[Said] = [(LARGE, "0", "private", 100, 0), *((LARGE, str(n), "private", 0, 1) for n in range(1, 10))]
    [side] = compared(said).sides
    assert side.approval == pytest.approx(0.1)
    assert (side.people, side.liked, side.disliked) == (10, 100, 9)
    assert approval(side) == "10% (2 to 40%)"


def test_a_side_tells_what_an_answer_cost_and_took_where_that_is_known() -> None:
    """Over those of which it is known; what nobody has rated is a side without approval."""
    said: list[Said] = [(LARGE, "0", "private", 1, 0)]
    made = Made(answers=4, priced=2, usd=0.5, timed=4, milliseconds=1000)
    large, other = compared(said, large=made, other=Made(answers=9)).sides
    assert (large.share_rated, large.usd, large.milliseconds) == (0.25, 0.25, 250)
    assert (other.name, other.share_rated, other.usd, other.approval) == ("other", 0, None, None)


def test_who_likes_one_side_better_than_the_other_is_seen() -> None:
    """Those whom most people rated come first, and what differs is told of the other."""
    [one] = compared(both(20, (3, 0), (1, 2))).differences
    assert (one.name, one.against, one.people, one.labels) == (SMALL, LARGE, 20, (60, 60))
    assert one.conclusion == "differs"
    assert one.mean == pytest.approx(-2 / 3)
    assert told(one).startswith("Less liked: -67 points (")


def test_where_nothing_differs_it_is_said_what_could_have_been_seen() -> None:
    """Never that both are the same."""
    [one] = compared(both(20, (2, 1), (2, 1))).differences
    assert one.conclusion == "not seen"
    assert told(one) == (
        "No difference is seen: +0 points (-13 to +13; p 1.000), 20 people rated both (60 and 60 labels). "
        "The smallest that could have been seen: 18 points."
    )


@pytest.mark.parametrize(
    ("people", "small", "expected"),
    [(LEAST_PEOPLE, (0, 3), "differs"), (LEAST_PEOPLE - 1, (0, 9), "too few"), (LEAST_PEOPLE, (0, 2), "too few")],
)
def test_a_few_people_or_ratings_say_too_little(people: int, small: tuple[int, int], expected: Conclusion) -> None:
    """Under ten people, or thirty ratings a side: only how many there were."""
    [one] = compared(both(people, (3, 0), small)).differences
    assert one.conclusion == expected
    assert (one.mean is None) == (expected == "too few")
    assert told(one).startswith("Too few to tell: ") == (expected == "too few")


def test_who_rated_only_one_side_says_nothing_of_the_difference() -> None:
    """However many they are: they may be other people, asking for other things."""
    said: list[Said] = [
        (name, f"{name}{n}", "private", 9 * (name == LARGE), 9) for name in (LARGE, SMALL) for n in range(40)
    ]
    comparison = compared(said)
    assert (comparison.differences, comparison.unmet) == ([], [SMALL])


def test_private_chats_and_groups_are_told_apart() -> None:
    """What is seen in one need not hold in the other."""
    said = [*both(20, (3, 0), (0, 3)), *both(20, (2, 1), (2, 1), "groups")]
    assert concluded(compared(said)) == {"private": "differs", "groups": "not seen"}


def test_where_directions_disagree_nobody_is_ahead() -> None:
    """The other way round in groups, or with those who rated only one side."""
    private = list(both(20, (3, 0), (0, 3)))
    assert concluded(compared([*private, *both(20, (0, 3), (2, 1), "groups")])) == {
        "private": "disagree",
        "groups": "disagree",
    }
    others: list[Said] = [(SMALL, f"x{n}", "private", 3, 0) for n in range(90)]
    more: list[Said] = [(LARGE, f"y{n}", "private", 0, 3) for n in range(90)]
    turned = compared([*private, *others, *more])
    assert concluded(turned) == {"private": "disagree"}
    assert "neither is ahead" in told(turned.differences[0])


def test_the_more_is_compared_the_surer_each_must_be() -> None:
    """What is seen of two sides is not seen among twelve."""
    said: list[Said] = [(LARGE, str(n), "private", 2, 2) for n in range(12)]
    said += [(SMALL, str(n), "private", *((3, 1) if n < 9 else (2, 2) if n < 11 else (1, 3))) for n in range(12)]
    [alone] = compared(said).differences
    said += [(f"other {other}", str(n), "private", 2, 2) for other in range(10) for n in range(12)]
    [among] = [one for one in compared(said).differences if one.name == SMALL]
    assert alone.p is not None
    assert among.p is not None
    assert alone.p <= 0.05 < among.p


def test_chance_is_seldom_taken_for_a_difference() -> None:
    """In 5 % of the crowds to whom both are alike at most; a z-test over messages sees one in far more of them."""
    random, runs = Random(17), 40
    seen = naive = 0
    for _ in range(runs):
        crowd = [drawn(random, 15, liked=0.7, alike=2) for _ in range(2)]
        said: list[Said] = [
            (name, str(person), "private", sum(rated), len(rated) - sum(rated))
            for name, people in zip((LARGE, SMALL), crowd, strict=True)
            for person, rated in enumerate(people)
        ]
        seen += "differs" in concluded(compared(said)).values()
        naive += naive_z(*crowd) >= 1.96
    assert seen <= 4
    assert naive >= 8


def test_of_what_goes_on_only_counts_are_told() -> None:
    """Neither approval nor a difference: who looks twenty times sees one by chance."""
    comparison = judged(compared(both(20, (3, 0), (0, 3))), {})
    assert [(side.approval, side.low, side.high, side.people) for side in comparison.sides] == [
        (None, None, None, 20)
    ] * 2
    assert comparison.differences == ()


def test_of_what_is_over_the_verdict_is_told() -> None:
    """Its figures, whatever people are counted beside it; of another experiment there are counts as before."""
    liked, disliked = [Score(positive=3, negative=0)] * 12, [Score(positive=0, negative=3)] * 11
    variants = [Variant(name="control", weight=1), Variant(name="short", weight=1)]
    verdict = verdict_of(variants, {"control": 12, "short": 11}, {"control": liked, "short": disliked}, seed=1)
    said: list[Said] = [(name, "1", "private", 1, 0) for name in ("terse/control", "terse/short", "other/short")]
    comparison = judged(compared(said), {"terse": verdict})
    told = {side.name: (side.people, side.liked, side.disliked, side.approval) for side in comparison.sides}
    assert told == {"terse/control": (12, 36, 0, 1), "terse/short": (11, 0, 33, 0), "other/short": (1, 1, 0, None)}
    assert [(side.low, side.high) for side in comparison.sides[:2]] == [(arm.low, arm.high) for arm in verdict.arms]
    assert comparison.differences == ()


def test_without_anything_there_is_nothing_to_compare() -> None:
    """No side, and no difference."""
    assert compared([]) == Comparison(sides=[], differences=[])
