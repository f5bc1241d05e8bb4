"""Which messages make one turn: a pure decision over what the journal holds."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from bot.receiving.arrival import Letter
from bot.receiving.merging import ALBUM_WINDOW_MS, MAX_MESSAGES, Group, Piece, first_group, may_begin, piece_of
from storage.tables.updates import Entry
from tests.bot.trees import trees

WINDOW_MS = 800
ANN = Piece("7", (None, None), None, 10_000)


def later(ms: int, **changes: Any) -> Piece:
    """A message of Ann's, so much after her first one."""
    return replace(ANN, received_at_ms=ANN.received_at_ms + ms, **changes)


def grouped(pieces: list[Piece | None], window_ms: int) -> list[list[Piece | None]]:
    """All turns of a lane, one after another."""
    groups, rest = [], pieces
    while rest:
        length = first_group(rest, window_ms).length
        groups.append(rest[:length])
        rest = rest[length:]
    return groups


times = st.lists(st.integers(0, 700), max_size=30).map(lambda gaps: [sum(gaps[: n + 1]) for n in range(len(gaps))])
windows = st.sampled_from([0, 1, WINDOW_MS, 5000])


@st.composite
def lanes(draw: st.DrawFn) -> list[Piece | None]:
    """What a lane may hold: messages of two people in two threads, albums among them, and things that never merge."""
    found: list[Piece | None] = []
    for at in draw(times):
        author, thread = draw(st.sampled_from("ab")), draw(st.sampled_from([(None, None), (None, 5), (3, None)]))
        piece = Piece(author, thread, draw(st.sampled_from([None, None, "x", "y"])), at)
        found.append(draw(st.sampled_from([piece, piece, piece, piece, None])))
    return found


@given(lanes(), windows)
def test_no_message_is_dropped_and_none_overtakes_another(pieces: list[Piece | None], window_ms: int) -> None:
    """The turns, one after another, are the lane."""
    groups = grouped(pieces, window_ms)
    assert [piece for group in groups for piece in group] == pieces
    assert all(len(group) <= MAX_MESSAGES for group in groups)


@given(lanes(), windows)
def test_a_turn_is_of_one_person_in_one_thread_and_within_its_time(pieces: list[Piece | None], window_ms: int) -> None:
    """What comes after the window is of an album that had begun within it."""
    for first, *others in grouped(pieces, window_ms):
        assert first is not None or not others
        for other in others:
            assert first is not None
            assert other is not None
            assert (other.author, other.thread) == (first.author, first.thread)
            elapsed = other.received_at_ms - first.received_at_ms
            assert elapsed <= window_ms or (other.album and elapsed <= window_ms + ALBUM_WINDOW_MS)


@given(lanes(), windows, st.data())
def test_a_restart_between_any_two_turns_forms_the_same_ones(
    pieces: list[Piece | None], window_ms: int, data: st.DataObject
) -> None:
    """What is still pending after some commits makes the turns that it would have made without the restart."""
    groups = grouped(pieces, window_ms)
    done = data.draw(st.integers(0, len(groups)))
    pending = [piece for group in groups[done:] for piece in group]
    assert grouped(pending, window_ms) == groups[done:]


@given(lanes(), windows)
def test_when_the_window_is_over_what_came_until_then_decides(lane: list[Piece | None], window_ms: int) -> None:
    """What comes later changes nothing any more, so that deciding then is deciding with hindsight."""
    pieces = [piece for piece in lane if piece is not None] or [ANN]
    group, seen = first_group(pieces[:1], window_ms), 1
    while group.open_until_ms is not None:
        arrived = sum(piece.received_at_ms <= group.open_until_ms for piece in pieces)
        if arrived <= seen:
            break
        group, seen = first_group(pieces[:arrived], window_ms), arrived
    assert group.length == first_group(pieces, window_ms).length


@pytest.mark.parametrize(
    ("others", "window_ms", "expected"),
    [
        ([], WINDOW_MS, Group(1, 10_800)),
        ([later(800)], WINDOW_MS, Group(2, 10_800)),
        ([later(801)], WINDOW_MS, Group(1, None)),
        ([later(0)], 0, Group(1, None)),
        ([later(5, author="8"), later(6)], WINDOW_MS, Group(1, None)),
        ([later(5, thread=(None, 3))], WINDOW_MS, Group(1, None)),
        ([None, later(6)], WINDOW_MS, Group(1, None)),
        ([later(700, album="x"), later(1700, album="x")], WINDOW_MS, Group(3, 11_700)),
        ([later(700, album="x"), later(1701, album="x")], WINDOW_MS, Group(2, None)),
        ([later(700, album="x"), later(900)], WINDOW_MS, Group(2, None)),
        ([later(-3_600_000)], WINDOW_MS, Group(1, None)),
    ],
)
def test_the_window_counts_from_the_first_message_and_keeps_albums_whole(
    others: list[Piece | None], window_ms: int, expected: Group
) -> None:
    """A neighbour that does not fit ends it at once; a clock that was set back joins nothing."""
    assert first_group([ANN, *others], window_ms) == expected


