"""The envelope of any update, known before the rest of it is read: kind, lane, place, author, command, album.

Nothing here may fail on any JSON: what an update really holds is found out later, when it is handled.
"""

from __future__ import annotations

import re

from msgspec import Struct

from bot.receiving.forms import AboutForm, ChatForm, ContentForm, MessageForm, PlacedForm, PressForm
from bot.receiving.opening import NO_OPENING, Opening, opening_of
from bot.receiving.reading import UpdateUnreadable, read_update
from middleware.turn import Place
from storage.ids import Side, another_answer_to, lane_of, session_id_of, user_id_of_chat
from storage.tables.updates import Received
from storage.text import clean

_MESSAGES = ("message", "channel_post")
_PASSED_ON = ("pair",)
"""Commands that work forwarded too: a code comes to the owner by whatever way."""
_GROUPS = ("group", "supergroup")
_ANSWERED = ("message", "edited_message", "channel_post", "edited_channel_post")
MARK_LENGTH = 64
"""Characters of a kind, or of what else stands in a mark; Telegram's own are far shorter."""
_PRIVATE_CHAT = re.compile(
    rb'\s*\{\s*"update_id"\s*:\s*-?[0-9]{1,18}\s*,\s*"message"\s*:\s*\{.*?"chat"\s*:\s*\{\s*"id"\s*:\s*([0-9]{1,18})\b',
    re.DOTALL,
)
_UPDATE_ID = re.compile(rb'\s*\{\s*"update_id"\s*:\s*(-?[0-9]{1,18})\s*[,}]')


class Author(Struct, frozen=True, gc=False):
    """Who made an update; '' is nobody.

    A bot has no rights, nor has an id that is shared or not a person's, `chat:<id>`. `speaks_for_group` is true for the
    group itself, behind which is one of its administrators.
    """

    user_id: str
    has_rights: bool = False
    name: str = ""
    speaks_for_group: bool = False
    is_bot: bool = False


class WrittenCommand(Struct, frozen=True, gc=False):
    """A command as written: its name in lower case, what stands behind it, and for which bot, '' for any."""

    name: str
    argument: str
    target: str
    is_behind_mentions: bool = False
    """True if somebody is named before it, so that it is for them."""


