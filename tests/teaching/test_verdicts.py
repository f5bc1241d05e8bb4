"""An experiment's verdict says what so many people can tell, and nothing where it was not fair or they are too few."""

from __future__ import annotations

import pytest

from teaching.assignment import Variant
from teaching.verdicts import LOPSIDED, Judgement, Score, chi_square_p, verdict
from tests.teaching.trials import VARIANTS, trial

PLEASED, TORN, ANNOYED = Score(positive=4, negative=0), Score(positive=2, negative=2), Score(positive=1, negative=3)


def judged(control: list[Score], short: list[Score], *, units: tuple[int, int] | None = None) -> Judgement:
    """The verdict over those who rated; everybody rated, unless it is said how many took part."""
    took_part = units or (len(control), len(short))
    scores = {"control": control, "short": short}
    return verdict(VARIANTS, dict(zip(scores, took_part, strict=True)), scores, seed=1)


def test_a_large_difference_is_found_whichever_way_it_goes() -> None:
    """Better or worse than the control, with its interval on that side of 0."""
    [found] = judged([ANNOYED] * 40, [PLEASED] * 40).contrasts
    assert (found.finding, found.difference) == ("better", 0.75)
    assert found.low is not None
    assert found.low > 0

    [found] = judged([PLEASED] * 40, [ANNOYED] * 40).contrasts
    assert (found.finding, found.difference) == ("worse", -0.75)


def test_where_none_is_seen_it_says_how_large_one_would_have_to_be() -> None:
    """No difference seen is not that there is none."""
    [found] = judged([TORN] * 40, [TORN] * 40).contrasts

    assert found.finding == "no difference seen"
    assert found.p == 1
    assert found.smallest == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize(
    ("control", "short"),
    [([PLEASED] * 9, [ANNOYED] * 40), ([PLEASED] * 40, [Score(positive=0, negative=1)] * 29), ([], [ANNOYED] * 40)],
    ids=["people", "labels", "nobody"],
)
def test_too_few_is_said_to_be_too_few(control: list[Score], short: list[Score]) -> None:
    """Under 10 people or 30 labels on a side there are counts, and no difference however large it looks."""
    [found] = judged(control, short, units=(40, 40)).contrasts

    assert found.finding == "too few to tell"
    assert found.difference is found.p is None


def test_a_lopsided_allocation_voids_it() -> None:
    """Where those who took part are not shared out as the weights have it, what they say tells nothing."""
    found = judged([ANNOYED] * 40, [PLEASED] * 40, units=(150, 60))

    assert found.is_void
    assert found.allocation_p < LOPSIDED
    assert [one.finding for one in found.contrasts] == ["void"]
    assert not judged([ANNOYED] * 40, [PLEASED] * 40, units=(110, 90)).is_void


def test_a_person_counts_once_however_much_they_say() -> None:
    """One who rates a hundred answers does not outweigh the others."""
    loud = Score(positive=0, negative=100)
    arm = judged([PLEASED] * 39 + [loud], [PLEASED] * 40).arms[0]

    assert (arm.rated, arm.positive, arm.negative) == (40, 156, 100)
    assert arm.approval == pytest.approx(39 / 40)


def test_with_several_variants_each_must_show_more() -> None:
    """What is enough for one against the control is not where two were tried."""
    variants = (*VARIANTS, Variant(name="long", weight=50))
    likes, dislikes = Score(positive=1, negative=0), Score(positive=0, negative=1)
    scores = {
        "control": [likes] * 22 + [dislikes] * 18,
        "short": [likes] * 32 + [dislikes] * 8,
        "long": [likes] * 22 + [dislikes] * 18,
    }
    units = dict.fromkeys(scores, 40)

    assert judged(scores["control"], scores["short"]).contrasts[0].finding == "better"
    assert verdict(variants, units, scores, seed=1).contrasts[0].finding == "no difference seen"


@pytest.mark.parametrize(
    ("counts", "p"),
    [
        ([60, 40], 0.0455),
        ([50, 30, 20], 0.0009),
        ([30, 20, 25, 25], 0.5724),
        ([10, 20, 30, 20, 20], 0.0404),
        ([9, 9], 1),
    ],
)
def test_chi_square_is_that_of_the_books(counts: list[int], p: float) -> None:
    """By degrees of freedom from one to four: χ² of 4, 14, 2, 10 and 0 against equal weights."""
    assert chi_square_p(counts, [1] * len(counts)) == pytest.approx(p, abs=5e-4)
    assert chi_square_p([0] * len(counts), [1] * len(counts)) == 1


def test_the_same_data_give_the_same_verdict() -> None:
    """Whoever asks, by the command or on the page."""
    assert trial(3).verdict == trial(3).verdict


@pytest.mark.slow
def test_where_nothing_differs_alarms_are_rare() -> None:
    """At most one of twenty experiments says that something does, one of fifty is stopped: `make trials` makes more."""
    made = [trial(seed) for seed in range(100)]

    assert sum(one.is_alarm for one in made) <= 0.05 * len(made)
    assert sum(one.harmful is not None for one in made) <= 0.02 * len(made)