def test_an_album_has_its_window_also_without_any_other_merging() -> None:
    """And nothing but its own pictures joins it."""
    album = [replace(ANN, album="x"), later(1000, album="x")]
    assert first_group(album, 0) == Group(2, 11_000)
    assert first_group([album[0], later(0)], 0) == Group(1, None)
    assert first_group([album[0], later(0, album="y")], 0) == Group(1, None)


def test_an_album_with_a_command_goes_alone_and_waits_for_itself_alone() -> None:
    """Whichever picture has it; what stands before or behind is not run with it."""
    plain, command = replace(ANN, album="x"), replace(later(10, album="x"), is_command=True)
    for album in ([plain, command, later(20, album="x")], [replace(plain, is_command=True), later(20, album="x")]):
        assert first_group(album, WINDOW_MS) == Group(len(album), 11_000)
        for other in (later(30), later(30, album="y")):
            assert first_group([*album, other], WINDOW_MS) == Group(len(album), None)
    assert first_group([ANN, command], WINDOW_MS) == Group(1, None)
    assert first_group([ANN, plain, command], WINDOW_MS) == Group(2, None)


def test_what_goes_with_nothing_is_a_turn_of_its_own() -> None:
    """An edit, a channel's post, a service message."""
    assert first_group([None, ANN, None], WINDOW_MS) == Group(1, None)


def test_a_turn_that_is_full_waits_for_nothing() -> None:
    """The next message begins another."""
    assert first_group([ANN] * MAX_MESSAGES, WINDOW_MS) == Group(MAX_MESSAGES, None)
    assert first_group([ANN] * (MAX_MESSAGES + 5), WINDOW_MS) == Group(MAX_MESSAGES, None)


def letter(content: Any, *, kind: str = "message", body: bytes | None = None) -> Letter:
    """A journalled update with this content."""
    return Letter(
        Entry(
            update_id=1,
            sequence=1,
            kind=kind,
            lane="5::answer",
            session_id="telegram:chat:5",
            telegram_message_id=1,
            body=body or json.dumps({"update_id": 1, kind: content}).encode(),
            attempts=0,
            received_at_ms=3,
        )
    )


TEXT = {"message_id": 9, "chat": {"id": 5}, "from": {"id": 7}, "text": "hello"}
PING = {**TEXT, "text": "/ping", "entities": [{"type": "bot_command", "offset": 0, "length": 5}]}
TOPIC = {"message_thread_id": 4, "is_topic_message": True}


@pytest.mark.parametrize(
    ("content", "piece"),
    [
        (TEXT, Piece("7", (None, None), None, 3)),
        ({**TEXT, "sender_chat": {"id": -5}}, Piece("chat:-5", (None, None), None, 3)),
        ({**TEXT, "media_group_id": "11"}, Piece("7", (None, None), "11", 3)),
        ({**PING, "media_group_id": "11"}, Piece("7", (None, None), "11", 3, is_command=True)),
        ({**TEXT, "reply_to_message": {"message_id": 2}}, Piece("7", (None, 2), None, 3)),
        ({**TEXT, "message_thread_id": 4}, Piece("7", (None, None), None, 3)),
        ({**TEXT, **TOPIC, "reply_to_message": {"message_id": 4}}, Piece("7", (4, None), None, 3)),
        ({**TEXT, **TOPIC, "reply_to_message": {"message_id": 6}}, Piece("7", (4, 6), None, 3)),
        ({"message_id": 9, "chat": {"id": 5}, "from": {"id": 7}, "new_chat_title": "T"}, None),
        ({"message_id": 9, "chat": {"id": 5}, "text": "from nobody"}, Piece("chat:5", (None, None), None, 3)),
        ({"message_id": 9, "from": {"id": 7}, "text": "from nowhere"}, None),
    ],
)
def test_author_thread_and_album_are_read_from_the_raw_body(content: dict[str, Any], piece: Piece | None) -> None:
    """As the handlers read them later: an implicit reply to a topic's first message is none."""
    assert piece_of(letter(content)) == piece
    assert piece_of(letter(content, kind="edited_message")) is None
    assert piece_of(letter(content, kind="channel_post")) is None


@given(trees | st.dictionaries(st.sampled_from([*TEXT, "sender_chat", "media_group_id"]), trees), windows)
def test_no_content_can_break_the_decision(content: Any, window_ms: int) -> None:
    """What it really holds is found out later, when it is handled."""
    pieces = [piece_of(letter(content)), piece_of(letter({**TEXT, "media_group_id": content}))]
    assert 1 <= first_group(pieces, window_ms).length <= 2
    assert piece_of(letter(content, body=b"[" * 100_000)) is None


def test_only_messages_are_asked_about_and_without_a_window_only_pictures_of_albums() -> None:
    """So that nothing waits or is parsed that need not."""
    picture = letter({**TEXT, "media_group_id": "11"}).entry
    assert may_begin(picture, 0)
    assert not may_begin(letter({**TEXT, "text": '"media_group_id"'}).entry, 0)
    assert may_begin(letter(TEXT).entry, 1)
    assert not may_begin(structs.replace(picture, kind="edited_message"), 1)
