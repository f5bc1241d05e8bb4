"""Formatted answers: a model's Markdown arrives as text with entities, whatever it is made of."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Chat
from middleware.replies.rich_text import MOST_ENTITIES
from middleware.turn import Reply, Turn
from tests.house import House
from tests.looking import MARK, idle, queue, tell, texts
from tests.markdown import twenty_thousand
from tests.responders import ECHO

pytestmark = pytest.mark.filterwarnings("ignore:.*retry_after:DeprecationWarning")


class Formatted:
    """Says what it was told, taken for Markdown."""

    async def respond(self, turn: Turn) -> Reply:
        """The text, or an answer of 20,000 characters and more."""
        return Reply(text=twenty_thousand() if turn.text == "long" else turn.text, markdown=True)


formatted = Formatted()
FORMATTED = "tests.bot.sending.test_rich_replies:formatted"


def shown(message: dict[str, Any]) -> list[tuple[str, str]]:
    """What is formatted in a message as it arrived, by type."""
    units = message["text"].encode("utf-16-le")
    return [
        (entity["type"], units[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])].decode("utf-16-le"))
        for entity in message.get("entities", [])
    ]


async def test_markdown_arrives_formatted_and_is_stored_as_plain_text(house: House) -> None:
    """People see no mark of Markdown, and the conversation that is kept has none either."""
    async with house.bot(responder=FORMATTED):
        ann, chat = house.chat()
        await tell(house, chat, ann, "😀 **bold** and [a link](https://example.org)\n\n```py\nx = 1\n```")
    [message] = house.world.sent(chat)
    assert message["text"] == "😀 bold and a link\n\nx = 1"
    assert shown(message) == [("bold", "bold"), ("text_link", "a link"), ("pre", "x = 1")]
    assert message["entities"][1]["url"] == "https://example.org"
    assert message["entities"][2]["language"] == "py"
    assert house.rows("SELECT text FROM polar_messages WHERE role = 'assistant'") == [(message["text"],)]


async def test_what_is_not_said_to_be_markdown_is_left_alone(house: House) -> None:
    """What a person wrote, or what we say by ourselves, may have stars in it."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        assert await tell(house, chat, ann, "2 **3** `4`") == ["echo: 2 **3** `4`"]
    assert "entities" not in house.world.sent(chat)[0]


async def test_an_answer_of_20000_characters_arrives_whole(house: House) -> None:
    """Code, tables and 300 links; no message has more entities than Telegram shows."""
    async with house.bot(responder=FORMATTED, max_answer_parts=100):
        ann, chat = house.chat()
        await tell(house, chat, ann, "long")
    messages = house.world.sent(chat)
    links = [entity["url"] for message in messages for entity in message["entities"] if entity["type"] == "text_link"]
    assert links == [f"https://example.org/{n}" for n in range(300)]
    assert sum(type_ == "pre" for message in messages for type_, _ in shown(message)) == 600
    sent = [call.params for call in house.world.calls if call.method == "sendMessage"]
    assert max(len(params["entities"]) for params in sent) <= MOST_ENTITIES
    assert [params["text"] for params in sent] == texts(house, chat)
    assert {row[0] for row in queue(house)} == {"sent"}


async def refused(house: House, description: str) -> Chat:
    """A chat where an answer met this refusal first."""
    async with house.bot(responder=FORMATTED):
        ann, chat = house.chat()
        house.world.fault("sendMessage", f"400:{description}")
        await tell(house, chat, ann, "**hello**")
    return chat


@pytest.mark.parametrize("description", ["can't parse entities: unsupported", "ENTITY_BOUNDS_INVALID"])
async def test_formatting_that_is_refused_is_left_out(house: House, description: str) -> None:
    """The answer matters more than how it looks."""
    chat = await refused(house, description)
    [message] = house.world.sent(chat)
    assert message["text"] == "hello"
    assert "entities" not in message
    assert queue(house) == [("sent", 0, None)]


async def test_what_may_have_arrived_is_marked_and_formatted_where_it_was(house: House) -> None:
    """The mark stands in front, so everything behind it has moved."""
    async with house.bot(responder=FORMATTED):
        ann, chat = house.chat()
        house.world.fault("sendMessage", "cut")
        house.world.say(chat, ann, "some **bold** words")
        await house.world.wait(lambda: len(texts(house, chat)) == 1)
        await idle(house)
    [message] = house.world.sent(chat)
    assert message["text"] == MARK + "some bold words"
    assert shown(message) == [("bold", "bold")]
