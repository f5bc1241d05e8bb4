"""Intervals hold the truth as often as they say, and chance alone is seldom taken for a difference."""

from __future__ import annotations

import math
from random import Random

import pytest

from teaching.intervals import (
    Z,
    newcombe,
    paired,
    permutation_p,
    sign_flip_p,
    smallest_difference,
    smallest_paired,
    wilson,
)
from tests.teaching.people import drawn, naive_z, shares

RUNS = 1_000
LEVEL = 0.05


def test_the_interval_of_a_share_is_that_of_the_books() -> None:
    """81 of 263 is the example of Newcombe 1998: 0.2553 to 0.3662 by scores."""
    low, high = wilson(81 / 263, 263)

    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_the_interval_of_a_difference_is_that_of_the_books() -> None:
    """56 of 70 and 48 of 80 is the example of Newcombe 1998, method 10: 0.0524 to 0.3339."""
    low, high = newcombe(56 / 70, 70, 48 / 80, 80)

    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_where_nobody_was_asked_everything_is_possible() -> None:
    """Of none, no share is known, no difference is seen, and none could be."""
    assert wilson(0, 0) == (0, 1)
    assert paired([]) == (-1, 1)
    assert permutation_p([], [1.0], rounds=9, seed=1) == sign_flip_p([], rounds=9, seed=1) == 1
    assert smallest_difference(0.5, 0, 9) is smallest_paired([]) is None


def test_a_few_who_agree_are_not_certain() -> None:
    """An interval has a width where all say the same, and keeps within what is possible."""
    low, high = wilson(1, 5)
    assert low < 0.6
    assert high == 1
    low, high = paired([0.0] * 10)
    assert low < -0.1
    assert high > 0.1


@pytest.mark.parametrize(("people", "alike"), [(10, 1), (30, 2), (100, 1)])
def test_the_interval_over_people_holds_the_truth_as_often_as_it_says(people: int, alike: float) -> None:
    """In 95 % of simulated crowds or more; over messages, as if each were another's, in far fewer."""
    random, liked = Random(7), 0.7
    held = over_messages = 0
    for _ in range(RUNS):
        rated = drawn(random, people, liked=liked, alike=alike)
        held += _holds(wilson(sum(shares(rated)) / people, people), liked)
        messages = sum(map(len, rated))
        over_messages += _holds(wilson(sum(map(sum, rated)) / messages, messages), liked)

    assert held / RUNS >= 1 - LEVEL
    assert over_messages / RUNS < 0.85


def test_the_interval_of_differences_within_people_holds_the_truth() -> None:
    """In 95 % of simulated crowds or more, of people who like both sides alike."""
    random = Random(3)
    held = 0
    for _ in range(RUNS):
        both = (shares(drawn(random, 20, liked=0.7, alike=9)) for _ in range(2))
        held += _holds(paired([one - other for one, other in zip(*both, strict=True)]), 0)

    assert held / RUNS >= 1 - LEVEL


def test_chance_is_seldom_taken_for_a_difference_where_people_are_dealt_out() -> None:
    """In 5 % of the crowds that do not differ at most; a z-test over messages sees one in far more of them."""
    random, runs = Random(11), 500
    seen = naive = 0
    for run in range(runs):
        a, b = (drawn(random, 15, liked=0.7, alike=2) for _ in range(2))
        seen += permutation_p(shares(a), shares(b), rounds=99, seed=run) <= LEVEL
        naive += naive_z(a, b) >= Z

    assert seen / runs <= _by_chance(runs)
    assert naive / runs > 0.13


def test_a_large_difference_is_seen() -> None:
    """Both ways of dealing anew see what no chance would bring, and say the same of the same seed."""
    liked, disliked = [1.0, 0.9, 0.8] * 8, [0.2, 0.3, 0.1] * 8

    assert permutation_p(liked, disliked, rounds=999, seed=1) == 0.001
    assert sign_flip_p([0.5] * 24, rounds=999, seed=1) == 0.001
    told = [permutation_p([0.4, 0.9, 0.6], [0.2, 0.7], rounds=99, seed=seed) for seed in (5, 5)]
    assert told[0] == told[1]


def test_signs_drawn_anew_seldom_see_what_is_not_there() -> None:
    """In 5 % of the crowds that do not differ at most."""
    random, runs = Random(13), 1_000
    seen = sum(
        sign_flip_p([random.gauss(0, 0.2) for _ in range(12)], rounds=99, seed=run) <= LEVEL for run in range(runs)
    )

    assert seen / runs <= _by_chance(runs)


def test_the_smallest_difference_that_could_be_seen() -> None:
    """70 against 85 % needs about 100 people a side; three people a side see nothing at all."""
    assert smallest_difference(0.775, 115, 115) == pytest.approx(0.15, abs=0.01)
    assert smallest_difference(0.5, 3, 3) is None
    assert smallest_paired([1.0, -1.0]) is None
    assert smallest_paired([0.1, -0.1] * 50) == pytest.approx(0.05, abs=0.02)


def _holds(interval: tuple[float, float], truth: float) -> bool:
    return interval[0] <= truth <= interval[1]


def _by_chance(runs: int) -> float:
    """What so many runs show of what happens at LEVEL, with three standard deviations to spare."""
    return LEVEL + 3 * math.sqrt(LEVEL * (1 - LEVEL) / runs)
