"""The form of an update: what Polar reads of it, and of which type. All other fields are passed over unread.

Any field may be missing. What a turn cannot be made without is asked for in turns.py.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

_MAX_ID = 2**63 - 1
Whole = Annotated[int, Meta(ge=-_MAX_ID, le=_MAX_ID)]
"""A whole number that SQLite can hold."""


class ReadForm(Struct, frozen=True, gc=False):
    """An object of Telegram's."""


class PresentForm(ReadForm, frozen=True):
    """A part of which only matters that it is there."""


class UserForm(ReadForm, frozen=True):
    """A person, or a bot."""

    id: Whole | None = None
    is_bot: bool = False
    first_name: str | None = None


class ChatForm(ReadForm, frozen=True):
    """A chat, or whoever speaks as one."""

    id: Whole | None = None
    type: str = ""
    title: str | None = None


class EntityForm(ReadForm, frozen=True):
    """A part of a text that means something; it is counted in UTF-16 units."""

    type: str | None = None
    offset: Whole | None = None
    length: Whole | None = None
    user: UserForm | None = None
    """Who is named, where that has no name with an @."""


class FileForm(ReadForm, frozen=True):
    """A file of any kind, each with some of these."""

    file_id: str | None = None
    file_unique_id: str | None = None
    file_size: Whole | None = None
    file_name: str | None = None
    mime_type: str | None = None
    duration: Whole | None = None
    width: Whole | None = None
    height: Whole | None = None
    emoji: str | None = None


class RepliedForm(ReadForm, frozen=True):
    """The message that another one replies to. What it says is not read, so it may be anything."""

    message_id: Whole | None = None
    sender: UserForm | None = field(name="from", default=None)
    forum_topic_created: PresentForm | None = None
    """It is no message of anybody's, but the beginning of a topic, to which all in there replies."""


class PlacedForm(ReadForm, frozen=True):
    """A message as far as it tells where it is."""

    chat: ChatForm | None = None
    message_id: Whole | None = None
    message_thread_id: Whole | None = None
    is_topic_message: bool = False
    reply_to_message: RepliedForm | None = None


class ContentForm(PlacedForm, frozen=True):
    """The content of any update, also of a kind that nobody knows yet: where it was, when, and who did it."""

    id: str | None = None
    date: Whole | None = None
    edit_date: Whole | None = None
    sender: UserForm | None = field(name="from", default=None)
    user: UserForm | None = None
    sender_chat: ChatForm | None = None
    actor_chat: ChatForm | None = None
    message: PlacedForm | None = None
    """The message that it is about."""


class MessageForm(ContentForm, frozen=True):
    """A message, a channel's post, or the edit of one; one about the chat itself tells of that."""

    text: str | None = None
    caption: str | None = None
    entities: tuple[EntityForm, ...] = ()
    caption_entities: tuple[EntityForm, ...] = ()
    media_group_id: str | None = None
    forward_origin: PresentForm | None = None
    forward_date: Whole | None = None

    photo: tuple[FileForm, ...] = ()
    """The same picture in several sizes, the largest last."""
    animation: FileForm | None = None
    document: FileForm | None = None
    audio: FileForm | None = None
    voice: FileForm | None = None
    video: FileForm | None = None
    video_note: FileForm | None = None
    sticker: FileForm | None = None
    venue: PresentForm | None = None
    location: PresentForm | None = None
    contact: PresentForm | None = None
    poll: PresentForm | None = None
    checklist: PresentForm | None = None
    dice: PresentForm | None = None
    story: PresentForm | None = None
    game: PresentForm | None = None
    invoice: PresentForm | None = None
    paid_media: PresentForm | None = None
    giveaway: PresentForm | None = None

    migrate_to_chat_id: Whole | None = None
    left_chat_member: UserForm | None = None


class EmojiForm(ReadForm, frozen=True):
    """That with which somebody reacts, by its type."""

    type: str | None = None
    emoji: str | None = None
    custom_emoji_id: str | None = None


class ReactionForm(ContentForm, frozen=True):
    """A change of somebody's reactions to a message."""

    old_reaction: tuple[EmojiForm, ...] = ()
    new_reaction: tuple[EmojiForm, ...] = ()


class CountForm(ReadForm, frozen=True):
    """The number of those who have reacted in one way."""

    type: EmojiForm | None = None
    total_count: Whole | None = None


class TotalsForm(ContentForm, frozen=True):
    """The reactions to a message, where Telegram does not say whose they are."""

    reactions: tuple[CountForm, ...] = ()


class PressForm(ContentForm, frozen=True):
    """A press of a button, with its id."""

    data: str | None = None


class MemberForm(ReadForm, frozen=True):
    """What somebody is in a chat; `is_member` is told where it does not follow from the status."""

    status: str | None = None
    user: UserForm | None = None
    is_member: bool | None = None


class MembershipForm(ContentForm, frozen=True):
    """A change of what somebody is in a chat."""

    new_chat_member: MemberForm | None = None


class UpdateForm(ReadForm, frozen=True):
    """An update, by the kinds that Telegram is asked for; it fills one of them."""

    update_id: Whole | None = None
    message: MessageForm | None = None
    edited_message: MessageForm | None = None
    channel_post: MessageForm | None = None
    edited_channel_post: MessageForm | None = None
    callback_query: PressForm | None = None
    message_reaction: ReactionForm | None = None
    message_reaction_count: TotalsForm | None = None
    my_chat_member: MembershipForm | None = None
    chat_member: MembershipForm | None = None