class Envelope(Struct, frozen=True, gc=False):
    """What was read of an update, and what can be said of any.

    `kind` is Telegram's name of the field that it fills, whose value is `content`.
    """

    update_id: int | None
    kind: str
    content: ContentForm

    @property
    def message(self) -> PlacedForm:
        """The message that it is, or that it is about; a button press carries the one that it was under."""
        about = self.content.message if isinstance(self.content, AboutForm) else None
        return self.content if about is None else about

    @property
    def message_id(self) -> int | None:
        """The message's number in its chat."""
        return self.message.message_id

    @property
    def date(self) -> int | None:
        """When it happened, in seconds as Telegram counts; of an edit, when that was made."""
        return self.content.date if self.content.edit_date is None else self.content.edit_date

    @property
    def mark(self) -> str | None:
        """The mark that tells it from an earlier update with the same id: its kind with its date, else a press's id."""
        told: int | str | None = self.date
        if told is None and self.content.id is not None:
            told = _short(self.content.id)
        return None if told is None else f"{_short(self.kind)}:{told}"

    @property
    def chat_id(self) -> int | None:
        """Where it happened; None for what concerns no chat."""
        chat = self.message.chat
        return None if chat is None else chat.id

    @property
    def topic_id(self) -> int | None:
        """The topic of a forum. A bare message_thread_id is only a reply thread; sending to it fails."""
        message = self.message
        return message.message_thread_id if message.is_topic_message else None

    @property
    def place(self) -> Place | None:
        """Chat, topic and the message replied to; None for what concerns no chat."""
        message, topic_id = self.message, self.topic_id
        if message.chat is None or message.chat.id is None:
            return None
        replied = message.reply_to_message
        replied_id = None if replied is None or replied.forum_topic_created is not None else replied.message_id
        if topic_id is not None and replied_id == topic_id:  # every message of a topic replies to its first one
            replied_id = None
        return Place(chat_id=message.chat.id, chat_type=message.chat.type, topic_id=topic_id, replied_id=replied_id)

    @property
    def author(self) -> Author:
        """Whose update it is: a person's, or a chat's where the person behind it is not told."""
        content = self.content
        for chat in (content.sender_chat, content.actor_chat):
            # Beside a sender_chat stands a `from` that all groups share.
            if chat is not None and chat.id is not None:
                return self._speaking_as(chat.id, chat)
        for person in (content.sender, content.user):
            if person is not None and person.id is not None:
                name = clean(person.first_name or "")
                return Author(str(person.id), has_rights=not person.is_bot, name=name, is_bot=person.is_bot)
        chat_id = self.chat_id if self.kind in _ANSWERED else None
        return Author("" if chat_id is None else user_id_of_chat(chat_id))

    def _speaking_as(self, chat_id: int, chat: ChatForm) -> Author:
        place = self.message.chat
        is_group = place is not None and place.id == chat_id and place.type in _GROUPS
        return Author(user_id_of_chat(chat_id), name=clean(chat.title or ""), speaks_for_group=is_group)

    @property
    def opening(self) -> Opening:
        """How the text or the caption of a message begins."""
        content = self.content
        if not isinstance(content, MessageForm):
            return NO_OPENING
        if content.text is not None:
            return opening_of(content.text, content.entities)
        return opening_of(content.caption or "", content.caption_entities)

    @property
    def command(self) -> WrittenCommand | None:
        """The command that a message starts with. What is forwarded was another's to write, and is text."""
        content = self.content
        if not isinstance(content, MessageForm) or not (content.entities or content.caption_entities):
            return None
        opening = self.opening
        name, _, target = opening.command[1:].partition("@")
        if not opening.command.startswith("/") or not name:
            return None
        is_forwarded = content.forward_origin is not None or content.forward_date is not None
        if is_forwarded and name.lower() not in _PASSED_ON:
            return None
        argument = clean(opening.rest[len(opening.command) :]).strip()
        return WrittenCommand(clean(name).lower(), argument, clean(target).lower(), bool(opening.lead))

    @property
    def album(self) -> str | None:
        """The album that a message is a part of."""
        return (self.content.media_group_id or None) if isinstance(self.content, MessageForm) else None

    @property
    def side(self) -> Side:
        """Answers wait for each other, control never waits for an answer.

        A press that asks for another answer is a wish that waits for its turn like a message.
        """
        # An edit runs nothing, so even one that looks like a command waits for the message that it edits; a command
        # under an album waits for the rest of that.
        if isinstance(self.content, PressForm) and another_answer_to(self.content.data or "") is not None:
            return "answer"
        is_command = self.kind in _MESSAGES and self.album is None and self.command is not None
        return "answer" if self.kind in _ANSWERED and not is_command else "control"

    @property
    def lane(self) -> str:
        """Its conversation, a chat or a topic of a forum, and the side of it."""
        return lane_of(self.chat_id, self.topic_id, self.side)


def opened(body: bytes) -> Envelope:
    """The envelope of an update's raw JSON, as the journal keeps it; raises UpdateUnreadable."""
    return Envelope(*read_update(body))


def read(body: bytes) -> Received | None:
    """One update as the journal takes it, from its raw JSON; None when it has no usable update_id."""
    found: Envelope | None = None
    try:
        envelope = found = opened(body)
    except UpdateUnreadable:
        # Nested too deeply, or a number too long: it must not keep back those that come with it.
        head = _UPDATE_ID.match(body)
        envelope = Envelope(int(head[1]) if head is not None else None, "unreadable", ContentForm())
    if envelope.update_id is None:
        return None
    chat_id = envelope.chat_id
    return Received(
        update_id=envelope.update_id,
        kind=_short(envelope.kind),
        lane=envelope.lane,
        session_id=session_id_of(chat_id) if chat_id is not None else None,
        telegram_message_id=envelope.message_id if envelope.kind in _MESSAGES else None,
        body=body,
        date=envelope.date,
        mark=envelope.mark,
        opened=found,
    )


def _short(text: str) -> str:
    return clean(text)[:MARK_LENGTH]


def private_chat_in(body: bytes) -> int | None:
    """The private chat of a message that cannot be read; people's quotation marks are escaped, so they forge none."""
    found = _PRIVATE_CHAT.match(body)
    return None if found is None else int(found[1])
