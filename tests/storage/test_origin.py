"""What produced a message, as a type and as the JSON that is stored."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.json_text import encode
from storage.origin import UNKNOWN, Origin

TEXT = st.none() | st.text(max_size=16)


@settings(deadline=None)
@given(st.builds(Origin, **dict.fromkeys(Origin.__dataclass_fields__, TEXT)))
def test_an_origin_comes_back_as_it_was_stored(origin: Origin) -> None:
    """Whatever of it applies."""
    assert Origin.from_json(encode(origin.to_json())) == origin


def test_the_stored_form_stays_as_it_is() -> None:
    """Feedback takes it over as it stands, and statistics ask for its keys."""
    run = Origin(automation_id="j", run_id="r", responder="openai", profile_id="p", model="m", ended="cut")
    assert json.loads(encode(run.to_json()) or "") == {
        "automationId": "j",
        "runId": "r",
        "responder": "openai",
        "profileId": "p",
        "model": "m",
        "ended": "cut",
    }
    assert Origin(heartbeat_id="h").to_json() == {"heartbeatId": "h"}
    assert UNKNOWN.to_json() == {}


@pytest.mark.parametrize("stored", [None, "{}", "[]", "null", '{"other":1}'])
def test_what_other_programs_keep_there_says_nothing(stored: str | None) -> None:
    """It is no reason not to read the message."""
    assert Origin.from_json(stored) == UNKNOWN
