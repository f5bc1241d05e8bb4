"""What is trained on and what is tested with."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from teaching.splits import LEAST_PEOPLE, Components, Drawn, Split, split_of, without_repeats
from tests import examples

MEMBERS = st.sampled_from("abcdefgh")


def entry(prompt: str, pair: str, number: int, split: Split) -> Drawn:
    """An example, the newer the higher its number."""
    return Drawn(prompt=prompt, pair=pair, before=-number, id=str(number), split=split, line="")


def ids(*entries: Drawn) -> list[str]:
    """Those that are left, in the order of their ids."""
    return sorted(entry.id for entry in without_repeats(sorted(entries)))


@examples(100)
@given(st.lists(st.sets(MEMBERS, min_size=1), max_size=8), st.randoms())
def test_what_hangs_together_has_one_root_in_any_order(groups: list[set[str]], random: Random) -> None:
    """Members of one example share a root, through others too; those that nothing joins do not."""
    components, again = Components(), Components()
    for group in groups:
        components.join(group)
    for group in sorted(groups, key=lambda _: random.random()):
        again.join(group)
    assert {member: components.root(member) for member in "abcdefgh"} == {
        member: again.root(member) for member in "abcdefgh"
    }
    for member in "abcdefgh":
        reached, grown = {member}, set[str]()
        while grown != reached:
            grown, reached = reached, reached.union(*(group for group in groups if group & reached))
        assert {other for other in "abcdefgh" if components.root(other) == components.root(member)} == reached


def test_a_tenth_of_what_does_not_hang_together_is_the_test() -> None:
    """By a key, so the same each time, and with another key others."""
    drawn = [split_of(str(number), "key", LEAST_PEOPLE) for number in range(2_000)]
    assert 150 < drawn.count("test") < 250
    assert drawn == [split_of(str(number), "key", LEAST_PEOPLE) for number in range(2_000)]
    assert drawn != [split_of(str(number), "other", LEAST_PEOPLE) for number in range(2_000)]


def test_what_most_hang_together_in_is_trained_on() -> None:
    """In one large group it would be chance whether there is anything to train on at all."""
    components = Components()
    components.join(["the group", *map(str, range(60))])
    for number in range(60, 100):
        components.join([str(number)])
    drawn = {key: [components.split(str(number), key, 100) for number in range(100)] for key in map(str, range(50))}
    assert {split for each in drawn.values() for split in each[:60]} == {"train"}
    assert {split for each in drawn.values() for split in each[60:]} == {"train", "test"}
    components.join(["another group", *map(str, range(60, 100)), *map(str, range(1000, 1020))])
    assert {components.split("the group", key, 100) for key in map(str, range(50))} == {"train", "test"}


def test_few_people_are_no_test() -> None:
    """It would tell of one or two of them."""
    assert {split_of(str(number), "key", LEAST_PEOPLE - 1) for number in range(500)} == {"train"}


def test_of_the_same_pair_the_newest_stays() -> None:
    """Whoever's it was, and in whichever half."""
    same = [entry("p", "x", 1, "train"), entry("p", "x", 3, "train"), entry("p", "x", 2, "test")]
    assert ids(*same, entry("p", "y", 0, "train")) == ["0", "3"]


def test_a_prompt_that_is_trained_on_is_not_tested_with() -> None:
    """Wherever in the order it stands; a prompt of the test alone stays there."""
    for trained in ("a", "z"):
        assert ids(entry("p", "m", 1, "test"), entry("p", trained, 2, "train"), entry("q", "m", 3, "test")) == [
            "2",
            "3",
        ]
    assert ids(entry("p", "a", 1, "test"), entry("p", "b", 2, "test")) == ["1", "2"]
