"""All that a message says, as one labelled line within a limit: its text, what it carries, and its parts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from middleware.incoming import Incoming
from storage.parts import Part
from storage.tables.message_parts import MessageParts
from storage.tables.messages import Message

CUT = "This was too long: {left} more characters are left out here."
FEWER = "{left} more parts are left out."
HIDDEN = ("fileId", "uniqueId", "album")
"""The fields of a reference to an attachment that are for Telegram only."""
_LABELS = ("kind", "type", "mimeType", "size")
"""What stands in an attachment, and is nobody's words."""


class Sayable(Protocol):
    """A message, of now or of then."""

    @property
    def kind(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def attachment(self) -> Mapping[str, Any] | None: ...
    @property
    def parts(self) -> tuple[Part, ...]: ...


def said(
    message: Sayable, *, limit: int, size: Callable[[str], int] = len, about: Mapping[str, Any] | None = None
) -> str:
    """A message as one line of JSON: the keys are ours, and whatever anybody wrote stands in the values.

    So nothing that was typed can look like a label. First comes what is told `about` it, then `parts` and
    `attachments`, each with its `kind`, then `text`. The line has at most `limit` characters, or whatever `size`
    counts. What is too long is cut evenly: each text keeps the same number of characters, as many as there is room
    for, and is whole where it has no more; `note` says how much of `text` is missing, `left_out` how much of a part.
    Only where even the labels are too many, parts are left out, from the last on, which `note` says too; that note
    alone is written in any case.
    """
    told = _Line(message, about or {})
    whole_line = told.written(told.longest)
    if size(whole_line) <= limit:
        return whole_line
    parts = len(told.parts)
    while parts > 0 and size(told.written(0, parts)) > limit:
        parts -= 1
    low, high = 0, told.longest
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(told.written(middle, parts)) <= limit else (low, middle - 1)
    return told.written(low, parts)


def one_line(value: Any) -> str:
    """JSON in one line, whatever the texts in it hold: no character in it ends a line."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for ending in ("\x85", "\u2028", "\u2029"):
        if ending in written:
            written = written.replace(ending, f"\\u{ord(ending):04x}")
    return written


async def whole(stored: MessageParts, messages: Sequence[Message]) -> list[Message]:
    """Messages of one session with their parts."""
    ids = [message.telegram_message_id for message in messages if message.role == "user"]
    if not (asked := [number for number in ids if number is not None]):
        return list(messages)
    parts = await stored.of(messages[0].session_id, asked)
    return [replace(message, parts=parts.get(message.telegram_message_id or 0, ())) for message in messages]


def as_said(message: Message, *, addressed: bool = False) -> Incoming:
    """A stored message as it was said; whether it was meant for us is not stored."""
    return Incoming(
        telegram_message_id=message.telegram_message_id or 0,
        kind=message.kind,
        text=message.text,
        attachment=message.attachment,
        parts=message.parts,
        addressed=addressed,
    )


class _Line:
    """One message, to be written with texts of any length."""

    def __init__(self, message: Sayable, about: Mapping[str, Any]) -> None:
        self._about = {key: value for key, value in about.items() if key != "note"}
        self._note = about.get("note", "")
        self._text = message.text
        self.parts: list[tuple[str, Mapping[str, Any]]] = [
            ("parts", {"kind": part.kind, **_shown(part.content)}) for part in message.parts
        ]
        if message.attachment is not None:
            self.parts.append(("attachments", _shown({"kind": message.kind, **message.attachment})))
        self.longest = max(map(len, (self._text, *_texts([content for _, content in self.parts]))))

    def written(self, cap: int, parts: int | None = None) -> str:
        """With at most so many characters of each text, and so many of the parts."""
        told: dict[str, Any] = dict(self._about)
        for label, content in self.parts[:parts]:
            cut, missing = _cut(content, cap)
            told.setdefault(label, []).append({**cut, **({"left_out": missing} if missing else {})})
        notes = [self._note]
        if len(self._text) > cap:
            notes.append(CUT.format(left=len(self._text) - cap))
        if parts is not None and parts < len(self.parts):
            notes.append(FEWER.format(left=len(self.parts) - parts))
        told["text"] = self._text[:cap]
        if note := " ".join(filter(None, notes)):
            told["note"] = note
        return one_line(told)


def _shown(content: Mapping[str, Any]) -> dict[str, Any]:
    """What is for people, of a part or an attachment."""
    told = {name: value for name, value in content.items() if name not in HIDDEN}
    if isinstance(size := told.get("size"), int):
        told["size"] = f"{max(1, round(size / 1000))} kB"
    if isinstance(kind := told.get("kind"), str):
        told["kind"] = kind.replace("_", " ")
    return {name: _shown(value) if isinstance(value, Mapping) else value for name, value in told.items()}


def _texts(value: Any) -> Iterator[str]:
    """All that somebody may have written."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in _LABELS:
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _cut(value: Any, cap: int) -> tuple[Any, int]:
    """The same with at most so many characters of each text in it, and how many are missing."""
    if isinstance(value, str):
        return value[:cap], max(0, len(value) - cap)
    if isinstance(value, list):
        pieces = [_cut(inner, cap) for inner in value]
        return [piece for piece, _ in pieces], sum(missing for _, missing in pieces)
    if isinstance(value, Mapping):
        named = {name: (inner, 0) if name in _LABELS else _cut(inner, cap) for name, inner in value.items()}
        return {name: piece for name, (piece, _) in named.items()}, sum(missing for _, missing in named.values())
    return value, 0
