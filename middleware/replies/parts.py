"""A reply as the calls that say it: messages, a file, or a file in place of too many messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from msgspec import structs

from middleware.replies.rich_text import RichText, rich, split_rich
from middleware.replies.splitting import LIMIT, clean, is_visible, split, utf16_length
from middleware.texts import say
from middleware.turn import Document, LaterDocument, Reply
from storage.payloads import SendDocument, SendMessage

MARK_ROOM = 64
"""The room that parts leave, in UTF-16 units, for the mark of one that is sent again; the same in all languages."""
CAPTION_LIMIT = 1024  # UTF-16 code units
DOCUMENT_LIMIT = 45_000_000
"""Bytes of a document; Telegram takes no more than 50 MB in all."""
ANSWER_FILE = "answer.md"
_ROOM = LIMIT - MARK_ROOM
_CAPTION_ROOM = CAPTION_LIMIT - MARK_ROOM
_TOO_DENSE = 2
"""A text this many times as long as its parts may be is not looked at, however little of it may be seen."""


@dataclass(frozen=True, slots=True)
class InMessages:
    """What a file says in messages, as far as they go, and a note of ours that the rest is left out."""

    messages: tuple[SendMessage, ...]
    note: SendMessage


def sendable(reply: Reply) -> tuple[Reply, ...]:
    """A reply as it can be sent: in place of a document that Telegram would not take we say why."""
    if not isinstance(reply.document, Document):
        return (reply,)
    document = Document(reply.document.name, clean(reply.document.content))
    size = len(document.content.encode())
    if 0 < size <= DOCUMENT_LIMIT:
        return (replace(reply, document=document),)
    said, key = replace(reply, document=None), "document.empty" if size == 0 else "document.too_large"
    why = replace(said, text=say(key, name=document.name), markdown=False, rateable=False, by="polar")
    return (said, replace(why, buttons=(), joins=True)) if is_visible(said.text) else (why,)


def parts(reply: Reply, most: int) -> Iterator[SendMessage | SendDocument]:
    """Yield what a sendable reply sends, one after another, each in its own right.

    A text of more than `most` messages is a file; one too long for a caption goes before the document.
    """
    if reply.document is not None:
        yield from _with_document(reply, _as_call(reply.document), most)
    else:
        yield from _said(reply.text, reply.markdown, most)


def in_messages(file: SendDocument) -> InMessages:
    """The first `file.parts` messages of a text that was to go as a file."""
    cut = _cut(file.content[: _readable(file.parts)], file.markdown)[: file.parts]
    messages = [_message(part, topic_id=file.topic_id, silent=file.silent) for part in cut]
    messages[0] = structs.replace(messages[0], reply_to=file.reply_to)
    messages[-1] = structs.replace(messages[-1], buttons=file.buttons)
    note = RichText(say("document.refused"))
    return InMessages(tuple(messages), _message(note, topic_id=file.topic_id, silent=file.silent))


def _said(text: str, markdown: bool, most: int) -> Iterator[SendMessage | SendDocument]:
    """A text in messages, or in a file in place of too many."""
    cut = _cut(text, markdown) if len(text) <= _readable(most) else ()
    if len(cut) <= most and len(text) <= _readable(most):
        yield from map(_message, cut)
    elif is_visible(text := clean(text)):
        yield _file(text, markdown, most)


def _readable(most: int) -> int:
    return most * LIMIT * _TOO_DENSE


def _file(text: str, markdown: bool, most: int) -> SendDocument:
    """The text as it is written, with its beginning as the caption."""
    beginning = _cut(text[:LIMIT], markdown, _CAPTION_ROOM)
    caption = beginning[0] if beginning else RichText("")
    return SendDocument(
        text=caption.text,
        entities=caption.entities,
        name=ANSWER_FILE,
        size=len(text.encode()),
        content=text,
        parts=most,
        markdown=markdown,
    )


def _as_call(document: Document | LaterDocument) -> SendDocument:
    if isinstance(document, LaterDocument):
        return SendDocument(text="", name=document.name, size=0, content="", made_of=document.made_of)
    return SendDocument(text="", name=document.name, size=len(document.content.encode()), content=document.content)


def _with_document(reply: Reply, document: SendDocument, most: int) -> Iterator[SendMessage | SendDocument]:
    is_short = len(reply.text) <= _readable(1)
    captions = _cut(reply.text, reply.markdown) if is_short else ()
    if not is_short or len(captions) > 1 or any(utf16_length(each.text) > _CAPTION_ROOM for each in captions):
        yield from _said(reply.text, reply.markdown, max(1, most - 1))
        captions = ()
    caption = captions[0] if captions else RichText("")
    yield structs.replace(document, text=caption.text, entities=caption.entities)


def _cut(text: str, markdown: bool, limit: int = _ROOM) -> tuple[RichText, ...]:
    cut = split_rich(rich(text), limit) if markdown else map(RichText, split(clean(text), limit))
    return tuple(part for part in cut if is_visible(part.text))


def _message(part: RichText, *, topic_id: int | None = None, silent: bool = False) -> SendMessage:
    return SendMessage(text=part.text, entities=part.entities, topic_id=topic_id, silent=silent)
