"""The forms of names are an interface: each reads back as it was made, and is written the same by SQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from uuid import NAMESPACE_URL, RFC_4122, UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import ids

NUMBERS = st.integers(min_value=-(2**62), max_value=2**62)
POSITIVE = st.integers(min_value=1, max_value=2**62)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40)
SIDES = st.sampled_from(["answer", "control"])
SOURCES = st.sampled_from(["automation", "heartbeat"])


def said_by_sql(expression: str, **params: object) -> object:
    """What SQLite makes of an expression over parameters."""
    with closing(sqlite3.connect(":memory:")) as connection:
        return connection.execute(f"SELECT {expression}", params).fetchone()[0]


def test_every_form_is_as_it_was_stored_before() -> None:
    """Byte for byte: rows of earlier versions are found by these names."""
    assert ids.session_id_of(-5) == "telegram:chat:-5"
    assert ids.user_id_of_chat(-5) == "chat:-5"
    assert [ids.root_thread(-5), ids.topic_thread(-5, 6), ids.reply_thread(-5, 7)] == [
        "root:-5",
        "topic:-5:6",
        "reply:-5:7",
    ]
    assert [ids.received_message_id(8), ids.sent_message_id(9)] == ["msg_u_8", "msg_a_9"]
    assert ids.unknown_message_id(-5, 8) == "telegram:-5:8"
    assert [ids.lane_of(-5, 6, "answer"), ids.lane_of(None, None, "control")] == ["-5:6:answer", "::control"]
    assert ids.update_turn_id(1, 2) == "update:1:2"
    assert ids.part_id(ids.reply_id("update:1:2", 0), 1) == "update:1:2:0:1"
    assert ids.surplus_id("update:1:2", 3) == "update:1:2:surplus:3"
    assert ids.placeholder_id("update:1:2") == "update:1:2:placeholder"
    assert ids.notice_id("dead:7", -5) == "notice:dead:7:-5"
    assert [ids.next_id("automation", "j"), ids.next_id("heartbeat", "p")] == ["automation:j", "heartbeat:p"]
    assert ids.run_id("automation", "j", 3) == "run:j:3"
    assert ids.run_id("heartbeat", "p", 3, is_manual=True) == "beat:p:manual:3"
    assert ids.try_id("run:j:3", 2) == "run:j:3#2"
    assert ids.profile_id("global") == "personality:global"
    assert ids.profile_id("session", "1", "telegram:chat:2") == "personality:session:1:telegram:chat:2"
    assert [ids.budget_name("global", ""), ids.budget_name("user", "1")] == ["global", "user:1"]
    assert (ids.THUMB_UP, ids.THUMB_DOWN) == ("fb:+", "fb:-")


@given(NUMBERS)
def test_a_session_names_its_chat(chat_id: int) -> None:
    """And reads on pages as that chat's number."""
    assert ids.chat_id_of(ids.session_id_of(chat_id)) == chat_id
    assert ids.place_named(ids.session_id_of(chat_id)) == str(chat_id)


@pytest.mark.parametrize("other", ["web:chat:1", "telegram:chat:", "telegram:chat:1:2", "", "5"])
def test_a_session_of_another_kind_has_no_chat(other: str) -> None:
    """It is refused where a chat is needed, and shown as it is."""
    with pytest.raises(ValueError):
        ids.chat_id_of(other)
    assert ids.place_named("web:chat:1") == "web:chat:1"


@given(NUMBERS, POSITIVE)
def test_a_thread_of_replies_names_what_it_replies_to(chat_id: int, replied_id: int) -> None:
    """Threads of other kinds name nothing."""
    assert ids.replied_in(ids.reply_thread(chat_id, replied_id)) == replied_id
    assert ids.replied_in(ids.topic_thread(chat_id, replied_id)) is None
    assert ids.replied_in(ids.root_thread(chat_id)) is None


@given(NUMBERS.filter(bool), POSITIVE)
def test_a_private_reply_is_told_in_the_chat(chat_id: int, number: int) -> None:
    """Replies in groups, and topics anywhere, are threads of their own; SQL says the same."""
    for make in (ids.reply_thread, ids.topic_thread, lambda chat_id, _: ids.root_thread(chat_id)):
        thread = make(chat_id, number)
        is_private_reply = chat_id > 0 and make is ids.reply_thread
        told_in = ids.told_in(thread)
        assert told_in == (ids.root_thread(chat_id) if is_private_reply else thread)
        found = said_by_sql(ids.sql_told_in(":thread", ":session"), thread=thread, session=ids.session_id_of(chat_id))
        assert found == told_in


