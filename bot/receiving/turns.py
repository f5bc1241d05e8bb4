"""From what arrived to a Turn: where it happened and by whom, and what was said or done."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from bot.receiving.arrival import Arrival
from bot.receiving.attachments import describe
from bot.receiving.envelope import Author, Envelope, WrittenCommand, private_chat_in
from bot.receiving.forms import (
    ContentForm,
    EmojiForm,
    MembershipForm,
    MessageForm,
    PressForm,
    ReactionForm,
    TotalsForm,
)
from bot.receiving.opening import Opening, mentions_in
from bot.receiving.parts import parts_of
from bot.receiving.reading import UpdateUnreadable
from middleware.incoming import Incoming, Invocation, Press, ReactionChange, ReactionCount, Reactions
from middleware.turn import Kind, Place, Turn
from storage.ids import another_answer_to, update_turn_id
from storage.text import clean

if TYPE_CHECKING:
    from telegram import Update

_EDITS = ("edited_message", "edited_channel_post")
_OURS = "my_chat_member"
_CALLED = re.compile(r"\s*[,:]\s*")
"""What stands behind a name with which somebody is spoken to."""
_GONE = ("left", "kicked")
"""What Telegram calls somebody who has left a chat, or was thrown out of it."""


class Me(Struct, frozen=True, gc=False):
    """Who the bot is; its name is what people see, and may be anything."""

    id: int
    username: str
    name: str = ""

    def is_named_in(self, message: MessageForm) -> bool:
        """True if a mention in the text or the caption is of the bot."""
        text = mentions_in(message.text or "", message.entities)
        caption = mentions_in(message.caption or "", message.caption_entities)
        return any(m.user_id == self.id or m.username == self.username.lower() for m in chain(text, caption))

    def lead_of(self, opening: Opening) -> str:
        """What a text begins with that only says whom it is for: mentions, or the bot's own name and a comma."""
        length = len(self.name)
        is_called = self.name and opening.rest[:length].casefold() == self.name.casefold()
        called = _CALLED.match(opening.rest, length) if is_called else None
        return clean(opening.lead if called is None else opening.lead + opening.rest[: called.end()])


class Content(Struct, frozen=True, kw_only=True):
    """The content of one update: of the fields, those that its kind has."""

    kind: Kind
    place: Place
    author: Author
    incoming: Incoming | None = None
    command: Invocation | None = None
    reactions: Reactions | None = None
    press: Press | None = None
    migrated_to: int | None = None
    removed: bool = False
    left: str | None = None


def turn_of(arrival: Arrival, me: Me, as_update: Callable[[], Update | None]) -> Turn | None:
    """The turn that the updates make together; None for one that concerns nobody.

    It is named after the first; several must be messages, of which the last is what the others lead to, and what
    `as_update` builds, or an album, of which one has a command. Raises UpdateUnreadable, where that is missing without
    which there is no turn.
    """
    contents = [_content(letter.open(), me) for letter in arrival.letters]
    made = next((content for content in contents if content is not None and content.command), contents[-1])
    if made is None:
        return None
    first = arrival.letters[0].entry
    return Turn(
        id=update_turn_id(first.update_id, first.sequence),
        kind=made.kind,
        place=made.place,
        user_id=made.author.user_id,
        has_rights=made.author.has_rights,
        speaks_for_group=made.author.speaks_for_group,
        is_bot=made.author.is_bot,
        user_name=made.author.name,
        received_at_ms=first.received_at_ms,
        sequence=first.sequence,
        source=arrival.source,
        attempt=arrival.attempt,
        may_be_begun=arrival.may_be_begun,
        update_id=first.update_id,
        is_retried=any(entry.retries for entry in arrival.entries),
        earlier=tuple(_merged(content) for content in contents if content is not made),
        incoming=made.incoming,
        command=made.command,
        reactions=made.reactions,
        press=made.press,
        migrated_to=made.migrated_to,
        removed=made.removed,
        left=made.left,
        as_update=as_update,
    )


