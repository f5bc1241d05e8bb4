"""An answer of more messages than one may take is a file, and is kept as one message."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.sending.unfiled import say_instead
from emulator import Chat
from middleware.answering import LONGEST
from middleware.replies.parts import CAPTION_LIMIT, MARK_ROOM, in_messages
from middleware.replies.splitting import utf16_length
from middleware.texts import say
from middleware.turn import Reply, Turn
from storage.database import Database
from storage.errors import ExpectationFailed
from storage.payloads import SendDocument, SendMessage
from storage.tables.deliveries import Deliveries
from tests.house import House
from tests.looking import MARK, awake, idle, queue, texts

pytestmark = pytest.mark.slow

PARAGRAPH = "A **bold** word and 😀, " + "word " * 88
LONG = "\n\n".join(f"Part {number}: {PARAGRAPH}".strip() for number in range(120))
STORED = (
    "SELECT kind, text, attachment, telegramMessageId FROM polar_messages WHERE role = 'assistant' ORDER BY sequence"
)


class Telling:
    """Tells what it was given to tell."""

    text = LONG
    markdown = True

    async def respond(self, turn: Turn) -> Reply:
        """A model's answer."""
        return Reply(text=self.text, markdown=self.markdown, rateable=True)


class Streaming(Telling):
    """Shows ever more of it, until it is ended."""

    shown = 0

    async def respond(self, turn: Turn) -> Reply:
        """Twice as much as an answer may have."""
        for length in range(1_000, 2 * LONGEST, 1_000):
            self.shown = length
            turn.show(BLOCK[:length])
            await asyncio.sleep(0)
        return Reply(text=BLOCK)


BLOCK = "```\n" + "x = 1\n" * LONGEST
streaming = Streaming()
telling = Telling()
TELLING = "tests.bot.sending.test_long_answers:telling"


@pytest.fixture(autouse=True)
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests say otherwise."""
    monkeypatch.setattr(telling, "text", LONG)
    monkeypatch.setattr(telling, "markdown", True)


async def asked(house: House, **settings: Any) -> Chat:
    """A chat where somebody has got that answer."""
    async with house.bot(responder=TELLING, **settings):
        ann, chat = house.chat()
        house.world.say(chat, ann, "tell me")
        await idle(house, updates=1)
    return chat


async def test_a_longer_answer_is_a_file_with_its_first_paragraphs_as_the_caption(house: House) -> None:
    """The Markdown as it was written; its row holds all of it, once."""
    [message] = house.world.sent(await asked(house, feedback_buttons="always"))
    assert message["document"]["file_name"] == "answer.md"
    assert house.world.files[message["document"]["file_id"]] == LONG
    assert message["caption"] == "\n\n".join(LONG.split("\n\n")[:2]).replace("**", "")
    assert utf16_length(message["caption"]) <= 1_000
    assert message["caption_entities"] == [
        {"type": "bold", "offset": 10, "length": 4},
        {"type": "bold", "offset": 11 + message["caption"].index("Part 1"), "length": 4},
    ]
    assert "reply_markup" in message
    described = f'{{"name":"answer.md","size":{len(LONG.encode())}}}'
    assert house.rows(STORED) == [("document", LONG, described, message["message_id"])]
    [(payload,)] = house.rows("SELECT payload FROM polar_delivery_queue")
    assert len(payload) < 3_000  # the content goes with the receipt


def ends(house: House) -> list[tuple[Any, ...]]:
    """Why the answer is not the whole, for the audit and with the message."""
    origin = "SELECT json_extract(origin, '$.ended') FROM polar_messages WHERE origin ->> '$.responder' IS NOT NULL"
    return house.rows("SELECT reason FROM polar_audit WHERE kind = 'message'") + house.rows(origin)


async def test_a_stream_that_does_not_end_is_ended_and_says_so(house: House) -> None:
    """Where it becomes too long; what was said until then is the answer."""
    async with house.bot(responder="tests.bot.sending.test_long_answers:streaming"):
        ann, chat = house.chat()
        house.world.say(chat, ann, "tell me")
        await idle(house, updates=1)
    [message, note] = house.world.sent(chat)
    content = house.world.files[message["document"]["file_id"]]
    assert (content, note["text"]) == (BLOCK[:LONGEST], say("answer.length"))
    assert streaming.shown <= LONGEST + 10_000
    assert ends(house) == [("length",), ("length",)]


async def test_a_whole_answer_is_ended_at_the_same_length(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two million characters were hundreds of messages, and are one file."""
    monkeypatch.setattr(telling, "text", "word " * 400_000)
    [message, note] = house.world.sent(await asked(house))
    content = house.world.files[message["document"]["file_id"]]
    assert (content, note["text"]) == (("word " * 400_000)[:LONGEST], say("answer.length"))
    assert ends(house) == [("length",), ("length",)]


