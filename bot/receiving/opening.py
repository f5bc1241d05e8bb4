"""How a text begins: whom it names in front, which changes nothing of what it means, and the command behind that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from bot.receiving.forms import EntityForm
from middleware.incoming import BETWEEN

_TOLD = ("mention", "text_mention", "bot_command")
_BETWEEN = re.compile(BETWEEN)
"""What may stand behind a name."""


class Mention(Struct, frozen=True, gc=False):
    """Somebody named in a text: by a name with an @, in lower case, or by the id of who has none."""

    username: str = ""
    user_id: int | None = None


class Opening(Struct, frozen=True, gc=False):
    """A text in two: `lead` names somebody, or is empty; `rest` is what is meant. `command` begins it, or is empty."""

    lead: str
    rest: str
    command: str = ""


NO_OPENING = Opening("", "")


def opening_of(text: str, entities: Sequence[EntityForm]) -> Opening:
    """By what Telegram marks, whose offsets count UTF-16 units."""
    marked = {entity.offset: entity for entity in entities if entity.type in _TOLD and (entity.length or 0) > 0}
    position, rest = 0, text
    while (entity := marked.pop(position, None)) is not None and entity.type != "bot_command":
        named = _part(rest, 0, entity.length)
        rest = rest[len(named) :]
        between = _BETWEEN.match(rest)[0]  # type: ignore[index]
        rest = rest[len(between) :]
        position += _length(named) + len(between)
    lead = text[: len(text) - len(rest)]
    return Opening(lead, rest, "" if entity is None else _part(rest, 0, entity.length))


def mentions_in(text: str, entities: Sequence[EntityForm]) -> Iterator[Mention]:
    """Who is named in a text, wherever."""
    for entity in entities:
        if entity.type == "mention":
            yield Mention(username=_part(text, entity.offset, entity.length).removeprefix("@").lower())
        elif entity.type == "text_mention" and entity.user is not None:
            yield Mention(user_id=entity.user.id)


def _part(text: str, offset: int | None, length: int | None) -> str:
    """By UTF-16 units; of one cut in two, what is left of it."""
    start = max(0, offset or 0)
    units = text.encode("utf-16-le", "surrogatepass")
    return units[2 * start : 2 * (start + max(0, length or 0))].decode("utf-16-le", "surrogatepass")


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
