"""Calls of the delivery queue, and what becomes of answers that nobody foresaw."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    MessageEntity,
    ReplyParameters,
)
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError
from telegram.request import RequestData

from bot.http.bot_api import Unsent
from bot.sending.answers import OverheardTransport, Receipt
from bot.sending.calls import CallNotMade, Calls
from middleware.replies.outbox import duplicate_mark
from middleware.replies.splitting import utf16_length
from storage.delivery import Delivery
from storage.errors import DatabaseLost
from storage.payloads import read
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


def held() -> None:
    """The database is ours."""


def answering(body: bytes) -> Calls:
    """Calls that are all answered with this body."""
    return Calls(Bot("1:X", request=OverheardTransport(Canned(200, body), held)))


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


class Noted(Canned):
    """Remembers what was asked."""

    def __init__(self) -> None:
        super().__init__(200, b'{"ok":true,"result":{"message_id":1,"date":0,"chat":{"id":5,"type":"private"}}}')
        self.asked: list[tuple[str, Any, Any]] = []

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *args: Any, **kwargs: Any
    ) -> tuple[int, bytes]:
        assert request_data is not None
        self.asked.append((url, request_data.parameters, request_data.json_parameters))
        return self.answer


LONG: dict[str, Any] = {
    "text": "hello",
    "entities": [
        {"type": "bold", "offset": 0, "length": 2},
        {"type": "pre", "offset": 2, "length": 1, "language": "c"},
    ],
    "buttons": [[["👍", "fb:+"], ["👎", "fb:-"]], [["more", "x"]]],
    "topicId": 3,
    "replyTo": 7,
    "silent": True,
}


@pytest.mark.parametrize("ambiguous", [0, 1])
@pytest.mark.parametrize("left_out", [*LONG, ""])
async def test_a_message_goes_out_as_python_telegram_bot_would_send_it(left_out: str, ambiguous: int) -> None:
    """Each parameter alike, encoded in either way, though its own machinery for a call is not used."""
    stored = {key: value for key, value in LONG.items() if key != left_out or key == "text"}
    noted, mark = Noted(), duplicate_mark() if ambiguous else ""
    bot = Bot("1:X", request=noted)
    row = replace(delivery(json.dumps({"method": "sendMessage", **stored})), ambiguous=ambiguous)
    assert await Calls(bot).make(row) == Receipt(1, 5)
    await bot.send_message(
        5,
        mark + "hello",
        entities=[
            MessageEntity(**entity | {"offset": entity["offset"] + utf16_length(mark)})
            for entity in stored.get("entities", ())
        ],
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        message_thread_id=stored.get("topicId"),
        reply_parameters=ReplyParameters(7, allow_sending_without_reply=True) if "replyTo" in stored else None,
        reply_markup=InlineKeyboardMarkup(
            [
                [InlineKeyboardButton(text, callback_data=data) for text, data in buttons]
                for buttons in stored["buttons"]
            ]
        )
        if "buttons" in stored
        else None,
        disable_notification=stored.get("silent"),
    )
    ours, theirs = noted.asked
    assert plain(ours) == plain(theirs)


def plain(asked: tuple[str, Any, Any]) -> tuple[Any, ...]:
    """A call, without the form of JSON within a form, and without an empty list."""
    url, parameters, encoded = asked
    decoded = {name: value if name == "text" else json.loads(value) for name, value in encoded.items()}
    return url, *({name: value for name, value in each.items() if value != []} for each in (parameters, decoded))


async def test_the_answer_to_a_message_is_not_built_into_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two numbers of it are wanted."""

    def de_json(*args: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(Message, "de_json", de_json)
    assert await Calls(Bot("1:X", request=Noted())).make(delivery()) == Receipt(1, 5)


@pytest.mark.filterwarnings("ignore:.*retry_after:DeprecationWarning")
@pytest.mark.parametrize(
    ("status", "more", "error"),
    [(400, "", BadRequest), (403, "", Forbidden), (429, ',"parameters":{"retry_after":3}', RetryAfter)],
)
async def test_a_refused_message_is_the_error_that_python_telegram_bot_makes_of_it(
    status: int, more: str, error: type[TelegramError]
) -> None:
    """The sender knows what to do by its type."""
    body = f'{{"ok":false,"error_code":{status},"description":"no"{more}}}'.encode()
    with pytest.raises(error):
        await Calls(Bot("1:X", request=OverheardTransport(Canned(status, body), held))).make(delivery())


async def test_no_call_begins_once_another_process_may_be_the_bot() -> None:
    """It is told as one that was not sent, so that nobody doubts whether it arrived."""
    sent = Sent()

    def lost() -> None:
        raise DatabaseLost

    with pytest.raises(Unsent):
        await Calls(Bot("1:X", request=OverheardTransport(sent, lost))).make(delivery())
    assert not sent.urls


class Sent(Canned):
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__(200, b"")
        self.urls: list[str] = []

    async def do_request(self, url: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        self.urls.append(url)
        return await super().do_request(url, *args, **kwargs)
