"""What of an endpoint's words may stand in the log: none of anybody's."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.responders.model.objection import MOST_SAID, Objection, what_was_said
from bot.responders.model.vocabulary import WORDS

WRITTEN = "Please tell my aunt Bella, 4915112345 or 1234, that the message is too long for the model"
SENT = (json.dumps({"text": WRITTEN.replace(", that", ",\nthat")}),)


def test_a_message_of_an_interface_stays_as_it_is() -> None:
    """So that its reason can be read."""
    message = (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead"
    )
    assert what_was_said(message, SENT) == message


@pytest.mark.parametrize(
    "echo",
    [
        WRITTEN,
        WRITTEN.upper(),
        WRITTEN.replace(" ", "\n"),
        json.dumps(WRITTEN),
        json.dumps(json.dumps({"text": WRITTEN})),
        "that the message is too long for the model",
        WRITTEN[20:70],
    ],
)
def test_what_somebody_wrote_is_left_out_however_it_is_repeated(echo: str) -> None:
    """Also where it is made of nothing but an interface's words."""
    assert what_was_said(f"Invalid request: {echo}!", SENT).rstrip("… ") == "Invalid request"


def test_numbers_stay_where_nobody_wrote_them() -> None:
    """And where they are no longer than a count is."""
    said = what_was_said("1234 of 4096 tokens, called 4915112345 by org 123456789", SENT)
    assert said == "… of 4096 tokens, called … by org …"


@given(st.text(), st.text())
def test_only_words_of_a_fixed_list_stay(message: str, written: str) -> None:
    """Whatever is said, and whatever was written: and not more than fits a line."""
    said = what_was_said(message, [written])
    words = re.findall(r"[^\W_]+", said.removesuffix("…"))
    cut = words[:-1] if len(said) > MOST_SAID else words
    assert all(word.lower() in WORDS or (word.isascii() and word.isdecimal()) for word in cut)
    assert len(said) <= MOST_SAID + 1
    assert "\n" not in said


@given(st.lists(st.sampled_from(sorted(WORDS)), min_size=3, max_size=30))
def test_no_three_words_in_a_row_that_somebody_wrote_stay(words: list[str]) -> None:
    """Not even of the list."""
    written = " ".join(words)
    assert what_was_said(f"invalid: {written}", [written]).rstrip("… ") in ("invalid", "")


@pytest.mark.parametrize(
    "body",
    [
        '{"error": {"message": "System role not supported", "code": "unsupported_value", "param": "messages"}}',
        '[{"error": {"code": 400, "message": "System role not supported", "status": "INVALID_ARGUMENT"}}]',
        '{"error": "System role not supported"}',
        '{"object": "error", "message": "System role not supported", "code": 400}',
        '{"detail": [{"loc": ["body"], "msg": "System role not supported", "input": "secret"}]}',
        '{"error": {"message": "Provider error", "metadata": {"raw": "{\\"m\\": \\"System role not supported\\"}"}}}',
        '{"errors": [{"message": "System role not supported"}], "success": false}',
        "System role not supported",
    ],
)
def test_it_is_read_from_wherever_endpoints_put_it(body: str) -> None:
    """There is no one form of an error."""
    objection = Objection.read(400, body, SENT)
    assert "system role not supported" in objection.words
    assert "secret" not in objection.words


@pytest.mark.parametrize("body", ["", " ", "[]", "null", "[[[", "{" * 5000, "5", '{"error": null}', "\x00\ud800"])
def test_whatever_comes_is_read(body: str) -> None:
    """Without words it names nothing."""
    assert Objection.read(400, body, SENT).words.strip() == ""


def test_a_code_stays_only_if_it_is_made_of_such_words() -> None:
    """So nobody's words come in by it."""
    assert Objection.read(400, '{"error": {"code": "context_length_exceeded"}}', ()).code == "context_length_exceeded"
    assert Objection.read(400, '{"error": {"code": "bella_was_here"}}', ()).code == ""


def test_an_error_within_an_answer_may_say_its_status() -> None:
    """Of a web page only the title is read."""
    assert Objection.read(200, '{"error": {"code": 429, "message": "busy"}}', ()).status == 429
    assert Objection.read(200, '{"error": {"code": "99", "message": "busy"}}', ()).status == 200
    page = Objection.read(502, "<html><title>Bad\nGateway</title>no tools</html>", ())
    assert (page.form, page.said) == ("a web page", "Bad Gateway")