@given(st.none() | NUMBERS, st.none() | POSITIVE, SIDES)
def test_a_lane_tells_its_side_and_its_conversation(chat: int | None, topic: int | None, side: ids.Side) -> None:
    """Both lanes of a conversation have it in common, and nothing else."""
    lane = ids.lane_of(chat, topic, side)
    assert ids.side_of(lane) == side
    assert {ids.conversation_of(ids.lane_of(chat, topic, s)) for s in ("answer", "control")} == {
        ids.conversation_of(lane)
    }
    assert lane == f"{ids.conversation_of(lane)}:{side}"


@given(NUMBERS, POSITIVE, st.integers(0, 99), st.integers(0, 99))
def test_a_delivery_tells_what_it_is(update_id: int, received_ms: int, reply: int, part: int) -> None:
    """A placeholder, a notice, or the part of a reply to what was received at an instant."""
    turn_id = ids.update_turn_id(update_id, received_ms)
    delivery_id = ids.part_id(ids.reply_id(turn_id, reply), part)
    assert said_by_sql(ids.sql_answered_update_id(":id"), id=delivery_id) == update_id
    assert bool(said_by_sql(f":id LIKE '{ids.FIRST_REPLIES}'", id=delivery_id)) == (reply == part == 0)
    assert ids.is_placeholder(ids.placeholder_id(turn_id)) and not ids.is_placeholder(delivery_id)
    assert ids.is_notice(ids.notice_id("budget", update_id)) and not ids.is_notice(ids.reply_id(turn_id, reply))


@given(NAMES, st.integers(-1, 99), st.integers(0, 2**48 - 1))
def test_an_event_is_named_by_its_turn(turn_id: str, position: int, at_ms: int) -> None:
    """As a UUID of version 7: the instant, and behind it what uuid5 makes of the turn and the position."""
    named = UUID(ids.event_id(turn_id, position, at_ms=at_ms))
    assert (named.version, named.variant, named.int >> 80) == (7, RFC_4122, at_ms)
    of_turn = uuid5(NAMESPACE_URL, f"polar:{turn_id}:{position}")
    assert str(named)[15:] == str(of_turn)[15:]


@given(NAMES, NAMES, st.integers(0, 2**46), st.integers(1, 2**46))
def test_a_later_event_stands_behind(turn_id: str, other: str, at_ms: int, later_ms: int) -> None:
    """As text too, which is how an index has it."""
    assert ids.event_id(turn_id, 0, at_ms=at_ms) < ids.event_id(other, 0, at_ms=at_ms + later_ms)


@given(st.sampled_from(["user", "session"]), NAMES.filter(bool))
def test_a_budget_reads_back_as_it_is_named(scope: str, target: str) -> None:
    """Colons in its target are the target's."""
    assert ids.budget_named(ids.budget_name(scope, target)) == (scope, target)
    assert ids.budget_named(ids.budget_name("global", "")) == ("global", "")


@given(POSITIVE)
def test_sql_makes_and_reads_message_ids_alike(number: int) -> None:
    """Queries join messages by them."""
    received, sent = ids.received_message_id(number), ids.sent_message_id(number)
    assert said_by_sql(ids.sql_received_message_id(":n"), n=number) == received
    for message_id in (received, sent):
        assert said_by_sql(ids.sql_telegram_message_id(":id"), id=message_id) == number
        assert bool(said_by_sql(ids.sql_is_sent(":id"), id=message_id)) == (message_id == sent)
        assert bool(said_by_sql(ids.sql_is_received(":id"), id=message_id)) == (message_id == received)


@given(SOURCES, NAMES, POSITIVE)
def test_sql_makes_the_other_names_alike(source: ids.RunSource, name: str, number: int) -> None:
    """Of occurrences, tasks, tries and profiles."""
    assert said_by_sql(ids.sql_next_id(source, ":name"), name=name) == ids.next_id(source, name)
    assert said_by_sql(ids.sql_run_id(source, ":name", ":n"), name=name, n=number) == ids.run_id(source, name, number)
    by_hand = said_by_sql(ids.sql_run_id(source, ":name", ":n", is_manual=True), name=name, n=number)
    assert by_hand == ids.run_id(source, name, number, is_manual=True)
    assert said_by_sql(ids.sql_try_id(":name", ":n"), name=name, n=number) == ids.try_id(name, number)
    made = said_by_sql(ids.sql_task_id(":s", ":name", ":n"), s=source, name=name, n=str(number))
    assert made == ids.task_id(source, name, str(number))
    made = said_by_sql(ids.sql_session_profile_id(":name", ":n"), name=name, n=str(number))
    assert made == ids.profile_id("session", name, str(number))
