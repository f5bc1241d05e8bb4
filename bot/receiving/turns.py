"""From what arrived to a Turn: its envelope says where and by whom, PTB's `Update` what was said or done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from telegram import (
    CallbackQuery,
    Chat,
    ChatMember,
    ChatMemberRestricted,
    Message,
    MessageEntity,
    MessageReactionUpdated,
    ReactionType,
    ReactionTypeCustomEmoji,
    ReactionTypeEmoji,
    ReactionTypePaid,
    Update,
)

from bot.receiving.arrival import Arrival
from bot.receiving.attachments import describe
from bot.receiving.envelope import Author, Envelope
from middleware.turn import Incoming, Invocation, Kind, Place, Press, ReactionChange, ReactionCount, Reactions, Turn
from storage.ids import update_turn_id
from storage.text import clean

GONE = (ChatMember.LEFT, ChatMember.BANNED)


@dataclass(frozen=True, slots=True)
class Me:
    """Who the bot is."""

    id: int
    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
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


def turn_of(arrival: Arrival, updates: Sequence[Update], me: Me) -> Turn | None:
    """The turn that updates make together, one for each letter; None for one that concerns nobody.

    It is named after the first; several must be messages, of which the last is what the others lead to.
    Raises ValueError.
    """
    *before, made = (
        _content(letter.open(), update, me) for letter, update in zip(arrival.letters, updates, strict=True)
    )
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
        source=arrival.source,
        attempt=arrival.attempt,
        may_be_begun=arrival.may_be_begun,
        update_id=first.update_id,
        is_retried=any(entry.retries for entry in arrival.entries),
        earlier=tuple(_merged(content) for content in before),
        incoming=made.incoming,
        command=made.command,
        reactions=made.reactions,
        press=made.press,
        migrated_to=made.migrated_to,
        removed=made.removed,
        left=made.left,
    )


def _merged(content: Content | None) -> Incoming:
    if content is None or content.kind != "message" or content.incoming is None:
        raise ValueError("only messages can be merged")
    return content.incoming


def _content(envelope: Envelope, update: Update, me: Me) -> Content | None:
    if update.callback_query is not None:
        return _press(envelope, update.callback_query)
    place, author = envelope.place, envelope.author
    if place is None:
        return None
    if update.message_reaction is not None:
        reactions = _changes(update.message_reaction, author, envelope.date)
        return Content(kind="reaction", place=place, author=author, reactions=reactions)
    if (count := update.message_reaction_count) is not None:
        totals = tuple(ReactionCount(_name(r.type), r.total_count) for r in count.reactions)
        reactions = Reactions(telegram_message_id=count.message_id, actor=None, totals=totals)
        return Content(kind="reaction", place=place, author=author, reactions=reactions)
    if update.my_chat_member is not None:
        removed = _is_gone(update.my_chat_member.new_chat_member)
        return Content(kind="membership", place=place, author=author, removed=removed)
    if update.chat_member is not None:
        member = update.chat_member.new_chat_member
        left = str(member.user.id) if _is_gone(member) else None
        return Content(kind="membership", place=place, author=author, left=left) if left is not None else None
    edited = update.edited_message or update.edited_channel_post
    message = edited or update.message or update.channel_post
    return _message(envelope, message, place, me, edited=edited is not None) if message is not None else None


def _is_gone(member: ChatMember) -> bool:
    return member.status in GONE or (isinstance(member, ChatMemberRestricted) and not member.is_member)


def _message(envelope: Envelope, message: Message, place: Place, me: Me, *, edited: bool) -> Content:
    author = envelope.author
    if message.migrate_to_chat_id is not None:
        return Content(kind="migration", place=place, author=author, migrated_to=message.migrate_to_chat_id)
    if message.left_chat_member is not None:
        return Content(kind="membership", place=place, author=author, left=str(message.left_chat_member.id))
    kind, attachment = describe(message)
    command = envelope.command
    is_ours = command is not None and command.target in ("", me.username.lower())
    # An edited command runs nothing, and is answered by nobody.
    addressed = _is_addressed(message, place, me) if command is None else is_ours and not edited
    incoming = Incoming(
        telegram_message_id=message.message_id,
        kind=kind,
        text=clean(message.text or message.caption or ""),
        attachment=attachment,
        forwarded=message.forward_origin is not None,
        edit_date=envelope.date if edited else None,
        addressed=addressed and kind != "service",
    )
    if edited:
        return Content(kind="edited_message", place=place, author=author, incoming=incoming)
    if command is not None and is_ours:
        invocation = Invocation(command.name, command.argument)
        return Content(kind="command", place=place, author=author, incoming=incoming, command=invocation)
    return Content(kind="message", place=place, author=author, incoming=incoming)


def _is_addressed(message: Message, place: Place, me: Me) -> bool:
    if place.is_private:
        return True
    if place.chat_type == Chat.CHANNEL:
        return False
    replied = message.reply_to_message
    if replied is not None and replied.from_user is not None and replied.from_user.id == me.id:
        return True
    mentions = (*message.parse_entities([MessageEntity.MENTION]).values(),)
    mentions += (*message.parse_caption_entities([MessageEntity.MENTION]).values(),)
    return any(mention.lower() == f"@{me.username.lower()}" for mention in mentions)


def _changes(change: MessageReactionUpdated, author: Author, date: int | None) -> Reactions:
    changes = tuple(_differences(change.old_reaction, change.new_reaction))
    return Reactions(telegram_message_id=change.message_id, actor=author.user_id, date=date, changes=changes)


def _differences(old: Sequence[ReactionType], new: Sequence[ReactionType]) -> Iterator[ReactionChange]:
    """Removals first, each in the order in which Telegram lists them."""
    yield from _only_in("reaction_removed", old, new)
    yield from _only_in("reaction_added", new, old)


def _only_in(
    event_type: Literal["reaction_added", "reaction_removed"],
    reactions: Sequence[ReactionType],
    others: Sequence[ReactionType],
) -> Iterator[ReactionChange]:
    left = [_name(reaction) for reaction in others]
    for reaction in reactions:
        if (name := _name(reaction)) in left:
            left.remove(name)
        else:
            yield _change(event_type, reaction)


def _name(reaction: ReactionType) -> str:
    if isinstance(reaction, ReactionTypeEmoji):
        return clean(reaction.emoji)
    if isinstance(reaction, ReactionTypeCustomEmoji):
        return f"custom:{clean(reaction.custom_emoji_id)}"
    return clean(str(reaction.type))


def _change(event_type: Literal["reaction_added", "reaction_removed"], reaction: ReactionType) -> ReactionChange:
    if isinstance(reaction, ReactionTypeEmoji):
        return ReactionChange(event_type=event_type, emoji=clean(reaction.emoji))
    if isinstance(reaction, ReactionTypeCustomEmoji):
        return ReactionChange(event_type=event_type, custom_emoji_id=clean(reaction.custom_emoji_id))
    if isinstance(reaction, ReactionTypePaid):
        return ReactionChange(event_type=event_type, paid=True)
    return ReactionChange(event_type=event_type, unknown_type=clean(str(reaction.type))[:64])


def _press(envelope: Envelope, query: CallbackQuery) -> Content | None:
    place = envelope.place
    if query.message is None or place is None:  # under a message sent through inline mode, which we have none of
        return None
    data = clean(str(query.data or ""))[:64]
    press = Press(query_id=query.id, telegram_message_id=query.message.message_id, data=data)
    return Content(kind="button", place=place, author=envelope.author, press=press)
