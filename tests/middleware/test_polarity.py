"""The polarity of reactions."""

import pytest
from telegram.constants import ReactionEmoji

from middleware.polarity import GROUPS, STANDARD, PolarityTable, parse_overrides


def test_the_table_holds_every_standard_reaction_and_nothing_else() -> None:
    """A reaction that Telegram adds some day fails here until somebody decides what it means."""
    assert set(STANDARD) == {reaction.value.replace("\ufe0f", "") for reaction in ReactionEmoji}
    assert len(STANDARD) == len(ReactionEmoji) == 73


def test_no_reaction_stands_in_two_groups() -> None:
    """What an emoji means does not depend on which group is read last."""
    assert sum(len(group.split()) for _, group in GROUPS) == len(STANDARD)


@pytest.mark.parametrize("emoji", ["👍", "💯", "🔥", "❤", "👏", "🎉", "🏆", "🙏"])
def test_approval_is_positive(emoji: str) -> None:
    """Emoji that thank, praise or agree count for the answer."""
    assert PolarityTable().of(emoji) == "positive"


@pytest.mark.parametrize("emoji", ["👎", "💩", "🤮", "🤬", "😡", "🖕", "🤡", "🥱", "💔"])
def test_disapproval_is_negative(emoji: str) -> None:
    """Emoji that reject, mock or are bored count against the answer."""
    assert PolarityTable().of(emoji) == "negative"


@pytest.mark.parametrize("emoji", ["😭", "😢", "🤯", "😱", "🤔", "👀", "🤷", "🤣", "🍌", "", "x", "⏳"])
def test_all_else_is_neutral(emoji: str) -> None:
    """Surprise, sorrow, laughter and what is no reaction count neither way."""
    assert PolarityTable().of(emoji) == "neutral"


@pytest.mark.parametrize("reaction", list(ReactionEmoji))
def test_the_variation_selector_changes_nothing(reaction: ReactionEmoji) -> None:
    """Telegram sends ❤ with and without it; both mean the same."""
    plain = reaction.value.replace("\ufe0f", "")
    assert PolarityTable().of(reaction.value) == PolarityTable().of(f"{plain}\ufe0f") == STANDARD[plain]


def test_overrides_come_first_and_leave_the_rest() -> None:
    """An owner may change single emoji, and name new ones, however they are spaced or cased."""
    table = PolarityTable(parse_overrides(" 🤡 = neutral , 👀=Positive, ❤️=negative,🧪=positive,"))
    found = {emoji: table.of(emoji) for emoji in "🤡👀❤🧪👍"}
    assert found == {"🤡": "neutral", "👀": "positive", "❤": "negative", "🧪": "positive", "👍": "positive"}
    assert table.of("❤️") == "negative"


@pytest.mark.parametrize("text", ["", " ", ","])
def test_no_overrides_are_an_empty_table(text: str) -> None:
    """An unset or blank setting changes nothing."""
    assert parse_overrides(text) == {}


@pytest.mark.parametrize(
    "entry", ["👍", "👍=", "=positive", "👍=good", "👍=positive=negative", "heart=positive", "️=neutral"]
)
def test_a_wrong_entry_is_named_with_what_is_allowed(entry: str) -> None:
    """The error quotes the one entry that is wrong, and says which words are right."""
    with pytest.raises(ValueError, match="positive, negative, neutral") as raised:
        parse_overrides(f"🔥=neutral,{entry}")
    assert f'"{entry}"' in str(raised.value)
    assert "🔥" not in str(raised.value)
