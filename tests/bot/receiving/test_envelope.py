"""What the journal reads of raw updates, before anybody knows what they are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.receiving.batch import WITHOUT_ID, NotUpdates, read_batch
from bot.receiving.envelope import MARK_LENGTH, Author, Envelope, WrittenCommand, opened
from bot.receiving.reading import ALLOWED_UPDATES
from storage.tables.updates import Received
from tests.bot.trees import names, trees

ids = st.integers(-(2**63) + 1, 2**63 - 1)


def batch(*updates: Any) -> bytes:
    """A getUpdates answer."""
    return json.dumps({"ok": True, "result": updates}).encode()


def received_of(body: bytes) -> list[Received]:
    """The updates of an answer, where nothing else is in it."""
    left_out: list[str] = []
    received = read_batch(body, left_out.append)
    assert left_out == []
    return received


def envelope_of(**update: Any) -> Envelope:
    """The envelope of an update with this content."""
    return opened(json.dumps({"update_id": 1, **update}).encode())


@given(ids, st.dictionaries(names | st.text(max_size=12), trees, max_size=4))
def test_an_update_of_any_content_has_an_envelope_that_sqlite_can_hold(update_id: int, content: dict[str, Any]) -> None:
    """Nothing here may fail: an update that is not journalled can never be acknowledged."""
    [received] = received_of(batch({**content, "update_id": update_id}))
    assert received.update_id == update_id
    assert len(received.kind) <= MARK_LENGTH
    assert len(received.mark or "") <= 2 * MARK_LENGTH + 1
    for text in (received.kind, received.lane, received.session_id or "", received.mark or ""):
        assert "\x00" not in text.encode().decode()
    assert json.loads(received.body)["update_id"] == update_id


@pytest.mark.parametrize(
    "kind", ["message", "edited_message", "message_reaction", "my_chat_member", "business_message"]
)
def test_only_a_press_and_what_nobody_knows_is_about_another_message(kind: str) -> None:
    """What stands in a message by that name is a field of tomorrow, and changes nothing of where it was."""
    here, there = {"message_id": 5, "chat": {"id": 6}}, {"message_id": 7, "chat": {"id": 8}}
    is_known = kind in ALLOWED_UPDATES
    envelope = envelope_of(**{kind: {**here, "message": there}})
    assert (envelope.message_id, envelope.chat_id) == ((5, 6) if is_known else (7, 8))
    assert envelope_of(callback_query={"id": "1", "message": there}).chat_id == 8


@given(ids, st.sampled_from(ALLOWED_UPDATES), trees | st.dictionaries(names, trees, max_size=8))
def test_no_content_can_break_what_an_envelope_tells(update_id: int, kind: str, content: Any) -> None:
    """Whatever stands where: each part is told or left out, and never raises."""
    envelope = opened(json.dumps({"update_id": update_id, kind: content}).encode())
    for part in ("message_id", "mark", "place", "author", "command", "album", "lane"):
        getattr(envelope, part)
    assert (envelope.place is None) == (envelope.chat_id is None)


@given(st.lists(trees, max_size=5), ids)
def test_elements_that_are_no_updates_are_left_out_and_the_others_kept(others: list[Any], update_id: int) -> None:
    """In the order in which they came."""
    others = [other for other in others if not (isinstance(other, dict) and "update_id" in other)]
    left_out: list[str] = []
    found = read_batch(batch(*others, {"update_id": update_id, "message": {}}), left_out.append)
    assert [received.update_id for received in found] == [update_id]
    assert left_out == [WITHOUT_ID] * len(others)


@given(trees.filter(bool) | st.binary(max_size=40))
def test_what_is_no_answer_to_getupdates_is_said_to_be_none(body: Any) -> None:
    """So that it is asked for again."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(NotUpdates):
        read_batch(raw, print)


@pytest.mark.parametrize(
    "result", [["a string"], [{"message": {}}, 5], [{"update_id": 2**70}], [{"update_id": True}], [{"text": "\ud83d"}]]
)
def test_a_batch_of_which_nothing_can_be_acknowledged_is_an_empty_one(result: list[Any]) -> None:
    """Whoever asks for it again gets what has come behind it, and that can be acknowledged."""
    left_out: list[str] = []
    assert read_batch(batch(*result), left_out.append) == []
    assert left_out == [WITHOUT_ID] * len(result)


