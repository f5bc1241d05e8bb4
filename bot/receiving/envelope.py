"""The envelope of any update, known before the rest of it is read: kind, lane, place, author, command, album.

Nothing here may fail on any JSON: what an update really holds is found out later, when it is handled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import BotError
from middleware.turn import Place
from storage.ids import Side, lane_of, session_id_of, user_id_of_chat
from storage.tables.updates import Received
from storage.text import clean

ALLOWED_UPDATES = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "callback_query",
    "message_reaction",
    "message_reaction_count",
    "my_chat_member",
    "chat_member",
)
_MESSAGES = ("message", "channel_post")
_FORWARDED = ("forward_origin", "forward_date")
_PASSED_ON = ("pair",)
"""Commands that work forwarded too: a code comes to the owner by whatever way."""
_GROUPS = ("group", "supergroup")
_ANSWERED = ("message", "edited_message", "channel_post", "edited_channel_post")
_MAX_ID = 2**63 - 1
MARK_LENGTH = 64
"""Characters of a kind, or of what else stands in a mark; Telegram's own are far shorter."""
_NOTHING: Mapping[str, Any] = {}


class UpdateUnreadable(BotError):
    """The update is not of a form that Telegram documents; trying again cannot help."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who made an update; '' is nobody.

    A bot has no rights, nor has an id that is shared or not a person's, `chat:<id>`. `speaks_for_group` is true for the
    group itself, behind which is one of its administrators.
    """

    user_id: str
    has_rights: bool = False
    name: str = ""
    speaks_for_group: bool = False
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class WrittenCommand:
    """A command as written: its name in lower case, what stands behind it, and for which bot, '' for any."""

    name: str
    argument: str
    target: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """An update's parsed JSON, and what can be said of each. `kind` is Telegram's name of the field that it fills."""

    value: dict[str, Any]
    kind: str
    content: Mapping[str, Any]

    @classmethod
    def of(cls, value: dict[str, Any]) -> Envelope:
        """Of an update's JSON object, whatever it holds."""
        kind = next((key for key in value if key != "update_id"), "empty")
        return cls(value, kind, _object(value.get(kind)))

    @property
    def message(self) -> Mapping[str, Any]:
        """The message that it is, or that it is about; a button press carries the one that it was under."""
        inner = self.content.get("message")
        return inner if isinstance(inner, dict) else self.content

    @property
    def message_id(self) -> int | None:
        """The message's number in its chat."""
        return _id(self.message.get("message_id"))

    @property
    def date(self) -> int | None:
        """When it happened, in seconds as Telegram counts; of an edit, when that was made."""
        edited = _id(self.content.get("edit_date"))
        return _id(self.content.get("date")) if edited is None else edited

    @property
    def mark(self) -> str | None:
        """The mark that tells it from an earlier update with the same id: its kind with its date, else a press's id."""
        told: int | str | None = self.date
        if told is None and isinstance(press_id := self.content.get("id"), str):
            told = _short(press_id)
        return None if told is None else f"{_short(self.kind)}:{told}"

    @property
    def chat_id(self) -> int | None:
        """Where it happened; None for what concerns no chat."""
        return _id(_object(self.message.get("chat")).get("id"))

    @property
    def topic_id(self) -> int | None:
        """The topic of a forum. A bare message_thread_id is only a reply thread; sending to it fails."""
        message = self.message
        return _id(message.get("message_thread_id")) if message.get("is_topic_message") is True else None

    @property
    def place(self) -> Place | None:
        """Chat, topic and the message replied to; None for what concerns no chat."""
        chat_id, topic_id = self.chat_id, self.topic_id
        if chat_id is None:
            return None
        replied_id = _id(_object(self.message.get("reply_to_message")).get("message_id"))
        if topic_id is not None and replied_id == topic_id:  # every message of a topic replies to its first one
            replied_id = None
        return Place(chat_id=chat_id, chat_type=self._chat_type, topic_id=topic_id, replied_id=replied_id)

    @property
    def _chat_type(self) -> str:
        return str(_object(self.message.get("chat")).get("type", ""))

    @property
    def author(self) -> Author:
        """Whose update it is: a person's, or a chat's where the person behind it is not told."""
        for field in ("sender_chat", "actor_chat"):
            # Beside a sender_chat stands a `from` that all groups share.
            if (chat_id := _id(_object(self.content.get(field)).get("id"))) is not None:
                is_group = chat_id == self.chat_id and self._chat_type in _GROUPS
                return Author(
                    user_id_of_chat(chat_id), name=_name(self.content[field], "title"), speaks_for_group=is_group
                )
        for field in ("from", "user"):
            if (user_id := _id(_object(self.content.get(field)).get("id"))) is not None:
                is_bot = self.content[field].get("is_bot") is True
                name = _name(self.content[field], "first_name")
                return Author(str(user_id), has_rights=not is_bot, name=name, is_bot=is_bot)
        posted = self.kind in _ANSWERED and self.chat_id is not None
        return Author(user_id_of_chat(self.chat_id)) if posted and self.chat_id is not None else Author("")

    @property
    def command(self) -> WrittenCommand | None:
        """The command that a message starts with. What is forwarded was another's to write, and is text."""
        length, text = _command_length(self.content), self.content.get("text")
        if length is None or not isinstance(text, str) or len(text) < 2:
            return None
        # A bot_command is ASCII, so that UTF-16 units are characters.
        name, _, target = text[1:length].partition("@")
        if name.lower() not in _PASSED_ON and any(field in self.content for field in _FORWARDED):
            return None
        return WrittenCommand(clean(name).lower(), clean(text[length:]).strip(), clean(target).lower())

    @property
    def album(self) -> str | None:
        """The album that a message is a part of."""
        album = self.content.get("media_group_id")
        return album if isinstance(album, str) and album else None

    @property
    def side(self) -> Side:
        """Answers wait for each other, control never waits for an answer."""
        # An edit runs nothing, so even one that looks like a command waits for the message that it edits.
        is_command = self.kind in _MESSAGES and self.command is not None
        return "answer" if self.kind in _ANSWERED and not is_command else "control"

    @property
    def lane(self) -> str:
        """Its conversation, a chat or a topic of a forum, and the side of it."""
        return lane_of(self.chat_id, self.topic_id, self.side)


