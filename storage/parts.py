"""The parts of a message: what belongs to it besides its text, often another's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REPLIED_TO, EXTERNAL_REPLY, STORY = "replied_to", "external_reply", "replied_to_story"
"""What a message replies to: in its own chat, in another chat, or a story."""
REPLIED_CONTACT = "replied_contact"
"""Somebody's number in there."""
QUOTE = "quote"
"""The words of that which are meant."""
FORWARDED = "forwarded"
"""Whose the whole message was first: then its text and its attachment are theirs."""
CONTACT, LINK, MENTION = "contact", "link", "mention"
"""Somebody's number, the address behind words of the text, and who is meant by words of it."""
OTHERS = (REPLIED_TO, EXTERNAL_REPLY, STORY, REPLIED_CONTACT, QUOTE, FORWARDED)
"""What an edit of the message cannot change."""
KINDS = (*OTHERS, CONTACT, LINK, MENTION)
"""All of them, in the order in which they are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a message. `kind` is one of KINDS, `content` JSON by names of ours.

    `author_id` is the user id of whose words or data it is; '' where nobody knows, and for the writer's own.
    """

    kind: str
    author_id: str = ""
    content: Mapping[str, Any]
