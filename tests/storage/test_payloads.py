"""What the delivery queue holds, as types and as the JSON that is stored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import PayloadUnreadable
from storage.json_text import encode
from storage.payloads import (
    DATA_LIMIT,
    AnswerCallbackQuery,
    Button,
    DataTooLong,
    DeleteMessage,
    EditMessageText,
    Entity,
    Payload,
    SendDocument,
    SendMessage,
    UnknownPayload,
    from_json,
    read,
)

TEXT = st.text(max_size=16)
IDS = st.integers(-(2**53), 2**53)
ENTITIES = st.builds(
    Entity,
    st.sampled_from(("bold", "pre", "text_link")),
    st.integers(0, 4096),
    st.integers(1, 4096),
    st.none() | TEXT,
    st.none() | TEXT,
)
SAID: dict[str, Any] = {
    "text": TEXT,
    "entities": st.lists(ENTITIES, max_size=3).map(tuple),
    "buttons": st.lists(st.lists(st.builds(Button, TEXT, TEXT), min_size=1, max_size=2).map(tuple), max_size=2).map(
        tuple
    ),
    "topic_id": st.none() | IDS,
    "reply_to": st.none() | IDS,
    "silent": st.booleans(),
}
MESSAGES = st.builds(SendMessage, **SAID, target=st.none() | TEXT)
PAYLOADS: st.SearchStrategy[Payload] = st.one_of(
    MESSAGES,
    st.builds(EditMessageText, **SAID, target=TEXT),
    st.builds(SendDocument, **SAID, name=TEXT, size=IDS, content=TEXT),
    st.builds(DeleteMessage, target=TEXT),
    st.builds(AnswerCallbackQuery, query_id=TEXT, text=TEXT),
)
STORED: dict[str, Payload] = {
    '{"method":"sendMessage","text":"hello"}': SendMessage(text="hello"),
    '{"buttons":[[["👍","fb:+"],["👎","fb:-"]]],"entities":[{"length":2,"offset":1,"type":"bold"}],'
    '"method":"sendMessage","replyTo":7,"silent":true,"target":"d","text":"hello","topicId":3}': SendMessage(
        text="hello",
        entities=(Entity("bold", 1, 2),),
        buttons=((Button("👍", "fb:+"), Button("👎", "fb:-")),),
        topic_id=3,
        reply_to=7,
        silent=True,
        target="d",
    ),
    '{"method":"editMessageText","target":"d","text":"hello"}': EditMessageText(text="hello", target="d"),
    '{"content":"abc","method":"sendDocument","name":"a.txt","size":3,"text":""}': SendDocument(
        text="", name="a.txt", size=3, content="abc"
    ),
    '{"method":"deleteMessage","target":""}': DeleteMessage(target=""),
    '{"method":"answerCallbackQuery","queryId":"1","text":""}': AnswerCallbackQuery(query_id="1"),
}


@settings(deadline=None)
@given(PAYLOADS)
def test_a_payload_comes_back_as_it_was_stored(payload: Payload) -> None:
    """Each method, each field."""
    assert from_json(json.dumps(payload.to_json())) == payload


@pytest.mark.parametrize("stored", STORED)
def test_the_stored_form_stays_as_it_is(stored: str) -> None:
    """To the byte: rows of earlier versions are delivered, and other programs read the same keys."""
    assert from_json(stored) == STORED[stored]
    assert encode(STORED[stored].to_json()) == stored


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "no JSON",
        "null",
        "[]",
        "{}",
        '"sendMessage"',
        '{"method":null}',
        '{"method":["sendMessage"]}',
        '{"method":"sendHologram","text":"hello"}',
        '{"method":"sendMessage"}',
        '{"method":"sendMessage","text":5}',
        '{"method":"sendMessage","text":"a","entities":[5]}',
        '{"method":"sendMessage","text":"a","buttons":[[["a"]]]}',
        '{"method":"sendMessage","text":"a","buttons":5}',
        '{"method":"sendMessage","text":"a","topicId":"3"}',
        '{"method":"deleteMessage"}',
        "[" * 100_000,
    ],
    ids=lambda stored: stored[:60],
)
def test_what_is_no_call_raises_one_error(stored: str) -> None:
    """Whatever is wrong with it; who has more rows to see to gets it as a value."""
    with pytest.raises(PayloadUnreadable) as raised:
        from_json(stored)
    found = read(stored)
    assert isinstance(found, UnknownPayload)
    assert str(found.why) == str(raised.value) != ""


@settings(deadline=None)
@given(MESSAGES, TEXT)
def test_an_edit_says_what_the_message_says(payload: SendMessage, target: str) -> None:
    """And a message again where there is nothing to edit."""
    edit = payload.as_edit_of(target)
    assert edit.to_json() == payload.to_json() | {"method": "editMessageText", "target": target}
    assert edit.as_message().to_json() == edit.to_json() | {"method": "sendMessage"}


def test_a_button_holds_what_telegram_takes() -> None:
    """64 bytes, not characters."""
    assert Button("a", "ä" * (DATA_LIMIT // 2)).data
    for data in ("ä" * (DATA_LIMIT // 2 + 1), "a" * (DATA_LIMIT + 1)):
        with pytest.raises(DataTooLong, match="64 bytes"):
            Button("a", data)
