"""A unit's variant is worked out, not kept: the same each time, as the weights have it, and by nothing else."""

from __future__ import annotations

from collections import Counter

import pytest

from teaching.assignment import UnitKind, Variant, assigned, unit_of
from teaching.verdicts import LOPSIDED, chi_square_p

VARIANTS = (Variant(name="control", weight=50), Variant(name="short", weight=30), Variant(name="long", weight=20))
UNITS = 10_000
DAY_MS = 86_400_000


def test_ten_thousand_units_are_shared_out_as_the_weights_have_it() -> None:
    """Chance gives such counts often enough: no unit is likelier to get a variant than its weight."""
    counts = Counter(assigned("terse", "salt", f"telegram:chat:{number}", VARIANTS).name for number in range(UNITS))

    assert chi_square_p([counts[one.name] for one in VARIANTS], [one.weight for one in VARIANTS]) > LOPSIDED


@pytest.mark.parametrize(("other", "salt"), [("terse", "another"), ("another", "salt")])
def test_two_experiments_share_out_people_independently(other: str, salt: str) -> None:
    """Who has the control of one has each variant of the other as often as anybody: no group is always tried."""
    had = [f"telegram:chat:{number}" for number in range(UNITS)]
    controls = [unit for unit in had if assigned("terse", "salt", unit, VARIANTS).name == "control"]
    counts = Counter(assigned(other, salt, unit, VARIANTS).name for unit in controls)

    assert chi_square_p([counts[one.name] for one in VARIANTS], [one.weight for one in VARIANTS]) > LOPSIDED


def test_who_has_what_is_fixed_for_ever() -> None:
    """Whoever asks, whenever: nothing is kept that could be lost, and a new version goes on with an old experiment."""
    names = [assigned("terse", "0123abcd", f"telegram:chat:{number}", VARIANTS).name for number in range(1, 9)]

    assert names == ["control", "short", "long", "control", "control", "short", "long", "control"]


def test_without_weights_nothing_can_be_given() -> None:
    """An error, rather than somebody's guess."""
    with pytest.raises(ValueError, match="weight above 0"):
        assigned("terse", "salt", "unit", ())


def test_a_unit_is_a_private_chat_or_a_group_a_topic_or_a_day() -> None:
    """A group counts as one; a topic of a forum only where conversations are asked for; days are those of UTC."""

    def unit(kind: UnitKind) -> str:
        return unit_of(kind, chat="telegram:chat:-1001", conversation="topic:-1001:7", at_ms=20_000 * DAY_MS - 1)

    assert unit("person") == "telegram:chat:-1001"
    assert unit("conversation") == "topic:-1001:7"
    assert unit("day") == "2024-10-03"