@pytest.mark.parametrize("odd", ['"contact": "\\ud83d"', '"message_id": "\\ude00"', '"chat": "\\ud83d", "text": 5'])
def test_half_a_character_in_a_wrong_place_keeps_nothing_back(odd: str) -> None:
    """Neither the update that it is in, nor those that come with it."""
    body = (
        f'{{"ok":true,"result":[{{"update_id":1}},{{"update_id":2,"message":{{{odd}}}}},{{"update_id":3}}]}}'.encode()
    )
    assert [(one.update_id, one.kind) for one in received_of(body)] == [(1, "empty"), (2, "message"), (3, "empty")]


@pytest.mark.parametrize("odd", ['{"a":' * 3000 + "1" + "}" * 3000, '{"text":"\\ud83d"}', "1" * 5000])
def test_an_element_that_nobody_can_name_keeps_nothing_back(odd: str) -> None:
    """However it is made."""
    left_out: list[str] = []
    body = f'{{"ok":true,"result":[{{"update_id":1}},{odd},{{"update_id":3}}]}}'.encode()
    assert [received.update_id for received in read_batch(body, left_out.append)] == [1, 3]
    assert left_out == [WITHOUT_ID]


@pytest.mark.parametrize("layout", ['{ "ok" : true , "result" : [ %s , %s ] }', '{"result":[%s,%s],"ok":true}'])
def test_each_update_keeps_its_own_text(layout: str) -> None:
    """Whatever blanks stand around it; the usual form keeps every byte."""
    first, second = '{"update_id":1,  "message":{"text":"a, ] } \\" \\ud83d"}}', '{"update_id":2}'
    found = received_of((layout % (first, second)).encode())
    assert [json.loads(received.body) for received in found] == [json.loads(first), json.loads(second)]
    if layout.startswith('{ "ok"'):
        assert [received.body.decode() for received in found] == [first, second]


@pytest.mark.parametrize(
    "content",
    ["[" * 5000 + "]" * 5000, '{"a":' * 5000 + '"} ] \\" ["' + "}" * 5000, "1" * 5000],
)
def test_an_update_that_python_cannot_read_is_kept_by_its_id(content: str) -> None:
    """Those before and behind it are read as ever."""
    odd = f'{{"update_id":2,"message":{content}}}'
    found = received_of(f'{{"ok":true,"result":[{{"update_id":1}},{odd},{{"update_id":3}}]}}'.encode())
    assert [(received.update_id, received.kind) for received in found] == [
        (1, "empty"),
        (2, "unreadable"),
        (3, "empty"),
    ]
    assert found[1].body.decode() == odd


def test_an_answer_that_ends_within_is_no_answer() -> None:
    """Not even its first part is taken: it comes again."""
    whole = batch({"update_id": 1, "message": {"text": "x"}}, {"update_id": 2})
    for end in range(len(whole) - 2):
        with pytest.raises(NotUpdates):
            read_batch(whole[:end], print)


COMMAND = [{"type": "bot_command", "offset": 0, "length": 5}]


@pytest.mark.parametrize(
    ("kind", "content", "lane"),
    [
        ("message", {}, "answer"),
        ("edited_message", {}, "answer"),
        ("message", {"entities": COMMAND, "text": "/ping"}, "control"),
        ("message", {"entities": COMMAND, "text": "/ping", "forward_origin": {"type": "user"}}, "answer"),
        ("message", {"entities": COMMAND, "text": "/pair X", "forward_origin": {"type": "user"}}, "control"),
        ("edited_message", {"entities": COMMAND, "text": "/ping"}, "answer"),
        ("message_reaction", {}, "control"),
        ("callback_query", {}, "control"),
        ("my_chat_member", {}, "control"),
        ("something_new", {}, "control"),
    ],
)
def test_answers_and_control_have_lanes_of_their_own(kind: str, content: dict[str, Any], lane: str) -> None:
    """Of a chat, or of a topic of a forum; a bare thread id is no topic."""
    place = {"chat": {"id": 5}, "message_thread_id": 7}
    for topic, name in ((True, f"5:7:{lane}"), (False, f"5::{lane}")):
        [received] = received_of(batch({"update_id": 1, kind: {**place, "is_topic_message": topic, **content}}))
        assert received.lane == name


GROUP = {"id": -5, "type": "supergroup"}


