"""What produced a message, as a type and as the JSON that is stored."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.json_text import encode
from storage.origin import UNKNOWN, Origin, sql_aside, sql_in_ledger, sql_is_answer

TEXT = st.none() | st.text(max_size=16)
LEDGER = {"automationId", "heartbeatId", "runId", "responder", "profileId", "model", "personality", "usd"}
LEDGER |= {"experiment", "variant"}
KINDS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(Origin.__dataclass_fields__, TEXT),
    "usd": st.none() | st.floats(min_value=0, max_value=1000),
    "history": st.none() | st.lists(st.integers(min_value=1)).map(tuple),
    "others": st.dictionaries(st.text(max_size=4).map("x".__add__), TEXT),
}


@settings(deadline=None)
@given(st.builds(Origin, **KINDS))
def test_an_origin_comes_back_as_it_was_stored(origin: Origin) -> None:
    """Whatever of it applies."""
    assert Origin.from_json(encode(origin.to_json())) == origin


def test_the_stored_form_stays_as_it_is() -> None:
    """Feedback takes it over as it stands, and statistics ask for its keys."""
    run = Origin(
        automation_id="j",
        run_id="r",
        responder="openai",
        profile_id="p",
        model="m",
        personality="f",
        policy="v",
        usd=0.5,
        ended="cut",
        experiment="terse",
        variant="short",
        alternative_of="msg_a_7",
        history=(),
    )
    assert json.loads(encode(run.to_json()) or "") == {
        "automationId": "j",
        "runId": "r",
        "responder": "openai",
        "profileId": "p",
        "model": "m",
        "personality": "f",
        "policy": "v",
        "usd": 0.5,
        "ended": "cut",
        "experiment": "terse",
        "variant": "short",
        "alternativeOf": "msg_a_7",
        "history": [],
    }
    assert run.aside().to_json() == {"automationId": "j", "runId": "r", "beside": "openai"}
    assert run.aside().aside() == run.aside()
    assert Origin(heartbeat_id="h").to_json() == {"heartbeatId": "h"}
    assert UNKNOWN.to_json() == {}


def test_what_another_version_keeps_there_besides_stays() -> None:
    """Also what this one knows and finds in another form is no reason not to read the rest."""
    stored = '{"history":"all","model":"m","branch":{"of":1}}'
    origin = Origin.from_json(stored)
    assert (origin.model, origin.history) == ("m", None)
    assert encode(origin.to_json()) == '{"branch":{"of":1},"model":"m"}'


def test_the_same_in_sql() -> None:
    """Of a whole origin, and of none."""
    whole = Origin(
        **{name: name for name in Origin.__dataclass_fields__ if name not in ("usd", "history", "others")},
        usd=0.1,
        history=(1, 2),
        others={"branch": "b"},
    )
    with closing(sqlite3.connect(":memory:")) as connection:
        for origin in (whole, UNKNOWN, None):
            columns = f"json_patch('{{}}', {sql_in_ledger('origin')}), {sql_aside('origin')}, {sql_is_answer('origin')}"
            stored = None if origin is None else encode(origin.to_json())
            [row] = connection.execute(f"SELECT {columns} FROM (SELECT ? AS origin)", (stored,))
            ledger, aside, is_answer = json.loads(row[0]), json.loads(row[1]), row[2]
            known = {} if origin is None else origin.to_json()
            assert ledger == {key: value for key, value in known.items() if key in LEDGER}
            assert aside == (origin or UNKNOWN).aside().to_json()
            assert is_answer == (origin is whole)


@pytest.mark.parametrize("stored", [None, "{}", "[]", "null", "no"])
def test_what_other_programs_keep_there_says_nothing(stored: str | None) -> None:
    """It is no reason not to read the message."""
    assert Origin.from_json(stored) == UNKNOWN
