"""Lines as the model reads them: whose an earlier message is, what a message replies to, what we say ourselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from bot.responders.model.tokens import encode
from middleware.incoming import Incoming
from middleware.turn import Turn
from storage.parts import REPLIED_TO, Part
from storage.tables.messages import Message

BEGINNING = 80
"""Characters by which a message that stands above is found again."""
_Written = TypeVar("_Written", Incoming, Message)


class Names:
    """Who wrote an earlier message. Names are not stored: in groups, others are told apart by numbers."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._others: dict[str | None, str] = {}

    def of(self, stored: Message) -> dict[str, Any]:
        """`yours` for what we wrote; for people the field `from`, in groups only."""
        if stored.role == "assistant":
            return {"yours": True}
        if self._turn.place.is_private:
            return {}
        if stored.user_id == self._turn.user_id:
            return {"from": self._turn.user_name}
        return {"from": self._others.setdefault(stored.user_id, f"person {len(self._others) + 2}")}


def replying(message: Incoming, replied: Message | None, names: Names) -> Incoming:
    """A message with what it replies to: as Telegram has told it, else as it is stored, else that it is `unknown`."""
    if any(part.kind == REPLIED_TO for part in message.parts):
        return message
    if replied is None or not replied.is_kept:
        return _with_replied(message, {"unknown": True})
    carried = {} if replied.attachment is None else {"attachment": {"kind": replied.kind, **replied.attachment}}
    return _with_replied(message, {**names.of(replied), "text": replied.text, **carried})


def pointing(message: _Written, above: Message, names: Names) -> _Written:
    """The same where that stands above: its first words."""
    text = above.text if len(above.text) <= BEGINNING else f"{above.text[:BEGINNING].rstrip()}…"
    kind = {} if above.attachment is None else {"attachment": {"kind": above.kind}}
    return _with_replied(message, {**names.of(above), "above": True, **({"text": text} if text else {}), **kind})


def note(said: str) -> str:
    """A line of which nobody has written anything."""
    return encode({"text": "", "note": said})


def _with_replied(message: _Written, content: Mapping[str, Any]) -> _Written:
    others: list[Part] = [part for part in message.parts if part.kind != REPLIED_TO]
    return replace(message, parts=(Part(kind=REPLIED_TO, content=content), *others))