def unreadable_turn(arrival: Arrival) -> Turn | None:
    """A turn in the private chat of somebody whose message cannot be read, by which they can be told; else None."""
    letter = arrival.letters[0]
    try:
        envelope = letter.open()
        chat_id, author = envelope.chat_id if envelope.kind == "message" else None, envelope.author
    except UpdateUnreadable:
        chat_id, author = private_chat_in(letter.entry.body), Author("")
    if chat_id is None or chat_id <= 0 or author.is_bot:  # only chats with people have ids above
        return None
    return Turn(
        id=update_turn_id(letter.entry.update_id, letter.entry.sequence),
        kind="message",
        place=Place(chat_id=chat_id, chat_type="private"),
        user_id=author.user_id,
        received_at_ms=letter.entry.received_at_ms,
        source=arrival.source,
    )


def _merged(content: Content | None) -> Incoming:
    if content is None or content.kind != "message" or content.incoming is None:
        raise UpdateUnreadable("only messages can be merged")
    return content.incoming


def _content(envelope: Envelope, me: Me) -> Content | None:
    make = _CONTENTS.get(type(envelope.content))
    return None if make is None else make(envelope, envelope.content, me)


def _place(envelope: Envelope) -> Place:
    place = envelope.place
    if place is None or not place.chat_type:
        raise UpdateUnreadable("it does not say in which chat it happened")
    return place


def _message_id(envelope: Envelope) -> int:
    if (message_id := envelope.message_id) is None:
        raise UpdateUnreadable("it does not say which message it is about")
    return message_id


def _message(envelope: Envelope, message: MessageForm, me: Me) -> Content:
    place, author, edited = _place(envelope), envelope.author, envelope.kind in _EDITS
    if message.migrate_to_chat_id is not None:
        return Content(kind="migration", place=place, author=author, migrated_to=message.migrate_to_chat_id)
    if message.left_chat_member is not None and message.left_chat_member.id is not None:
        return Content(kind="membership", place=place, author=author, left=str(message.left_chat_member.id))
    kind, attachment = describe(message)
    written = envelope.command
    command = None if written is None else _command(written, message, place, me)
    is_addressed = _is_addressed(message, place, me) if written is None else command is not None
    incoming = Incoming(
        telegram_message_id=_message_id(envelope),
        kind=kind,
        text=clean(message.text or message.caption or ""),
        lead=me.lead_of(envelope.opening),
        command=command,
        attachment=attachment,
        parts=parts_of(message, me.id),
        edit_date=envelope.date if edited else None,
        # An edited command runs nothing, and is answered by nobody.
        addressed=is_addressed and kind != "service" and not (edited and command is not None),
    )
    if edited:
        return Content(kind="edited_message", place=place, author=author, incoming=incoming)
    kind_of_turn: Kind = "message" if command is None else "command"
    return Content(kind=kind_of_turn, place=place, author=author, incoming=incoming, command=command)


def _command(command: WrittenCommand, message: MessageForm, place: Place, me: Me) -> Invocation | None:
    """The command that a message starts with, if it is for us; behind a mention, if that is of us, or beside it."""
    if command.target not in ("", me.username.lower()):
        return None
    is_ours = command.target or not command.is_behind_mentions or _is_addressed(message, place, me)
    return Invocation(command.name, command.argument) if is_ours else None


def _is_addressed(message: MessageForm, place: Place, me: Me) -> bool:
    if place.is_private:
        return True
    if place.is_channel:
        return False
    replied = message.reply_to_message if place.replied_id is not None else None
    if replied is not None and replied.sender is not None and replied.sender.id == me.id:
        return True
    return me.is_named_in(message)


def _reaction(envelope: Envelope, change: ReactionForm, me: Me) -> Content:
    place, author = _place(envelope), envelope.author
    changes = tuple(_differences(_named(change.old_reaction), _named(change.new_reaction)))
    reactions = Reactions(
        telegram_message_id=_message_id(envelope), actor=author.user_id, date=envelope.date, changes=changes
    )
    return Content(kind="reaction", place=place, author=author, reactions=reactions)


