"""Refusals of a call by Telegram (400), by what it says, and what is done about each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace
from telegram.error import TelegramError

from middleware.replies.parts import InMessages, in_messages
from storage.payloads import AboutSent, EditMessageText, Payload, Said, SendDocument, UnknownPayload

# Nothing is left to do.
_DONE = ("message is not modified", "query is too old", "query_id_invalid")
# The message that a call is about cannot be used any more.
_GONE = (
    "message to edit not found",
    "message can't be edited",
    "no text in the message to edit",
    "message to delete not found",
    "message can't be deleted",
    "message_id_invalid",
)
# The chat takes no files, or not this one.
_NO_FILES = ("document", "docs", "file", "media", "caption")
# What else is said, and what the call is made without.
_WITHOUT: Mapping[str, Mapping[str, Any]] = {
    "message to be replied not found": {"reply_to": None},
    "reply message not found": {"reply_to": None},
    "replied message not found": {"reply_to": None},
    "message thread not found": {"topic_id": None},
    "topic_closed": {"topic_id": None},
    "entit": {"entities": ()},
}


# What is quoted may be a person's words.
_QUOTED = re.compile(r"[\"“«].*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Done:
    """It is so already, or nobody waits for it any more."""


@dataclass(frozen=True, slots=True)
class Instead:
    """Another call may succeed."""

    payload: Payload


@dataclass(frozen=True, slots=True)
class Final:
    """No try can succeed."""


def named(error: TelegramError) -> str:
    """Telegram's name of a refusal, without what it quotes of the call."""
    return _QUOTED.sub("…", str(error))[:200]


def judge(payload: Payload | UnknownPayload, description: str) -> Done | Instead | InMessages | Final:
    """The consequence of a refusal of this call with this description."""
    said = description.lower()
    if any(text in said for text in _DONE):
        return Done()
    if isinstance(payload, AboutSent) and any(text in said for text in _GONE):
        return Instead(payload.as_message()) if isinstance(payload, EditMessageText) else Done()
    unwanted = next((part for text, part in _WITHOUT.items() if text in said), {})
    rest = replace(payload, **unwanted) if isinstance(payload, Said) else payload
    if not isinstance(rest, UnknownPayload) and rest != payload:
        return Instead(rest)
    if isinstance(payload, SendDocument) and payload.parts and any(text in said for text in _NO_FILES):
        return in_messages(payload)
    return Final()
