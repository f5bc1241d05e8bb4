"""The parts of a message: what it replies to, quotes, forwards, links and names, each with whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.receiving.attachments import describe
from bot.receiving.forms import ChatForm, EntityForm, ExternalForm, MessageForm, OriginForm, UserForm
from bot.receiving.marked import marked
from storage.ids import user_id_of_chat
from storage.parts import (
    CONTACT,
    EXTERNAL_REPLY,
    FORWARDED,
    LINK,
    MENTION,
    QUOTE,
    REPLIED_CONTACT,
    REPLIED_TO,
    STORY,
    Part,
)
from storage.text import clean

Whose = tuple[str, dict[str, Any]]
"""The user id of an author, '' where it is not told, and what is said of them."""
NOBODY: Whose = ("", {})


def parts_of(message: MessageForm, bot_id: int) -> tuple[Part, ...]:
    """What belongs to a message besides its own text and attachment; most often nothing."""
    return tuple(_parts(message, bot_id))


def _parts(message: MessageForm, bot_id: int) -> Iterator[Part]:
    replied, external = message.reply_to_message, message.external_reply
    whose = NOBODY
    if replied is not None:
        whose = _author(replied, bot_id)
        yield from _others(REPLIED_TO, replied, whose)
    if external is not None:
        whose = _author(external, bot_id)
        yield from _others(EXTERNAL_REPLY, external, whose)
    if message.reply_to_story is not None:
        yield _part(STORY, _chat(message.reply_to_story.chat))
    if message.quote is not None and message.quote.text:
        yield _part(QUOTE, whose, text=clean(message.quote.text))
    if message.forward_origin is not None:
        yield _part(FORWARDED, _origin(message.forward_origin, bot_id))
    if message.story is not None and message.story.chat is not None:
        yield _part(FORWARDED, _chat(message.story.chat))
    yield from _contact(message, CONTACT)
    yield from (_part(LINK, NOBODY, **link) for link in _links(message))
    for text, entity in _marked(message, "text_mention"):
        if entity.user is not None:
            yield _part(MENTION, _user(entity.user, bot_id), text=text)


def _others(kind: str, other: MessageForm, whose: Whose) -> Iterator[Part]:
    """Another message, by what it says; a part of its own for what is a third one's in there."""
    carried, attachment = describe(other)
    content: dict[str, Any] = {}
    if text := clean(other.text or other.caption or ""):
        content["text"] = text
    if attachment is not None:
        content["attachment"] = {"kind": carried, **attachment}
    if links := list(_links(other)):
        content["links"] = links
    if content or kind == EXTERNAL_REPLY:
        yield _part(kind, whose, **content)
    yield from _contact(other, REPLIED_CONTACT)


def _links(message: MessageForm) -> Iterator[dict[str, str]]:
    """The addresses behind words of its text."""
    for text, entity in _marked(message, "text_link"):
        if entity.url:
            yield {"text": text, "url": clean(entity.url)}


def _contact(message: MessageForm, kind: str) -> Iterator[Part]:
    if (contact := message.contact) is None:
        return
    name = " ".join(filter(None, (contact.first_name, contact.last_name)))
    told = {"name": clean(name), "number": clean(contact.phone_number or "")}
    author_id = "" if contact.user_id is None else str(contact.user_id)
    yield _part(kind, (author_id, {}), **{key: value for key, value in told.items() if value})


def _part(kind: str, whose: Whose, **content: Any) -> Part:
    author_id, told = whose
    return Part(kind=kind, author_id=author_id, content={**told, **content})


def _author(message: MessageForm, bot_id: int) -> Whose:
    """Whose the words of a message are: of one that was forwarded, who wrote it first."""
    origin = message.origin if isinstance(message, ExternalForm) else message.forward_origin
    if origin is not None:
        return _origin(origin, bot_id)
    if message.sender_chat is not None:
        return _chat(message.sender_chat)
    return _user(message.sender, bot_id) if message.sender is not None else NOBODY


def _origin(origin: OriginForm, bot_id: int) -> Whose:
    if origin.sender_user is not None:
        return _user(origin.sender_user, bot_id)
    author_id, told = _chat(origin.chat or origin.sender_chat)
    if origin.sender_user_name:
        told = {"from": clean(origin.sender_user_name)}
    signature = {"signed": clean(origin.author_signature)} if origin.author_signature else {}
    return author_id, told | signature


def _user(user: UserForm, bot_id: int) -> Whose:
    if user.id == bot_id:
        return str(bot_id), {"yours": True}
    return "" if user.id is None else str(user.id), _named(user.first_name)


def _chat(chat: ChatForm | None) -> Whose:
    """A chat that speaks; where it is the chat with one person, its id is theirs."""
    if chat is None:
        return NOBODY
    author_id = ""
    if chat.id is not None:
        author_id = str(chat.id) if chat.type == "private" else user_id_of_chat(chat.id)
    return author_id, _named(chat.title or chat.first_name)


def _named(name: str | None) -> dict[str, Any]:
    return {"from": clean(name)} if name else {}


def _marked(message: MessageForm, kind: str) -> Iterator[tuple[str, EntityForm]]:
    """The words of a text that are marked as of this kind, with what marks them."""
    if message.text is not None:
        return marked(message.text, message.entities, kind)
    return marked(message.caption, message.caption_entities, kind)