@pytest.mark.parametrize(
    ("kind", "content", "author"),
    [
        ("message", {"from": {"id": 7, "first_name": "Ann"}}, Author("7", True, "Ann")),
        ("message", {"from": {"id": 1087968824}, "sender_chat": {"id": -5, "title": "G"}}, Author("chat:-5", name="G")),
        ("channel_post", {"chat": {"id": -5}}, Author("chat:-5")),
        ("callback_query", {"from": {"id": 7}, "message": {"chat": {"id": 5}, "from": {"id": 1}}}, Author("7", True)),
        ("message_reaction", {"user": {"id": 7}, "chat": {"id": -5}}, Author("7", True)),
        ("message_reaction", {"actor_chat": {"id": -5}, "chat": {"id": -5}}, Author("chat:-5")),
        ("message_reaction_count", {"chat": {"id": -5}}, Author("")),
        ("my_chat_member", {"from": {"id": 7}, "chat": {"id": -5}}, Author("7", True)),
        ("message", {"from": {"id": 7, "is_bot": True}, "chat": GROUP}, Author("7", is_bot=True)),
        ("message", {"from": {"id": 7, "is_bot": "yes"}, "chat": GROUP}, Author("7", True)),
        ("message", {"sender_chat": {"id": -5}, "chat": GROUP}, Author("chat:-5", speaks_for_group=True)),
        ("message_reaction", {"actor_chat": {"id": -5}, "chat": GROUP}, Author("chat:-5", speaks_for_group=True)),
        ("message", {"sender_chat": {"id": -6}, "chat": GROUP}, Author("chat:-6")),
        ("message", {"chat": GROUP}, Author("chat:-5")),
        ("channel_post", {"sender_chat": {"id": -5}, "chat": {**GROUP, "type": "channel"}}, Author("chat:-5")),
    ],
)
def test_an_author_is_a_person_or_a_chat_that_speaks_for_one(kind: str, content: Any, author: Author) -> None:
    """An id that a group shares has no rights, and beside it stands a `from` that all groups share."""
    assert envelope_of(**{kind: content}).author == author


@pytest.mark.parametrize(
    ("text", "length", "command"),
    [
        ("/help", 5, WrittenCommand("help", "", "")),
        ("/Help@Polar_Bot  me ", 15, WrittenCommand("help", "me", "polar_bot")),
        ("/memory search\nbike", 7, WrittenCommand("memory", "search\nbike", "")),
        ("/", 1, None),
        ("/@polar_bot", 11, None),
        ("hello", 5, None),
        ("@polar_bot hello", 16, None),
    ],
)
def test_a_command_is_what_telegram_marks_as_one(text: str, length: int, command: WrittenCommand | None) -> None:
    """Its name, what stands behind it, and the bot that it is meant for."""
    entities = [{"type": "bot_command", "offset": 0, "length": length}]
    content = {"chat": {"id": 5}, "text": text, "entities": entities}
    assert envelope_of(message=content).command == command
    assert envelope_of(message={**content, "entities": []}).command is None


@pytest.mark.parametrize(
    ("update", "mark"),
    [
        ({"message": {"date": 5, "text": "x"}}, "message:5"),
        ({"channel_post": {"date": 5}}, "channel_post:5"),
        ({"edited_message": {"date": 5, "edit_date": 9}}, "edited_message:9"),
        ({"edited_message": {"date": 5, "edit_date": "9"}}, "edited_message:5"),
        ({"message_reaction": {"date": 6, "message_id": 1}}, "message_reaction:6"),
        ({"message_reaction_count": {"date": 6}}, "message_reaction_count:6"),
        ({"my_chat_member": {"date": 7}}, "my_chat_member:7"),
        ({"callback_query": {"id": "4382", "message": {"date": 5}}}, "callback_query:4382"),
        ({"callback_query": {"id": "1" * 5000}}, "callback_query:" + "1" * MARK_LENGTH),
        ({"callback_query": {"id": 4382}}, None),
        ({"message": {"date": True}}, None),
        ({"message": {"date": 2**70}}, None),
        ({"message": None}, None),
        ({}, None),
    ],
)
def test_an_update_is_marked_by_what_telegram_says_of_it(update: dict[str, Any], mark: str | None) -> None:
    """Its kind with the date of its edit, else its own, else a press's id; what is no such thing is no mark."""
    assert envelope_of(**update).mark == mark
