"""From PTB's `Update` to a Turn, through the handlers of the one Application."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any

from telegram import (
    CallbackQuery,
    Chat,
    ChatMember,
    ChatMemberUpdated,
    Message,
    MessageEntity,
    MessageReactionUpdated,
    ReactionType,
    ReactionTypeCustomEmoji,
    ReactionTypeEmoji,
    ReactionTypePaid,
    Update,
)
from telegram.ext import (
    Application,
    BaseHandler,
    CallbackQueryHandler,
    ChatMemberHandler,
    MessageHandler,
    MessageReactionHandler,
    filters,
)

from bot.receiving.attachments import describe
from middleware.turn import Incoming, Invocation, Kind, Place, Press, ReactionChange, Reactions, Source, Turn
from storage.tables.updates import Entry
from storage.text import clean

Receive = Callable[[Update, Any], Coroutine[Any, Any, None]]
GONE = (ChatMember.LEFT, ChatMember.BANNED)


def register(application: Application[Any, Any, Any, Any, Any, Any], receive: Receive) -> None:
    """Route every kind that is asked of Telegram to `receive`."""
    handlers: Sequence[BaseHandler[Any, Any, Any]] = (
        MessageReactionHandler(receive),
        MessageHandler(filters.ALL, receive),
        CallbackQueryHandler(receive),
        ChatMemberHandler(receive, ChatMemberHandler.MY_CHAT_MEMBER),
    )
    application.add_handlers(handlers)


def turn_of(
    updates: Sequence[Update], entries: Sequence[Entry], source: Source, *, attempt: int, me: tuple[int, str]
) -> Turn | None:
    """The turn that updates make together; None for one that concerns nobody. `me` is the bot's id and user name.

    It is named after the first; several must be messages, of which the last is what the others lead to.
    Raises ValueError.
    """
    *before, made = (_content(update, me) for update in updates)
    if made is None:
        return None
    kind, place, user, fields = made
    user_id, has_rights, name = user
    return Turn(
        id=f"update:{entries[0].update_id}:{entries[0].received_at_ms}",
        kind=kind,
        place=place,
        user_id=user_id,
        has_rights=has_rights,
        user_name=name,
        received_at_ms=entries[0].received_at_ms,
        source=source,
        attempt=attempt,
        update_id=entries[0].update_id,
        earlier=tuple(_merged(content) for content in before),
        **fields,
    )


def _merged(content: _Content | None) -> Incoming:
    if content is None or content[0] != "message":
        raise ValueError("only messages can be merged")
    incoming: Incoming = content[3]["incoming"]
    return incoming


_User = tuple[str, bool, str]
_Content = tuple[Kind, Place, _User, dict[str, Any]]


def _content(update: Update, me: tuple[int, str]) -> _Content | None:
    if update.message_reaction is not None:
        return _reaction(update.message_reaction)
    if update.message_reaction_count is not None:
        count = update.message_reaction_count
        totals = tuple((_name(r.type), r.total_count) for r in count.reactions)
        reactions = Reactions(telegram_message_id=count.message_id, actor=None, totals=totals)
        return "reaction", _place(count.chat), ("", False, ""), {"reactions": reactions}
    if update.callback_query is not None:
        return _press(update.callback_query)
    if update.my_chat_member is not None:
        return _membership(update.my_chat_member)
    edited = update.edited_message or update.edited_channel_post
    message = edited or update.message or update.channel_post
    return _message(message, edited is not None, me) if message is not None else None


def _place(chat: Chat, message: Message | None = None) -> Place:
    topic = replied = None
    if message is not None:
        # A bare message_thread_id is only a reply thread; sending to it fails.
        topic = message.message_thread_id if message.is_topic_message else None
        replied = message.reply_to_message.message_id if message.reply_to_message else None
        if topic is not None and replied == topic:  # every message of a topic replies to its first one
            replied = None
    return Place(chat_id=chat.id, chat_type=str(chat.type), topic_id=topic, replied_id=replied)


def _author(message: Message) -> _User:
    if message.sender_chat is not None:  # `from` is then an id that all groups share
        return f"chat:{message.sender_chat.id}", False, clean(message.sender_chat.title or "")
    if message.from_user is not None:
        return str(message.from_user.id), True, clean(message.from_user.first_name)
    return f"chat:{message.chat.id}", False, ""


def _message(message: Message, edited: bool, me: tuple[int, str]) -> _Content:
    place, user = _place(message.chat, message), _author(message)
    if message.migrate_to_chat_id is not None:
        return "migration", place, user, {"migrated_to": message.migrate_to_chat_id}
    kind, attachment = describe(message)
    text = clean(message.text or message.caption or "")
    command, ours = _command(message, me)
    # An edited command runs nothing, and is answered by nobody.
    addressed = _is_addressed(message, place, me) if command is None else ours and not edited
    incoming = Incoming(
        telegram_message_id=message.message_id,
        kind=kind,
        text=text,
        attachment=attachment,
        forwarded=message.forward_origin is not None,
        addressed=addressed and kind != "service",
    )
    if edited:
        return "edited_message", place, user, {"incoming": incoming}
    if command is not None and ours:
        return "command", place, user, {"incoming": incoming, "command": command}
    return "message", place, user, {"incoming": incoming}


def _command(message: Message, me: tuple[int, str]) -> tuple[Invocation | None, bool]:
    """The command that a message starts with, and whether it is meant for us."""
    first = next((e for e in message.entities if e.type == MessageEntity.BOT_COMMAND and e.offset == 0), None)
    if first is None or not message.text:
        return None, False
    # A bot_command is ASCII, so that UTF-16 units are characters.
    name, _, target = message.text[1 : first.length].partition("@")
    argument = clean(message.text[first.length :]).strip()
    return Invocation(clean(name).lower(), argument), not target or target.lower() == me[1].lower()


def _is_addressed(message: Message, place: Place, me: tuple[int, str]) -> bool:
    if place.is_private:
        return True
    if place.chat_type == Chat.CHANNEL:
        return False
    replied = message.reply_to_message
    if replied is not None and replied.from_user is not None and replied.from_user.id == me[0]:
        return True
    mentions = (*message.parse_entities([MessageEntity.MENTION]).values(),)
    mentions += (*message.parse_caption_entities([MessageEntity.MENTION]).values(),)
    return any(mention.lower() == f"@{me[1].lower()}" for mention in mentions)


def _reaction(change: MessageReactionUpdated) -> _Content:
    if change.user is not None:
        user: _User = (str(change.user.id), True, clean(change.user.first_name))
    elif change.actor_chat is not None:
        user = (f"chat:{change.actor_chat.id}", False, "")
    else:
        user = ("", False, "")
    changes = tuple(_differences(change.old_reaction, change.new_reaction))
    reactions = Reactions(telegram_message_id=change.message_id, actor=user[0], changes=changes)
    return "reaction", _place(change.chat), user, {"reactions": reactions}


def _differences(old: Sequence[ReactionType], new: Sequence[ReactionType]) -> Iterator[ReactionChange]:
    """Removals first, each in the order in which Telegram lists them."""
    sides = (("reaction_removed", old, new), ("reaction_added", new, old))
    for event_type, reactions, others in sides:
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


def _change(event_type: Any, reaction: ReactionType) -> ReactionChange:
    if isinstance(reaction, ReactionTypeEmoji):
        return ReactionChange(event_type=event_type, emoji=clean(reaction.emoji))
    if isinstance(reaction, ReactionTypeCustomEmoji):
        return ReactionChange(event_type=event_type, custom_emoji_id=clean(reaction.custom_emoji_id))
    if isinstance(reaction, ReactionTypePaid):
        return ReactionChange(event_type=event_type, paid=True)
    return ReactionChange(event_type=event_type, unknown_type=clean(str(reaction.type))[:64])


def _press(query: CallbackQuery) -> _Content | None:
    message = query.message
    if message is None:  # under a message sent through inline mode, which we have none of
        return None
    place = _place(message.chat, message if isinstance(message, Message) else None)
    press = Press(query_id=query.id, telegram_message_id=message.message_id, data=clean(str(query.data or ""))[:64])
    user = (str(query.from_user.id), True, clean(query.from_user.first_name))
    return "button", place, user, {"press": press}


def _membership(change: ChatMemberUpdated) -> _Content:
    user = (str(change.from_user.id), True, clean(change.from_user.first_name))
    return "membership", _place(change.chat), user, {"removed": change.new_chat_member.status in GONE}
