"""The calls of the delivery queue: a type for each Bot API method. Their JSON is stored, so its keys never change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from msgspec import Struct

from storage.errors import PayloadUnreadable, StorageError
from storage.json_text import read_value

Json = dict[str, Any]
T = TypeVar("T", str, int)

DATA_LIMIT = 64
"""Bytes of a button's data, says Telegram."""


_WORDS = "'$.text', '$.entities', '$.buttons', '$.name', '$.content'"
# Another program may have left what is no JSON.
WITHOUT_WORDS = f"CASE WHEN json_valid(payload) THEN CAST(json_remove(payload, {_WORDS}) AS TEXT) ELSE payload END"
"""As SQL: the payload without what it says, which nobody needs of a call that was made."""


class DataTooLong(StorageError, ValueError):
    """A button's data has more than 64 bytes, which Telegram refuses."""


@dataclass(frozen=True, slots=True)
class Button:
    """An inline button; raises DataTooLong where what comes back when it is pressed has more than 64 bytes."""

    text: str
    data: str

    def __post_init__(self) -> None:
        if len(self.data.encode()) > DATA_LIMIT:
            raise DataTooLong


Buttons = tuple[tuple[Button, ...], ...]
"""Rows of them, from above."""


class Entity(Struct, frozen=True, gc=False):
    """A formatted stretch: `offset` and `length` in UTF-16 units, the type and the rest as the Bot API names them."""

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None

    def to_json(self) -> Json:
        """As the Bot API takes it."""
        more = {"url": self.url, "language": self.language}
        return {"type": self.type, "offset": self.offset, "length": self.length} | {
            name: value for name, value in more.items() if value is not None
        }


class Said(Struct, frozen=True, kw_only=True, gc=False):
    """A message's text, and how it goes out. `reply_to` is a Telegram id, `silent` sends without a notification."""

    method: ClassVar[str]
    text: str
    entities: tuple[Entity, ...] = ()
    buttons: Buttons = ()
    topic_id: int | None = None
    reply_to: int | None = None
    silent: bool = False

    def to_json(self) -> Json:
        """The row's JSON; what is not there has no key."""
        optional = {
            "entities": [entity.to_json() for entity in self.entities],
            "buttons": [[[button.text, button.data] for button in row] for row in self.buttons],
            "silent": self.silent,
        }
        numbers = {"topicId": self.topic_id, "replyTo": self.reply_to}
        return {
            "method": self.method,
            "text": self.text,
            **{key: value for key, value in optional.items() if value},
            **{key: number for key, number in numbers.items() if number is not None},
        }


class SendMessage(Said, frozen=True, kw_only=True):
    """A new message. `target` is the delivery whose message gets the receipt, where that is another one's."""

    method = "sendMessage"
    target: str | None = None

    def to_json(self) -> Json:
        """The row's JSON."""
        return Said.to_json(self) | ({} if self.target is None else {"target": self.target})

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> SendMessage:
        """Raises LookupError, TypeError or ValueError."""
        return cls(**_said(stored), target=_optional(stored, "target", str))

    def as_edit_of(self, target: str) -> EditMessageText:
        """The same, said in place of what this delivery has sent."""
        return EditMessageText(**_same(self), target=target)


class EditMessageText(Said, frozen=True, kw_only=True):
    """Another text for the message that the delivery `target` has sent."""

    method = "editMessageText"
    target: str

    def to_json(self) -> Json:
        """The row's JSON."""
        return Said.to_json(self) | {"target": self.target}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> EditMessageText:
        """Raises LookupError, TypeError or ValueError."""
        return cls(**_said(stored), target=_required(stored, "target", str))

    def as_message(self) -> SendMessage:
        """A new message instead, for which the row of the one that it was about gets the receipt."""
        return SendMessage(**_same(self), target=self.target)


