"""What comes in: a message, reactions, a press, as a turn is told of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import Struct

from storage.parts import FORWARDED, Part

BETWEEN = r"[\s,.:;!–—-]*"
"""What may stand between mentions in front and what is meant, as an expression."""
_COMMAND = re.compile(rf"\s*(?:@\w+{BETWEEN})*/[A-Za-z0-9_]{{1,64}}(?![A-Za-z0-9_])")


def was_command(text: str) -> bool:
    """True for the text of a message that was a command, mentions in front or not: nobody keeps what marks it."""
    return _COMMAND.match(text) is not None


class Invocation(Struct, frozen=True, gc=False):
    """A command as written: name without slash, the rest as its argument."""

    name: str
    argument: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A message as a person sent it. `attachment` is what it carries: of a file the reference, else what that says.

    `parts` are what belongs to it besides, with whose it is: middleware/said.py tells all of it together.
    """

    telegram_message_id: int
    kind: str
    text: str
    lead: str = ""
    """What the text begins with that only says whom it is for; it changes nothing of what is meant."""
    command: Invocation | None = None
    """The command for us that it is, run or not."""
    attachment: Mapping[str, Any] | None = None
    parts: tuple[Part, ...] = ()
    edit_date: int | None = None
    """When it was edited, in Telegram's seconds."""
    addressed: bool = True
    """True if it is meant for us: always in private, in groups when mentioned, replied to or commanded."""

    def is_older_than(self, edit_date: int | None) -> bool:
        """True if this is an edit, and what is known of the message is a later one's, of this date."""
        return self.edit_date is not None and edit_date is not None and self.edit_date < edit_date

    @property
    def request(self) -> str:
        """The text without the mentions in front."""
        return self.text.removeprefix(self.lead).strip()

    @property
    def forwarded(self) -> bool:
        """True if somebody else wrote it first."""
        return any(part.kind == FORWARDED for part in self.parts)


class ReactionChange(Struct, frozen=True, kw_only=True, gc=False):
    """One difference in a message's reactions. `custom_emoji_id` is set where the emoji is not a standard one."""

    event_type: Literal["reaction_added", "reaction_removed"]
    emoji: str | None = None
    custom_emoji_id: str | None = None
    paid: bool = False
    unknown_type: str | None = None


class ReactionCount(Struct, frozen=True, gc=False):
    """The number of those who have reacted with an emoji, where Telegram does not say who."""

    emoji: str
    count: int


class Reactions(Struct, frozen=True, kw_only=True, gc=False):
    """The changes on one message, and by whom (`chat:<id>` for an anonymous actor, None for mere totals)."""

    telegram_message_id: int
    actor: str | None
    date: int | None = None
    """When it happened, in Telegram's seconds."""
    changes: tuple[ReactionChange, ...] = ()
    totals: tuple[ReactionCount, ...] | None = None


class Press(Struct, frozen=True, kw_only=True, gc=False):
    """A press of an inline button under the message with this id, None when Telegram no longer shows it."""

    query_id: str
    telegram_message_id: int | None
    data: str
    is_inline: bool = False
    """True if that message was sent through the bot's inline mode, so that nobody knows where it is."""
