"""A message as the model reads it: an object of JSON on a line of its own, which nothing in it can break out of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.responders.model.tokens import count, encode, head
from middleware.turn import Incoming, Turn
from storage.tables.messages import Message

Fields = dict[str, Any]

CUT = "This was too long: {left} more characters are left out here."
NOTE_TOKENS = 40
"""The tokens that that note may have."""
UNKNOWN_REPLY = "What this replies to is not known here."
BEGINNING = 80
"""Characters by which a message that stands above is found again."""
HIDDEN = ("fileId", "uniqueId", "album")
"""The fields of a reference to an attachment that are for Telegram only."""


class Names:
    """Who wrote an earlier message. Names are not stored: in groups, others are told apart by numbers."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._others: dict[str | None, str] = {}

    def of(self, stored: Message) -> Fields:
        """`yours` for what we wrote; for people the field `from`, in groups only."""
        if stored.role == "assistant":
            return {"yours": True}
        if self._turn.place.is_private:
            return {}
        if stored.user_id == self._turn.user_id:
            return {"from": self._turn.user_name}
        return {"from": self._others.setdefault(stored.user_id, f"person {len(self._others) + 2}")}


def of_incoming(incoming: Incoming, name: str) -> Fields:
    """All of a message that was written just now but its text."""
    fields: Fields = {"from": name} if name else {}
    if incoming.forwarded:
        fields["forwarded"] = True
    return fields | _attached(incoming.kind, incoming.attachment)


def of_stored(stored: Message, names: Names) -> Fields:
    """All of an earlier one but its text."""
    return names.of(stored) | _attached(stored.kind, stored.attachment)


def replied(turn: Turn, names: Names, limit: int) -> Fields:
    """What the turn replies to, as a field of its first line, in so many tokens; no field where it replies to nothing.

    Of a message whose words are erased, or that is not stored, only that it is not known.
    """
    if turn.place.replied_id is None or turn.place.replied_id in {own.telegram_message_id for own in turn.messages}:
        return {}
    stored = turn.context.replied
    if stored is None or not stored.is_kept:
        return {"reply_to": {"note": UNKNOWN_REPLY}}
    return {"reply_to": cut(of_stored(stored, names), stored.text, limit)}


def pointing_to(stored: Message, names: Names) -> Fields:
    """The same field where that message stands above: its first words."""
    text = stored.text if len(stored.text) <= BEGINNING else f"{stored.text[:BEGINNING].rstrip()}…"
    return {"reply_to": {**of_stored(stored, names), "text": text}}


def note(said: str) -> str:
    """A line of which nobody has written anything."""
    return encode({"text": "", "note": said})


def cut(about: Fields, text: str, limit: int) -> Fields:
    """A message's object, its text cut to a limit in tokens, with a note that says so."""
    whole = {**about, "text": text}
    if count(encode(whole)) <= limit:
        return whole
    room = limit - count(encode({**about, "text": "", "note": CUT.format(left=len(text))}))
    kept = head(text, max(0, room))
    notes = " ".join(filter(None, [about.get("note"), CUT.format(left=len(text) - len(kept))]))
    return {**about, "text": kept, "note": notes}


def _attached(kind: str, reference: Mapping[str, Any] | None) -> Fields:
    if reference is None:
        return {}
    told = {name: value for name, value in reference.items() if name not in HIDDEN}
    if isinstance(size := told.get("size"), int):
        told["size"] = f"{max(1, round(size / 1000))} kB"
    return {"attachments": [{"kind": kind.replace("_", " "), **told}]}