def _totals(envelope: Envelope, totals: TotalsForm, me: Me) -> Content:
    counts = tuple(
        ReactionCount(name, counted.total_count)
        for counted in totals.reactions
        if counted.type is not None and counted.total_count is not None and (name := _name(counted.type)) is not None
    )
    reactions = Reactions(telegram_message_id=_message_id(envelope), actor=None, totals=counts)
    return Content(kind="reaction", place=_place(envelope), author=envelope.author, reactions=reactions)


Named = tuple[str, EmojiForm]
"""A reaction, and what tells it from others."""


def _named(reactions: Sequence[EmojiForm]) -> list[Named]:
    """Without those that cannot be read."""
    return [(name, reaction) for reaction in reactions if (name := _name(reaction)) is not None]


def _name(reaction: EmojiForm) -> str | None:
    if reaction.type == "emoji":
        return None if reaction.emoji is None else clean(reaction.emoji)
    if reaction.type == "custom_emoji":
        return None if reaction.custom_emoji_id is None else f"custom:{clean(reaction.custom_emoji_id)}"
    return None if reaction.type is None else clean(reaction.type)


def _differences(old: Sequence[Named], new: Sequence[Named]) -> Iterator[ReactionChange]:
    """Removals first, each in the order in which Telegram lists them."""
    yield from _only_in("reaction_removed", old, new)
    yield from _only_in("reaction_added", new, old)


def _only_in(
    event_type: Literal["reaction_added", "reaction_removed"], reactions: Sequence[Named], others: Sequence[Named]
) -> Iterator[ReactionChange]:
    left = [name for name, _ in others]
    for name, reaction in reactions:
        if name in left:
            left.remove(name)
        else:
            yield _change(event_type, name, reaction)


def _change(
    event_type: Literal["reaction_added", "reaction_removed"], name: str, reaction: EmojiForm
) -> ReactionChange:
    if reaction.type == "emoji":
        return ReactionChange(event_type=event_type, emoji=name)
    if reaction.type == "custom_emoji":
        return ReactionChange(event_type=event_type, custom_emoji_id=name.removeprefix("custom:"))
    if reaction.type == "paid":
        return ReactionChange(event_type=event_type, paid=True)
    return ReactionChange(event_type=event_type, unknown_type=name[:64])


def _press(envelope: Envelope, press: PressForm, me: Me) -> Content:
    if press.id is None or press.sender is None or press.sender.id is None:
        raise UpdateUnreadable("a press does not say its id, or whose it is")
    if envelope.place is None:  # under a message sent through inline mode, which we have none of
        place = Place(chat_id=press.sender.id, chat_type="private")
        pressed = Press(query_id=clean(press.id), telegram_message_id=None, data="", is_inline=True)
        return Content(kind="button", place=place, author=envelope.author, press=pressed)
    data = clean(press.data or "")[:64]
    pressed = Press(query_id=clean(press.id), telegram_message_id=envelope.message_id, data=data)
    kind: Kind = "button" if another_answer_to(data) is None else "another_answer"
    return Content(kind=kind, place=_place(envelope), author=envelope.author, press=pressed)


def _membership(envelope: Envelope, change: MembershipForm, me: Me) -> Content | None:
    place, member = _place(envelope), change.new_chat_member
    if member is None or member.status is None:
        raise UpdateUnreadable("it does not say what somebody has become")
    is_gone = member.status in _GONE or (member.status == "restricted" and member.is_member is False)
    if envelope.kind == _OURS:
        return Content(kind="membership", place=place, author=envelope.author, removed=is_gone)
    if not is_gone:
        return None
    if member.user is None or member.user.id is None:
        raise UpdateUnreadable("it does not say who has left")
    return Content(kind="membership", place=place, author=envelope.author, left=str(member.user.id))


_CONTENTS: dict[type[ContentForm], Callable[[Envelope, Any, Me], Content | None]] = {
    MessageForm: _message,
    ReactionForm: _reaction,
    TotalsForm: _totals,
    PressForm: _press,
    MembershipForm: _membership,
}
"""The content of each form."""
