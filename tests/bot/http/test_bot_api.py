"""What an answer says, whatever brought it."""

from __future__ import annotations

import pytest
from telegram.error import NetworkError

from bot.http.bot_api import check, parse_answer


def refused() -> None:
    """Of the token."""
    raise AssertionError


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b'{"ok":true}', b"null", b'{"ok":true,"result":{"message_id":'])
def test_an_answer_that_is_not_whole_leaves_the_effect_unknown(payload: bytes) -> None:
    """A send that got it is ambiguous, and not failed."""
    with pytest.raises(NetworkError):
        parse_answer(payload)


def test_an_answer_that_is_whole_is_taken() -> None:
    """A refusal too."""
    assert parse_answer(b'{"ok":true,"result":true}')["result"] is True
    assert parse_answer(b'{"ok":false,"error_code":400}')["error_code"] == 400


@pytest.mark.parametrize("status", [200, 301, 404, 413])
@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"ok":1}', b""])
def test_what_a_proxy_says_is_no_answer(status: int, body: bytes) -> None:
    """A page of its own, with whatever status, refuses neither a token nor a call."""
    with pytest.raises(NetworkError):
        check(status, body, refused)


@pytest.mark.parametrize(("status", "body"), [(200, b'{"ok":true,"result":[]}'), (404, b'{"ok":false}'), (502, b"no")])
def test_what_the_bot_api_says_is_left_to_python_telegram_bot(status: int, body: bytes) -> None:
    """So are errors of a server, which it takes for what they are."""
    check(status, body, refused)


def test_only_a_401_of_the_bot_api_refuses_the_token() -> None:
    """Whoever waits for it is told each time."""
    told: list[int] = []
    check(401, b'{"ok":false,"error_code":401,"description":"Unauthorized"}', lambda: told.append(401))
    assert told == [401]
