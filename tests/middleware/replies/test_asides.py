"""What the bot itself says about an answer: a message of its own behind it, which nobody rates."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.model import Answer
from middleware.texts import say
from middleware.turn import Document, Reply, Turn
from tests.house import House, until
from tests.looking import MARK, awake, idle, tell, texts
from tests.model import PRICED, ask, talk, talking
from tests.pressing import buttons
from tests.responders import ECHO

PROPOSAL = ("propose_automation", json.dumps({"schedule": "daily 18:00", "prompt": "water the plants"}))
STORED = "SELECT text, json_extract(origin, '$.responder') FROM polar_messages WHERE role = 'assistant' ORDER BY rowid"


class Noting:
    """Says what it was told, and the bot something about that."""

    async def respond(self, turn: Turn) -> tuple[Reply, ...]:
        """Two replies, of which only one is its own words."""
        return Reply(text=f"echo: {turn.text}", rateable=True), Reply(text="That was all.", by="polar")


noting = Noting()
NOTING = "tests.middleware.replies.test_asides:noting"


class Filing:
    """Sends a file that is no file."""

    async def respond(self, turn: Turn) -> Reply:
        """With words of its own, or without."""
        return Reply(text="" if turn.text == "bare" else "Here it is", document=Document("a.md", "\0"), rateable=True)


filing = Filing()


def rated(house: House, chat: Any) -> list[bool]:
    """Which messages of ours carry 👍 and 👎."""
    return ["👍" in buttons(message) for message in house.world.sent(chat)]


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        (Answer(text="one two", finish=None), say("model.cut")),
        (Answer(text="one two", finish="length"), say("answer.length")),
    ],
)
async def test_that_an_answer_is_not_the_whole_is_not_a_part_of_it(house: House, answer: Answer, note: str) -> None:
    """The answer is stored as it was said, and only it can be rated."""
    async with talking(house, feedback_buttons="always") as model:
        ann, chat = house.chat()
        model.order(answer)
        assert await tell(house, chat, ann, "count") == ["one two", note]
    assert house.rows(STORED) == [("one two", "openai"), (note, None)]
    assert rated(house, chat) == [True, False]


async def test_a_proposal_is_no_part_of_what_the_model_said(house: House) -> None:
    """It has its own buttons; the next question is asked with both of them before it."""
    async with talking(house, feedback_buttons="always") as model:
        ann, chat = house.chat()
        model.order(Answer(text="Good idea.", tool=PROPOSAL))
        said, proposal = await tell(house, chat, ann, "remind me")
        model.say("well")
        seen = talk(await ask(house, chat, ann, model, "and then?"))
        await idle(house)
    assert said == "Good idea."
    assert house.rows(STORED)[:2] == [("Good idea.", "openai"), (proposal, None)]
    assert rated(house, chat) == [True, False, True]
    assert seen == [("user", "remind me"), ("assistant", f"Good idea.\n{proposal}")]


async def test_what_fails_is_no_answer(house: House) -> None:
    """That there is none says the bot, whatever model was asked; no model is told it as its own words."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(Answer(refusal="I will not"))
        await tell(house, chat, ann, "hello")
        model.say("well")
        seen = talk(await ask(house, chat, ann, model, "again"))
        await idle(house)
    assert house.rows(STORED) == [(say("model.refused"), None), ("well", "openai")]
    assert seen == [("user", "hello")]


async def test_a_warning_of_a_budget_is_no_answer(house: House) -> None:
    """It comes with the answer that uses the budget up."""
    async with talking(house, **PRICED) as model:
        ann, chat = house.chat()
        house.write("INSERT INTO polar_budget_policies VALUES ('global', '', 0.000001, NULL, 0)")
        model.say("well")
        await tell(house, chat, ann, "hello")
    assert [responder for _, responder in house.rows(STORED)] == ["openai", None]


async def test_a_note_goes_right_behind_its_answer(house: House) -> None:
    """In a group where others wait too; it replies to nothing, as a further part does not."""
    async with house.bot(responder=NOTING):
        await awake(house)
        ann, bob = house.world.person("Ann"), house.world.person("Bob")
        group = house.world.group("Friends", [ann, bob])
        house.world.fault("sendMessage", "hang")
        for number, person in enumerate((ann, bob, ann, bob)):
            house.world.say(group, person, f"@polar_test_bot {number}")
        await until(lambda: house.rows("SELECT count(*) FROM polar_delivery_queue") == [(8,)])
        house.world.clear_faults()
        await idle(house)
    said = [text.removeprefix(MARK) for text in texts(house, group)]
    assert said[1::2] == ["That was all."] * 4
    assert sorted(text[-1] for text in said[0::2]) == ["0", "1", "2", "3"]
    assert ["reply_to_message" in message for message in house.world.sent(group)] == [True, False] * 4


@pytest.mark.parametrize(("text", "said"), [("bare", []), ("please", [("Here it is", "tests")])])
async def test_why_a_file_is_not_sent_is_no_part_of_what_was_said(
    house: House, text: str, said: list[tuple[str, str]]
) -> None:
    """Whatever was said beside it."""
    async with house.bot(responder="tests.middleware.replies.test_asides:filing"):
        ann, chat = house.chat()
        await tell(house, chat, ann, text)
    stored = [(told, by and by.partition(".")[0]) for told, by in house.rows(STORED)]
    assert stored == [*said, (say("document.empty", name="a.md"), None)]


async def test_what_may_be_sent_twice_is_stored_without_its_mark(house: House) -> None:
    """The mark is the delivery's."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        house.world.fault("sendMessage", "cut_after")
        house.world.say(chat, ann, "hello")
        await house.world.wait(lambda: len(house.world.sent(chat)) == 2)
        await idle(house)
    assert texts(house, chat) == ["echo: hello", f"{MARK}echo: hello"]
    assert house.rows(STORED) == [("echo: hello", ECHO)]