def opened(body: bytes) -> Envelope:
    """The envelope of an update's raw JSON, as the journal keeps it; raises Unreadable."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UpdateUnreadable(f"{type(error).__name__}: {error}") from error
    if not isinstance(value, dict):
        raise UpdateUnreadable("no JSON object")
    return Envelope.of(value)


def read(value: Any, raw: str) -> Received | None:
    """One update as the journal takes it; None when it has no usable update_id."""
    update_id = _id(value.get("update_id")) if isinstance(value, dict) else None
    if update_id is None:
        return None
    envelope = Envelope.of(value)
    chat_id = envelope.chat_id
    return Received(
        update_id=update_id,
        kind=_short(envelope.kind),
        lane=envelope.lane,
        session_id=session_id_of(chat_id) if chat_id is not None else None,
        telegram_message_id=envelope.message_id if envelope.kind in _MESSAGES else None,
        body=raw.encode("utf-8", "replace"),
        date=envelope.date,
        mark=envelope.mark,
    )


def _short(text: str) -> str:
    return clean(text)[:MARK_LENGTH]


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else _NOTHING


def _id(value: Any) -> int | None:
    is_id = isinstance(value, int) and not isinstance(value, bool) and -_MAX_ID <= value <= _MAX_ID
    return value if is_id else None


def _name(of: Mapping[str, Any], field: str) -> str:
    name = of.get(field)
    return clean(name) if isinstance(name, str) else ""


def _command_length(message: Mapping[str, Any]) -> int | None:
    """In characters, from the slash on."""
    entities = message.get("entities")
    for entity in entities if isinstance(entities, list) else ():
        if isinstance(entity, dict) and entity.get("type") == "bot_command" and entity.get("offset") == 0:
            return _id(entity.get("length")) or 0
    return None
