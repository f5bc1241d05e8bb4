"""The polarity of reactions."""

import pytest
from telegram.constants import ReactionEmoji

from middleware.polarity import STANDARD, PolarityTable, parse_overrides


def test_the_table_holds_every_standard_reaction_and_nothing_else() -> None:
    assert set(STANDARD) == {reaction.value.replace("\ufe0f", "") for reaction in ReactionEmoji}
    assert len(STANDARD) == len(ReactionEmoji) == 73


def test_no_reaction_stands_in_two_groups() -> None:
    from middleware.polarity import _GROUPS

    assert sum(len(group.split()) for _, group in _GROUPS) == len(STANDARD)


@pytest.mark.parametrize("emoji", ["👍", "💯", "🔥", "❤", "👏", "🎉", "🏆", "🙏"])
def test_approval_is_positive(emoji: str) -> None:
    assert PolarityTable().of(emoji) == "positive"


@pytest.mark.parametrize("emoji", ["👎", "💩", "🤮", "🤬", "😡", "🖕", "🤡", "🥱", "💔"])
def test_disapproval_is_negative(emoji: str) -> None:
    assert PolarityTable().of(emoji) == "negative"


@pytest.mark.parametrize("emoji", ["😭", "😢", "🤯", "😱", "🤔", "👀", "🤷", "🤣", "🍌", "", "x", "⏳"])
def test_all_else_is_neutral(emoji: str) -> None:
    assert PolarityTable().of(emoji) == "neutral"


@pytest.mark.parametrize("reaction", list(ReactionEmoji))
def test_the_variation_selector_changes_nothing(reaction: ReactionEmoji) -> None:
    plain = reaction.value.replace("\ufe0f", "")
    assert PolarityTable().of(reaction.value) == PolarityTable().of(f"{plain}\ufe0f") == STANDARD[plain]


def test_overrides_come_first_and_leave_the_rest() -> None:
    table = PolarityTable(parse_overrides(" 🤡 = neutral , 👀=Positive, ❤️=negative,🧪=positive,"))
    found = {emoji: table.of(emoji) for emoji in "🤡👀❤🧪👍"}
    assert found == {"🤡": "neutral", "👀": "positive", "❤": "negative", "🧪": "positive", "👍": "positive"}
    assert table.of("❤️") == "negative"


@pytest.mark.parametrize("text", ["", " ", ","])
def test_no_overrides_are_an_empty_table(text: str) -> None:
    assert parse_overrides(text) == {}


@pytest.mark.parametrize(
    "entry", ["👍", "👍=", "=positive", "👍=good", "👍=positive=negative", "heart=positive", "️=neutral"]
)
def test_a_wrong_entry_is_named_with_what_is_allowed(entry: str) -> None:
    with pytest.raises(ValueError, match="positive, negative, neutral") as raised:
        parse_overrides(f"🔥=neutral,{entry}")
    assert f'"{entry}"' in str(raised.value)
    assert "🔥" not in str(raised.value)
