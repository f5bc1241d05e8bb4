"""Which messages make one turn: what one person sends in one thread in quick succession, and albums.

Decided by what the journal holds alone, so that a restart forms the same turns.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from bot.receiving.arrival import Letter
from bot.receiving.forms import MessageForm, kind_of
from bot.receiving.reading import UpdateUnreadable
from storage.tables.updates import Entry

ALBUM_WINDOW_MS = 1_000
"""The time after its first picture within which an album may go on; Telegram sends each as a message of its own."""
MAX_MESSAGES = 50
"""Of one turn."""

Thread = tuple[int | None, int | None]
"""A topic, and the message replied to."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The facts that decide with which neighbours a message goes together. `received_at_ms` is the journal's."""

    author: str
    thread: Thread
    album: str | None
    received_at_ms: int
    is_command: bool = False
    """True if its caption is a command, which concerns its album alone."""


@dataclass(frozen=True, slots=True)
class Group:
    """The first `length` messages make one turn; `open_until_ms` tells until when more may join, None for never."""

    length: int
    open_until_ms: int | None


def may_begin(entry: Entry, window_ms: int) -> bool:
    """True if anything can join this update of a lane of answers; cheap, as every message is asked about."""
    return entry.kind == "message" and (window_ms > 0 or b'"media_group_id"' in entry.body)


def first_group(pieces: Iterable[Piece | None], window_ms: int) -> Group:
    """The turn that begins with the first of a lane's messages, in order; None is what goes with nothing.

    A neighbour that does not fit ends it, so that order is kept. `window_ms` counts from the first message, 0 is off;
    an album that has begun stays whole for ALBUM_WINDOW_MS from its own first one. One with a command goes alone, and
    waits for nothing else.
    """
    waiting = iter(pieces)
    first = next(waiting)
    if first is None:
        return Group(1, None)
    albums = {first.album: first.received_at_ms} if first.album else {}
    length, is_command, is_one_album = 1, first.is_command, first.album is not None
    for piece in islice(waiting, MAX_MESSAGES - 1):
        if piece is None or (piece.author, piece.thread) != (first.author, first.thread):
            return Group(length, None)
        in_window = 0 < window_ms >= abs(piece.received_at_ms - first.received_at_ms)
        if not in_window and not _continues(piece, albums):
            return Group(length, None)
        is_command, is_one_album = is_command or piece.is_command, is_one_album and piece.album == first.album
        if is_command and not is_one_album:
            return Group(length, None)
        if piece.album:
            albums.setdefault(piece.album, piece.received_at_ms)
        length += 1
    if length == MAX_MESSAGES:
        return Group(length, None)
    ends = [begun + ALBUM_WINDOW_MS for begun in albums.values()]
    return Group(length, max(ends if is_command else [first.received_at_ms + window_ms, *ends]))


def _continues(piece: Piece, albums: dict[str, int]) -> bool:
    return piece.album in albums and abs(piece.received_at_ms - albums[piece.album]) <= ALBUM_WINDOW_MS


def piece_of(letter: Letter) -> Piece | None:
    """A letter's envelope as a piece; None for edits, channel posts, service messages and what cannot be read."""
    if letter.entry.kind != "message":
        return None
    try:
        envelope = letter.open()
    except UpdateUnreadable:
        return None
    place, content = envelope.place, envelope.content
    if place is None or not isinstance(content, MessageForm) or kind_of(content) == "service":
        return None
    thread = (place.topic_id, place.replied_id)
    is_command = envelope.command is not None
    return Piece(envelope.author.user_id, thread, envelope.album, letter.entry.received_at_ms, is_command)
