"""Calls of the delivery queue, and what becomes of answers that nobody foresaw."""

from __future__ import annotations

import pytest
from telegram import Bot
from telegram.error import NetworkError, TelegramError

from bot.sending.answers import OverheardTransport, Receipt
from bot.sending.calls import CallNotMade, Calls
from storage.payloads import read
from storage.tables.deliveries import Delivery
from tests.bot.canned import Canned


def delivery(stored: str = '{"method":"sendMessage","text":"hello"}') -> Delivery:
    """A row that holds this; a message to send."""
    return Delivery(
        delivery_id="d",
        session_id="telegram:chat:5",
        stored=stored,
        payload=read(stored),
        status="sending",
        sequence=1,
        reply_id="r",
        rank=0,
        attempts=1,
        ambiguous=0,
        created_at_ms=1,
    )


def answering(body: bytes) -> Calls:
    """Calls that are all answered with this body."""
    return Calls(Bot("1:X", request=OverheardTransport(Canned(200, body))))


EDIT = '{"method":"editMessageText","text":"hello","target":"other"}'
UNREADABLE = [b"{}}", b"true}", b'[{"message_id":1}]}', b'"x"}', b"null}", b'{"message_id":1', b""]


@pytest.mark.parametrize("result", [*UNREADABLE, b'{"message_id":1}}', b'{"message_id":1,"chat":' + b"[" * 100_000])
async def test_a_send_that_is_answered_with_ok_was_sent_whatever_follows(result: bytes) -> None:
    """Its message's id is taken from the bytes themselves, if it is there: nothing is sent twice."""
    receipt = await answering(b'{"ok":true,"result":' + result).make(delivery())
    assert receipt == (Receipt(1, 5) if result.startswith(b'{"message_id":1') else None)


@pytest.mark.parametrize("result", [*UNREADABLE, b'{"message_id":1}}'])
async def test_an_edit_has_no_receipt_however_it_is_answered(result: bytes) -> None:
    """The message that it is about has one already."""
    assert await answering(b'{"ok":true,"result":' + result).make(delivery(EDIT), 7) is None


@pytest.mark.parametrize("body", [b"", b"[]", b'{"ok"', b'{"ok":tru', b'{"result":{"message_id":1}}', b"<html>"])
async def test_a_send_whose_answer_says_nothing_is_unclear(body: bytes) -> None:
    """A Bot API of tomorrow must not end the sender, and with it the bot."""
    with pytest.raises(NetworkError):
        await answering(body).make(delivery())


async def test_a_call_that_cannot_be_made_of_its_row_was_not_sent() -> None:
    """A fault of ours, or of the row: nobody needs to doubt what became of it."""
    bare = delivery('{"method":"sendMessage","text":"hello","entities":[{"type":"bold","offset":"x","length":1}]}')
    with pytest.raises(CallNotMade):
        await answering(b'{"ok":true,"result":{"message_id":1}}').make(bare)


async def test_a_call_that_this_version_does_not_know_is_an_error_of_its_own() -> None:
    """It was queued by a newer one; trying again cannot help, and nothing was sent."""
    request = Canned(200, b'{"ok":true,"result":true}')
    with pytest.raises(TelegramError, match="sendHologram") as raised:
        await Calls(Bot("1:X", request=request)).make(delivery('{"method":"sendHologram","text":"hello"}'))
    assert not isinstance(raised.value, NetworkError)
