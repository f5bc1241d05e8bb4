"""The polarity of reactions: one table over Telegram's standard ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import get_args

from teaching.ratings import Polarity

_ALLOWED: Mapping[str, Polarity] = {name: name for name in get_args(Polarity)}
_VARIATION_SELECTOR = "\ufe0f"

# Doubt, surprise or sympathy is no judgement; what could as well be kind as cross stays neutral.
GROUPS: tuple[tuple[Polarity, str], ...] = (
    # Approval in so many words: well done, agreed, understood, cool.
    ("positive", "👍 👌 👏 💯 🔥 ⚡ 🏆 🤝 🫡 🆒 😎"),
    # Affection, for the message or for who wrote it.
    ("positive", "❤ ❤‍🔥 🥰 😍 🤩 😘 💋 💘 🤗"),
    # Thanks, joy and celebration.
    ("positive", "🙏 😁 🎉 🍾"),
    # Rejection, disgust, insult and anger.
    ("negative", "👎 💩 🤮 🖕 🤬 😡"),
    # Ridicule, boredom and disappointment: none of them is said of an answer that helped.
    ("negative", "🤡 🥱 💔"),
    # Laughter and mischief: with the message or at it.
    ("neutral", "🤣 🤪 😈 🥴 🤓 💅 🗿 🌚"),
    # Sadness, fear and amazement: mostly about the news, not about the message that brings it.
    ("neutral", "😢 😭 😨 😱 🤯"),
    # Doubt and indifference: a question rather than a verdict. Sleep may just be a good night.
    ("neutral", "🤔 🤨 😐 😴 🤷 🤷‍♂ 🤷‍♀"),
    # Witnesses and work in hand, which also serve as status.
    ("neutral", "👀 ✍ 👨‍💻 🙈 🙉 🙊"),
    # Seasons, beings, food and things that mean what the people of a chat agree on.
    ("neutral", "🎃 👻 🎅 🎄 ☃ 🕊 😇 🐳 🦄 👾 🌭 🍌 🍓 💊"),
)

STANDARD: Mapping[str, Polarity] = MappingProxyType(
    {emoji: polarity for polarity, group in GROUPS for emoji in group.split()}
)
"""Every standard reaction, keyed without U+FE0F."""


@dataclass(frozen=True, slots=True)
class PolarityTable:
    """The standard polarities with those that the operator sets instead."""

    overrides: Mapping[str, Polarity] = field(default_factory=dict)

    def of(self, emoji: str) -> Polarity:
        """Return the polarity of an emoji, whatever its U+FE0F; neutral where it is unknown."""
        plain = _plain(emoji)
        return self.overrides.get(plain) or STANDARD.get(plain, "neutral")


def parse_overrides(text: str) -> dict[str, Polarity]:
    """Read entries like "🤡=negative,👀=positive"; raises ValueError with the entry and what is allowed."""
    overrides: dict[str, Polarity] = {}
    for entry in filter(None, map(str.strip, text.split(","))):
        emoji, _, name = map(str.strip, entry.partition("="))
        polarity = _ALLOWED.get(name.lower())
        # An ASCII name such as "heart" would never match a reaction, and nobody would notice.
        if polarity is None or not _plain(emoji) or emoji.isascii():
            allowed = ", ".join(_ALLOWED)
            raise ValueError(f'"{entry}" is not an emoji, "=" and one of {allowed}, such as "🤡=negative"')
        overrides[_plain(emoji)] = polarity
    return overrides


def _plain(emoji: str) -> str:
    return emoji.replace(_VARIATION_SELECTOR, "")
