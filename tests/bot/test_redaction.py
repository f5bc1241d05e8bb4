"""No secret in what is written for the operator."""

from __future__ import annotations

import json

import pytest

from bot.redaction import SHORTEST_SECRET, Redaction

TOKEN = "123456789:" + "A" * 35


def test_a_token_is_taken_out_wherever_it_stands() -> None:
    """Whoever's it is, also within an address."""
    assert Redaction()(f"https://api.telegram.org/bot{TOKEN}/getMe") == "https://api.telegram.org/bot<token>/getMe"


@pytest.mark.parametrize("text", ["update:123456:1", "telegram:chat:123456789", "12:00:00"])
def test_ids_are_none(text: str) -> None:
    """A line must say which turn it tells of."""
    assert Redaction()(text) == text


def test_a_secret_is_taken_out_also_as_json_writes_it() -> None:
    """One with a quotation mark, or a letter that JSON may write by its number."""
    secret = 'se"cret-ü'
    redact = Redaction([secret])
    for text in (secret, json.dumps({"key": secret}), json.dumps({"key": secret}, ensure_ascii=False)):
        told = redact(text)
        assert "<secret>" in told
        assert "cret-" not in told


def test_of_a_secret_that_holds_another_nothing_is_left() -> None:
    """Whichever is named first."""
    assert Redaction(["12345678", "12345678-and-more"])("12345678-and-more") == "<secret>"


@pytest.mark.parametrize("key", ["", "e", "x" * (SHORTEST_SECRET - 1)])
def test_a_key_of_a_few_letters_is_not_searched_for(key: str) -> None:
    """Servers of local models take any; taken out, it would make every line unreadable."""
    text = "the message was exxxxxxxxed"
    assert Redaction([key])(text) == text
