"""Calls of the delivery queue, and what becomes of answers that nobody foresaw."""

from __future__ import annotations

import pytest
from telegram import Bot
from telegram.error import NetworkError, TelegramError

from bot.sending.calls import Calls
from storage.payloads import read
from storage.tables.deliveries import Delivery
from tests.bot.canned import Canned


def delivery(stored: str = '{"method":"sendMessage","text":"hello"}') -> Delivery:
    """A row that holds this; a message to send."""
    return Delivery(
        delivery_id="d",
        session_id="telegram:chat:5",
        payload=read(stored),
        status="sending",
        sequence=1,
        reply_id="r",
        priority=0,
        attempts=1,
        ambiguous=0,
        created_at_ms=1,
    )


@pytest.mark.parametrize("result", [b"{}", b"true", b'{"message_id":1}', b'[{"message_id":1}]', b'"x"', b"null"])
async def test_a_send_whose_answer_cannot_be_read_is_unclear(result: bytes) -> None:
    """A Bot API of tomorrow must not end the sender, and with it the bot."""
    request = Canned(200, b'{"ok":true,"result":' + result + b"}")
    with pytest.raises(NetworkError):
        await Calls(Bot("1:X", request=request)).make(delivery())


async def test_a_call_that_this_version_does_not_know_is_an_error_of_its_own() -> None:
    """It was queued by a newer one; trying again cannot help, and nothing was sent."""
    request = Canned(200, b'{"ok":true,"result":true}')
    with pytest.raises(TelegramError, match="sendHologram") as raised:
        await Calls(Bot("1:X", request=request)).make(delivery('{"method":"sendHologram","text":"hello"}'))
    assert not isinstance(raised.value, NetworkError)
