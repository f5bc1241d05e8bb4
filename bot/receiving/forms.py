"""The form of an update: what Polar reads of it, and of which type. All other fields are passed over unread.

Any field may be missing. What a turn cannot be made without is asked for in turns.py.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Annotated

from msgspec import Meta, Struct, field

from storage.text import clean

_MAX_ID = 2**63 - 1
Whole = Annotated[int, Meta(ge=-_MAX_ID, le=_MAX_ID)]
"""A whole number that SQLite can hold."""
Degrees = Annotated[float, Meta(ge=-360, le=360)]
"""Of latitude or longitude."""

# An animation also fills `document`, and a venue `location`, for programs that do not know them.
_CARRIED = (
    *("animation", "document", "audio", "voice", "video", "video_note", "sticker"),
    *("venue", "location", "contact", "poll", "checklist", "dice", "story"),
    *("game", "invoice", "paid_media", "giveaway", "giveaway_winners"),
)
_NOTHING = (None,) * len(_CARRIED)
_carried_by = attrgetter(*_CARRIED)
KIND_LENGTH = 64
"""Characters of a kind that nobody knows yet; Telegram's names are shorter."""


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
    first_name: str | None = None
    """Of the chat with one person."""


class EntityForm(ReadForm, frozen=True):
    """A part of a text that means something; it is counted in UTF-16 units."""

    type: str | None = None
    offset: Whole | None = None
    length: Whole | None = None
    url: str | None = None
    """The address behind a text that is none itself."""
    user: UserForm | None = None
    """Who is named by a text, where they have no name to write."""


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


class LocationForm(ReadForm, frozen=True):
    """A point on the earth, or where somebody is for a while."""

    latitude: Degrees | None = None
    longitude: Degrees | None = None


class VenueForm(ReadForm, frozen=True):
    """A point that has a name."""

    location: LocationForm | None = None
    title: str | None = None
    address: str | None = None


class ContactForm(ReadForm, frozen=True):
    """Somebody's number; `user_id` is told where they are on Telegram."""

    phone_number: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    user_id: Whole | None = None


class DiceForm(ReadForm, frozen=True):
    """A throw of whatever the emoji shows."""

    emoji: str | None = None
    value: Whole | None = None


class OptionForm(ReadForm, frozen=True):
    """One answer of a poll."""

    text: str | None = None


class PollForm(ReadForm, frozen=True):
    """A question with its answers; `type` is regular or quiz."""

    question: str | None = None
    options: tuple[OptionForm, ...] = ()
    type: str | None = None
    explanation: str | None = None


class TaskForm(ReadForm, frozen=True):
    """One item of a checklist; `completion_date` is 0, or missing, as long as it is to be done."""

    text: str | None = None
    completion_date: Whole | None = None


class ChecklistForm(ReadForm, frozen=True):
    """A list of what is to be done."""

    title: str | None = None
    tasks: tuple[TaskForm, ...] = ()


class OfferForm(ReadForm, frozen=True):
    """A game, or an invoice."""

    title: str | None = None
    description: str | None = None


class StoryForm(ReadForm, frozen=True):
    """A story; of what it shows nothing is told."""

    chat: ChatForm | None = None


class OriginForm(ReadForm, frozen=True):
    """Whose a message was first; each type has some of these."""

    type: str | None = None
    sender_user: UserForm | None = None
    sender_user_name: str | None = None
    sender_chat: ChatForm | None = None
    chat: ChatForm | None = None
    author_signature: str | None = None


class QuoteForm(ReadForm, frozen=True):
    """The words of another message that one replies to."""

    text: str | None = None


class PlacedForm(ReadForm, frozen=True):
    """A message as far as it tells where it is."""

    chat: ChatForm | None = None
    message_id: Whole | None = None
    message_thread_id: Whole | None = None
    is_topic_message: bool = False
    reply_to_message: MessageForm | None = None


class ContentForm(PlacedForm, frozen=True):
    """The content of any update: where it was, when, and who did it."""

    id: str | None = None
    date: Whole | None = None
    edit_date: Whole | None = None
    sender: UserForm | None = field(name="from", default=None)
    user: UserForm | None = None
    sender_chat: ChatForm | None = None
    actor_chat: ChatForm | None = None


class MessageForm(ContentForm, frozen=True):
    """A message, a channel's post, or the edit of one; one about the chat itself tells of that."""

    text: str | None = None
    caption: str | None = None
    entities: tuple[EntityForm, ...] = ()
    caption_entities: tuple[EntityForm, ...] = ()
    media_group_id: str | None = None
    forward_origin: OriginForm | None = None
    forward_date: Whole | None = None
    quote: QuoteForm | None = None
    external_reply: ExternalForm | None = None
    reply_to_story: StoryForm | None = None

    photo: tuple[FileForm, ...] = ()
    """The same picture in several sizes, the largest last."""
    animation: FileForm | None = None
    document: FileForm | None = None
    audio: FileForm | None = None
    voice: FileForm | None = None
    video: FileForm | None = None
    video_note: FileForm | None = None
    sticker: FileForm | None = None
    venue: VenueForm | None = None
    location: LocationForm | None = None
    contact: ContactForm | None = None
    poll: PollForm | None = None
    checklist: ChecklistForm | None = None
    dice: DiceForm | None = None
    story: StoryForm | None = None
    game: OfferForm | None = None
    invoice: OfferForm | None = None
    paid_media: PresentForm | None = None
    giveaway: PresentForm | None = None
    giveaway_winners: PresentForm | None = None

    unknown: str | None = field(name="?", default=None)
    """The name of content of a kind that is not known yet; bot/receiving/reading.py fills it."""

    forum_topic_created: PresentForm | None = None
    """It is no message of anybody's, but the beginning of a topic, to which all in there replies."""
    migrate_to_chat_id: Whole | None = None
    left_chat_member: UserForm | None = None


def kind_of(message: MessageForm) -> str:
    """The kind of a message, named as Telegram's fields are; "service" is a message about the chat itself."""
    if message.photo:
        return "photo"
    if (carried := _carried_by(message)) != _NOTHING:
        return next(kind for kind, content in zip(_CARRIED, carried, strict=True) if content is not None)
    return "text" if message.text is not None else clean(message.unknown or "")[:KIND_LENGTH] or "service"


class ExternalForm(MessageForm, frozen=True):
    """A message of another chat or topic that one replies to: whose it is, and what it carries besides text."""

    origin: OriginForm | None = None


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


class AboutForm(ContentForm, frozen=True):
    """What is about a message, or of a kind that nobody knows yet and may be about one."""

    message: PlacedForm | None = None
    """The message that it is about."""


class PressForm(AboutForm, frozen=True):
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
