"""What follows from what Telegram says when it refuses a call."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bot.sending.refusals import Done, Final, Instead, judge
from storage.payloads import AnswerCallbackQuery, DeleteMessage, EditMessageText, Entity, Payload, SendMessage, read

MESSAGE = SendMessage(text="hello", entities=(Entity("bold", 0, 2),), topic_id=3, reply_to=7)
EDIT = MESSAGE.as_edit_of("d")


@pytest.mark.parametrize(
    ("description", "rest"),
    [
        ("Message to be replied not found", replace(MESSAGE, reply_to=None)),
        ("message thread not found", replace(MESSAGE, topic_id=None)),
        ("TOPIC_CLOSED", replace(MESSAGE, topic_id=None)),
        ("can't parse entities: unsupported", replace(MESSAGE, entities=())),
    ],
)
def test_a_call_is_made_again_without_what_was_refused_once(description: str, rest: SendMessage) -> None:
    """When that was not in it, nothing helps."""
    assert judge(MESSAGE, f"Bad Request: {description}") == Instead(rest)
    assert judge(rest, f"Bad Request: {description}") == Final()
    assert judge(DeleteMessage(target="d"), f"Bad Request: {description}") == Final()


@pytest.mark.parametrize("payload", [MESSAGE, EDIT, AnswerCallbackQuery(query_id="1")])
@pytest.mark.parametrize("description", ["Message is not modified: same", "query is too old and response timeout"])
def test_what_is_so_already_is_done(payload: Payload, description: str) -> None:
    """Whatever the call was."""
    assert judge(payload, description) == Done()


@pytest.mark.parametrize("description", ["Bad Request: message to edit not found", "MESSAGE_ID_INVALID"])
def test_a_message_that_is_gone_is_sent_anew_or_needs_no_deletion(description: str) -> None:
    """Its receipt goes to the row of the one that it was about."""
    found = judge(EDIT, description)
    assert isinstance(EDIT, EditMessageText)
    assert found == Instead(replace(MESSAGE, target="d"))
    assert judge(DeleteMessage(target="d"), description) == Done()
    assert judge(MESSAGE, description) == Final()


def test_any_other_refusal_is_final() -> None:
    """Also of what nobody can read."""
    assert judge(MESSAGE, "Bad Request: chat not found") == Final()
    assert judge(read("no JSON"), "message thread not found") == Final()
