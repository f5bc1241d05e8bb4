"""Documents: files that we send, whose content is kept no longer than it takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator import Chat
from middleware.replies import parts
from middleware.texts import say
from middleware.turn import Document, Reply, Turn
from tests.house import House, until
from tests.looking import MARK, awake, idle, queue, texts

pytestmark = [
    pytest.mark.usefixtures("transport"),
    pytest.mark.filterwarnings("ignore:.*retry_after:DeprecationWarning"),
]

CONTENT = '# Mémoire 😀\r\n\r\n--boundary\n{"a": 1}\n\ttab, no end'


class Sending:
    """Sends a file, with what it was told as the caption."""

    content = CONTENT
    markdown = False

    async def respond(self, turn: Turn) -> Reply:
        """The reply with its document."""
        return Reply(text=turn.text, markdown=self.markdown, document=Document("notes é.md", self.content))


sending = Sending()
SENDING = "tests.bot.sending.test_documents:sending"


def file(house: House, message: dict[str, Any]) -> str:
    """The content of a message's document as it arrived."""
    return house.world.files[message["document"]["file_id"]]


async def asked(house: House, text: str, **settings: Any) -> Chat:
    """A chat where somebody said this, and was answered."""
    async with house.bot(responder=SENDING, **settings):
        ann, chat = house.chat()
        house.world.say(chat, ann, text)
        await idle(house, updates=1)
    return chat


async def test_a_document_arrives_with_its_name_its_caption_and_every_byte(house: House) -> None:
    """Also characters outside of ASCII, in name and content, and any line ending."""
    [message] = house.world.sent(await asked(house, "here you are"))
    assert message["document"]["file_name"] == "notes é.md"
    assert message["document"]["file_size"] == len(CONTENT.encode())
    assert message["caption"] == "here you are"
    assert file(house, message) == CONTENT
    stored = house.rows(
        "SELECT kind, text, attachment, telegramMessageId, messageId FROM polar_messages WHERE role = 'assistant'"
    )
    number = message["message_id"]
    described = f'{{"name":"notes é.md","size":{len(CONTENT.encode())}}}'
    assert stored == [("document", "here you are", described, number, f"msg_a_{number}")]


async def test_what_was_sent_is_gone_from_the_queue(house: House) -> None:
    """It is somebody's personal data, and what was said stands with the messages; the size stays."""
    await asked(house, "here you are")
    [(payload,)] = house.rows("SELECT payload FROM polar_delivery_queue")
    assert json.loads(payload) == {"method": "sendDocument", "size": len(CONTENT.encode())}


async def test_a_text_too_long_for_a_caption_goes_before_the_document(house: House) -> None:
    """Nothing of it is left out."""
    first, second = house.world.sent(await asked(house, "word " * 250))
    assert first["text"] == ("word " * 250).strip()
    assert "caption" not in second
    assert file(house, second) == CONTENT


async def test_a_caption_may_be_formatted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """As any other answer."""
    monkeypatch.setattr(sending, "markdown", True)
    [message] = house.world.sent(await asked(house, "**here** you are"))
    assert message["caption"] == "here you are"
    assert message["caption_entities"] == [{"type": "bold", "offset": 0, "length": 4}]


async def test_a_document_larger_than_telegram_takes_is_not_sent_and_that_is_said(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sizes are counted in bytes."""
    monkeypatch.setattr(parts, "DOCUMENT_LIMIT", len(CONTENT.encode()) - 1)
    chat = await asked(house, "here you are")
    assert texts(house, chat) == ["here you are", say("document.too_large", name="notes é.md")]
    assert "boundary" not in str(house.rows("SELECT * FROM polar_delivery_queue"))


async def test_an_empty_document_is_not_sent_and_that_is_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Telegram refuses it."""
    monkeypatch.setattr(sending, "content", "\0")
    assert texts(house, await asked(house, "here")) == ["here", say("document.empty", name="notes é.md")]


async def test_a_document_that_may_have_arrived_is_sent_once_more_and_marked(house: House) -> None:
    """As a message is."""
    async with house.bot(responder=SENDING):
        ann, chat = house.chat()
        house.world.fault("sendDocument", "cut_after")
        house.world.say(chat, ann, "here you are")
        await house.world.wait(lambda: len(house.world.sent(chat)) == 2)
        await idle(house)
    assert [message["caption"] for message in house.world.sent(chat)] == ["here you are", MARK + "here you are"]
    assert [file(house, message) for message in house.world.sent(chat)] == [CONTENT] * 2
    assert queue(house) == [("sent", 1, None)]


async def test_a_document_that_is_refused_is_kept(house: House) -> None:
    """So that it can be sent again; erasure and pruning reach it."""
    async with house.bot(responder=SENDING):
        ann, chat = house.chat()
        house.world.fault("sendDocument", "400:not like this")
        house.world.say(chat, ann, "here you are")
        await until(lambda: house.path.exists() and [row[0] for row in queue(house)] == ["failed"])
    assert "boundary" in str(house.rows("SELECT payload FROM polar_delivery_queue"))


async def test_a_document_stays_in_its_topic_and_replies_to_what_it_answers(house: House) -> None:
    """As a message does."""
    async with house.bot(responder=SENDING):
        await awake(house)
        ann = house.world.person("Ann")
        forum = house.world.group("Forum", [ann], forum=True)
        topic = house.world.topic(forum, "Plants")
        said = house.world.say(forum, ann, "@polar_test_bot please", topic=topic)
        await idle(house)
    [message] = house.world.sent(forum)
    assert message["message_thread_id"] == topic
    assert message["reply_to_message"]["message_id"] == said
