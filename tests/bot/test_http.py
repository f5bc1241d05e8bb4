"""What the transport tells python-telegram-bot, which would otherwise draw wrong conclusions."""

from __future__ import annotations

import json

import pytest
from telegram.error import NetworkError

from bot.http import HttpxTransport
from bot.receiving.polling import JournalTransport
from storage.errors import DatabaseLost
from storage.tables.updates import Received
from tests.bot.canned import Canned


def batch(*update_ids: int) -> bytes:
    """A getUpdates answer."""
    return json.dumps({"ok": True, "result": [{"update_id": i, "message": {}} for i in update_ids]}).encode()


async def test_a_batch_is_kept_before_it_is_acknowledged_by_its_highest_id() -> None:
    """PTB learns of one update only; the offset it moves to acknowledges all."""
    kept: list[int] = []

    async def keep(received: list[Received]) -> None:
        kept.extend(update.update_id for update in received)

    transport = JournalTransport(Canned(200, batch(7, 9, 8)), keep)
    status, body = await transport.do_request("url", "POST")
    assert (status, json.loads(body)["result"], kept) == (200, [{"update_id": 9}], [7, 9, 8])


async def test_a_batch_that_cannot_be_kept_is_not_acknowledged() -> None:
    """It is a failed poll, after which PTB asks again."""

    async def keep(received: list[Received]) -> None:
        raise DatabaseLost

    with pytest.raises(NetworkError):
        await JournalTransport(Canned(200, batch(7)), keep).do_request("url", "POST")


async def test_a_404_does_not_end_polling() -> None:
    """PTB takes it for a refused token and would go deaf for good."""

    async def keep(received: list[Received]) -> None:
        raise AssertionError

    body = b'{"ok":false,"error_code":404,"description":"Not Found"}'
    with pytest.raises(NetworkError):
        await JournalTransport(Canned(404, body), keep).do_request("url", "POST")


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b'{"ok":true}', b"null", b'{"ok":true,"result":{"message_id":'])
def test_an_answer_that_is_not_whole_leaves_the_effect_unknown(payload: bytes) -> None:
    """A send that got it is ambiguous, and not failed."""
    with pytest.raises(NetworkError):
        HttpxTransport.parse_json_payload(payload)


def test_an_answer_that_is_whole_is_taken() -> None:
    """A refusal too."""
    assert HttpxTransport.parse_json_payload(b'{"ok":true,"result":true}')["result"] is True
    assert HttpxTransport.parse_json_payload(b'{"ok":false,"error_code":400}')["error_code"] == 400
