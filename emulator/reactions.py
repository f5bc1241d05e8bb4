"""The standard reactions, and reactions as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from .errors import bad_request
from .people import Json

# Without variation selectors. All but four are one code point each.
STANDARD = frozenset(
    "👍👎❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡🥱🥴😍🐳🌚🌭💯🤣⚡🍌🏆💔🤨😐"
    "🍓🍾💋🖕😈😴😭🤓👻👀🎃🙈😇😨🤝✍🤗🫡🎅🎄☃💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾🤷😡"
) | {"❤‍🔥", "👨‍💻", "🤷‍♂", "🤷‍♀"}
VARIATION_SELECTOR = "\ufe0f"


def typed(reaction: str | Json) -> Json:
    """The ReactionType object of an emoji; objects pass as they are, hostile ones too."""
    return {"type": "emoji", "emoji": reaction} if isinstance(reaction, str) else reaction


def checked(reactions: list[Json]) -> list[Json]:
    """The reactions a bot may set. Errors: REACTIONS_TOO_MANY, REACTION_INVALID."""
    if len(reactions) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    for reaction in reactions:
        emoji = reaction.get("emoji") if isinstance(reaction, dict) else None
        if not isinstance(emoji, str) or reaction.get("type") != "emoji":
            raise bad_request("REACTION_INVALID")
        if emoji.replace(VARIATION_SELECTOR, "") not in STANDARD:
            raise bad_request("REACTION_INVALID")
    return reactions


def counted(held: Collection[list[Json]]) -> list[Json]:
    """ReactionCount objects of all that is held on one message, the most frequent first."""
    kinds = {repr(reaction): reaction for reactions in held for reaction in reactions}
    totals = Counter(repr(reaction) for reactions in held for reaction in reactions)
    return [{"type": kinds[key], "total_count": total} for key, total in totals.most_common()]