class SendDocument(Said, frozen=True, kw_only=True):
    """A text file; what it says is the caption. `size` is that of the content, in bytes.

    `parts` is the most messages that say the same, as a model's Markdown or as it is, where files are refused; 0 for a
    file that no message can stand for. `made_of` is the subject of a file that is made when it is sent, for the person
    whose chat it is sent to; such a one has no content yet, and no size.
    """

    method = "sendDocument"
    name: str
    size: int
    content: str
    parts: int = 0
    markdown: bool = False
    made_of: str | None = None

    def to_json(self) -> Json:
        """The row's JSON."""
        file: Json = {"name": self.name, "size": self.size, "content": self.content}
        stands_for = {"parts": self.parts, "markdown": self.markdown} if self.parts else {}
        made = {} if self.made_of is None else {"madeOf": self.made_of}
        return Said.to_json(self) | file | stands_for | made

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> SendDocument:
        """Raises LookupError, TypeError or ValueError."""
        return cls(
            **_said(stored),
            name=_required(stored, "name", str),
            size=_required(stored, "size", int),
            content=_required(stored, "content", str),
            parts=_optional(stored, "parts", int) or 0,
            markdown=stored.get("markdown") is True,
            made_of=_optional(stored, "madeOf", str),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteMessage:
    """The end of the message that the delivery `target` has sent."""

    method: ClassVar[str] = "deleteMessage"
    target: str

    def to_json(self) -> Json:
        """The row's JSON."""
        return {"method": self.method, "target": self.target}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> DeleteMessage:
        """Raises LookupError or TypeError."""
        return cls(target=_required(stored, "target", str))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCallbackQuery:
    """The answer to a press: a text that is shown over the chat, or ''."""

    method: ClassVar[str] = "answerCallbackQuery"
    query_id: str
    text: str = ""

    def to_json(self) -> Json:
        """The row's JSON."""
        return {"method": self.method, "queryId": self.query_id, "text": self.text}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> AnswerCallbackQuery:
        """Raises LookupError or TypeError."""
        return cls(query_id=_required(stored, "queryId", str), text=_required(stored, "text", str))


@dataclass(frozen=True, slots=True)
class UnknownPayload:
    """A row that says nothing to this version. It is a payload like others, so that those behind it go out."""

    why: PayloadUnreadable


Payload = SendMessage | EditMessageText | SendDocument | DeleteMessage | AnswerCallbackQuery
NewMessage = SendMessage | SendDocument
"""Says something new, about nothing that has to be there before."""
AboutSent = EditMessageText | DeleteMessage
"""Calls about a message that was sent before; made twice, they do what they do once."""

_KINDS: Mapping[str, type[Payload]] = {
    kind.method: kind for kind in (SendMessage, EditMessageText, SendDocument, DeleteMessage, AnswerCallbackQuery)
}


def from_json(stored: str) -> Payload:
    """The call that a row holds; raises PayloadUnreadable for what this version cannot make."""
    try:
        fields = read_value(stored)
        method = fields["method"]
    except (LookupError, TypeError, ValueError) as error:
        raise PayloadUnreadable("the queue holds something that is no call") from error
    kind = _KINDS.get(method) if isinstance(method, str) else None
    if kind is None:
        raise PayloadUnreadable(f"the queue holds a call that this version does not know: {str(method)[:64]}")
    try:
        return kind.from_json(fields)
    except (LookupError, TypeError, ValueError) as error:
        raise PayloadUnreadable(f"the queue holds a {method} without what it takes") from error


def read(stored: str) -> Payload | UnknownPayload:
    """The same, for whoever has more rows to see to."""
    try:
        return from_json(stored)
    except PayloadUnreadable as error:
        return UnknownPayload(error)


def button_data(stored: str | None) -> tuple[str, ...]:
    """What the buttons of a call stand for, by that field of its JSON alone; nothing where it cannot be read."""
    try:
        rows = [] if stored is None else read_value(stored)
        return tuple(str(data) for row in rows for _, data in row)
    except (TypeError, ValueError):
        return ()


def _same(said: Said) -> Json:
    return {name: getattr(said, name) for name in Said.__struct_fields__}


def _said(stored: Mapping[str, Any]) -> Json:
    return {
        "text": _required(stored, "text", str),
        "entities": tuple(Entity(**entity) for entity in stored.get("entities", ())),
        "buttons": tuple(tuple(Button(text, data) for text, data in row) for row in stored.get("buttons", ())),
        "topic_id": _optional(stored, "topicId", int),
        "reply_to": _optional(stored, "replyTo", int),
        "silent": stored.get("silent") is True,
    }


def _optional(stored: Mapping[str, Any], key: str, kind: type[T]) -> T | None:
    return _required(stored, key, kind) if key in stored else None


def _required(stored: Mapping[str, Any], key: str, kind: type[T]) -> T:
    value = stored[key]
    if not isinstance(value, kind):
        raise TypeError(f"{key} is a {type(value).__name__}")
    return value