@pytest.mark.parametrize("markdown", [True, False])
@pytest.mark.parametrize(("length", "messages"), [(32, 8), (33, 1)])
async def test_what_fits_is_sent_as_messages(
    house: House, length: int, messages: int, markdown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as the setting says, eight where nothing is set."""
    monkeypatch.setattr(telling, "text", "\n\n".join(f"{number} " + "x" * 996 for number in range(length)))
    monkeypatch.setattr(telling, "markdown", markdown)
    sent = house.world.sent(await asked(house))
    assert len(sent) == messages
    if messages > 1:
        assert "\n\n".join(message["text"] for message in sent) == telling.text


async def test_the_bound_is_a_setting(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here all that needs a second message is a file."""
    monkeypatch.setattr(telling, "text", "word " * 1_000)
    [message] = house.world.sent(await asked(house, max_answer_parts=1))
    assert "document" in message


async def test_a_caption_leaves_room_for_the_mark(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that may have arrived is sent again as a whole."""
    monkeypatch.setattr(telling, "text", "word " * 20_000)
    house.world.fault("sendDocument", "cut")
    [message] = house.world.sent(await asked(house))
    assert message["caption"].startswith(MARK)
    assert CAPTION_LIMIT - MARK_ROOM < utf16_length(message["caption"]) <= CAPTION_LIMIT


@pytest.mark.parametrize(
    "said", ["not enough rights to send documents to the chat", "CHAT_SEND_DOCS_FORBIDDEN", "wrong file identifier"]
)
async def test_where_files_are_refused_the_first_messages_are_sent(house: House, said: str) -> None:
    """And behind them we say that there is more."""
    async with house.bot(responder=TELLING, feedback_buttons="always"):
        await awake(house)
        ann = house.world.person("Ann")
        forum = house.world.group("Forum", [ann], forum=True)
        topic = house.world.topic(forum, "Plants")
        house.world.fault("sendDocument", f"400:{said}")
        asked_in = house.world.say(forum, ann, "@polar_test_bot tell us", topic=topic)
        await idle(house)
    sent = house.world.sent(forum)
    assert len(sent) == 8 + 1
    *first, note = texts(house, forum)
    assert note == say("document.refused")
    assert LONG.replace("**", "").startswith("\n\n".join(first))
    assert sent[0]["entities"][0] == {"type": "bold", "offset": 10, "length": 4}
    assert sent[0]["reply_to_message"]["message_id"] == asked_in
    assert {message["message_thread_id"] for message in sent} == {topic}
    assert ["reply_markup" in message for message in sent] == [*[False] * 7, True, False]
    assert house.rows(STORED) == [("text", message["text"], None, message["message_id"]) for message in sent]


async def test_a_refused_file_of_no_answer_stays_refused(house: House) -> None:
    """A chat that cannot be written to gets no messages either."""
    house.world.fault("sendDocument", "400:chat not found")
    assert house.world.sent(await asked(house)) == []
    assert [row[0] for row in queue(house)] == ["failed"]


async def test_what_was_changed_meanwhile_is_not_said_in_messages(house: House) -> None:
    """As an erasure does between the call and what follows from its refusal."""
    database = await Database.open(house.path, now_ms=1)
    session, deliveries = "telegram:chat:1", Deliveries(database)
    file = SendDocument(text="secret", name="answer.md", size=6, content="secret", parts=2)
    queued = deliveries.add(delivery_id="d:0", session_id=session, payload=file, reply_id="d", head_start=0, now_ms=1)
    await database.commit(queued)
    delivery = await deliveries.find("d:0")
    assert delivery is not None
    await database.commit(deliveries.rewrite(delivery, SendMessage(text="erased")))
    with pytest.raises(ExpectationFailed):
        await database.commit(*say_instead(delivery, in_messages(file), now_ms=2))
    rows = await database.fetch("SELECT deliveryId FROM polar_delivery_queue")
    await database.close()
    assert [row[0] for row in rows] == ["d:0"]


async def test_an_edited_question_takes_the_file_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file cannot become a message; the new answer stands alone."""
    async with house.bot(responder=TELLING):
        ann, chat = house.chat()
        said = house.world.say(chat, ann, "tell me")
        await idle(house, updates=1)
        monkeypatch.setattr(telling, "text", "Once")
        house.world.edit(chat, said, "tell me less")
        await idle(house, updates=2)
    assert texts(house, chat) == ["Once"]
    assert [(kind, text) for kind, text, _, _ in house.rows(STORED)] == [("document", ""), ("text", "Once")]


async def test_the_own_data_is_not_held_back_by_an_answer(house: House) -> None:
    """Only one export waits at a time; a long answer is none."""
    async with house.bot(responder=TELLING):
        ann, chat = house.chat()
        house.world.fault("sendDocument", "hang")
        house.world.say(chat, ann, "tell me")
        await house.world.wait(lambda: any(call.method == "sendDocument" for call in house.world.calls))
        house.world.say(chat, ann, "/export")
        await house.world.wait(lambda: house.world.updates_pending() == 0)
        house.world.clear_faults()
        await idle(house, updates=2)
    assert [message["document"]["file_name"] for message in house.world.sent(chat)] == [
        "answer.md",
        f"polar-{ann.id}.json",
    ]
