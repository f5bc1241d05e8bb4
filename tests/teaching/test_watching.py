"""Harm is noticed while an experiment runs, however often one looks, and seldom where there is none."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from random import Random

import pytest

from teaching.watching import HARM, HarmWatch, SignTest

RUNS, PEOPLE = 400, 200


def watched(ratings: Iterable[tuple[str, int]], *variants: str) -> HarmWatch:
    """A watch that has seen these first ratings, in order."""
    watch = HarmWatch(["control", *(variants or ("short",))])
    for variant, score in ratings:
        watch.add(variant, score)
    return watch


def crowd(seed: int, *, control: float, variant: float) -> list[tuple[str, int]]:
    """First ratings of as many people as an experiment has, who like what they got with such chances."""
    random = Random(seed)
    liked = {"control": control, "short": variant}
    names = [random.choice(("control", "short")) for _ in range(PEOPLE)]
    return [(name, 1 if random.random() < liked[name] else -1) for name in names]


@pytest.mark.parametrize("pairs", [0, 1, 2, 5, 8])
def test_the_evidence_is_a_fair_bet(pairs: int) -> None:
    """Over all ways in which even odds may fall, its mean is 1: nobody can win by stopping when it is high."""
    total = sum(_test(sum(fallen), pairs - sum(fallen)).evidence for fallen in product((True, False), repeat=pairs))

    assert total / 2**pairs == pytest.approx(1)


def test_the_evidence_is_the_mean_over_all_odds() -> None:
    """Of seven lost pairs and two won, as the integral has it, by a sum over small steps."""
    steps = 10_000
    odds = ((step + 0.5) / steps for step in range(steps))

    assert _test(7, 2).evidence == pytest.approx(2**9 * sum(p**7 * (1 - p) ** 2 for p in odds) / steps, rel=1e-6)


def _test(worse: int, better: int) -> SignTest:
    test = SignTest()
    test.worse, test.better = worse, better
    return test


def test_eight_pairs_that_all_speak_against_a_variant_stop_it() -> None:
    """Seven might be chance."""
    worse = [("control", 1), ("short", -1)]

    assert watched(worse * 7).harmful is None
    assert watched(worse * 8).harmful == "short"


def test_a_variant_that_does_better_is_never_stopped() -> None:
    """It is a watch for harm, and no early verdict."""
    assert watched([("control", -1), ("short", 1)] * 500).harmful is None


def test_pairs_that_are_even_say_nothing() -> None:
    """Both liked it, or neither did."""
    watch = watched([("control", 1), ("short", 1), ("short", -1), ("control", -1)] * 50)

    assert watch.tests["short"].evidence == 1


def test_units_are_paired_in_the_order_of_their_first_ratings() -> None:
    """The first of one side with the first of the other, whatever came in between; who has no partner waits."""
    watch = watched([("short", -1), ("short", -1), ("short", 1), ("control", 1)])
    assert (watch.tests["short"].worse, watch.tests["short"].better) == (1, 0)

    watch.add("control", -1)
    watch.add("control", -1)
    assert (watch.tests["short"].worse, watch.tests["short"].better) == (1, 1)


def test_each_of_several_variants_is_paired_with_the_same_control() -> None:
    """And has to give as much more evidence, so that more variants make no more false alarms."""
    ratings = [("control", 1), ("short", -1), ("long", 1), ("elsewhere", -1)]

    assert watched(ratings * 8, "short", "long").harmful is None
    watch = watched(ratings * 9, "short", "long")
    assert watch.harmful == "short"
    assert watch.tests["short"].evidence >= 2 * HARM


def test_false_alarms_are_rare_and_harm_is_caught() -> None:
    """Asked after every rating: in at most one of fifty crowds that like both alike; half as liked is nearly always."""
    false = sum(watched(crowd(seed, control=0.7, variant=0.7)).harmful is not None for seed in range(RUNS))
    caught = sum(watched(crowd(seed, control=0.8, variant=0.4)).harmful is not None for seed in range(RUNS))

    assert false <= 0.02 * RUNS
    assert caught >= 0.8 * RUNS
