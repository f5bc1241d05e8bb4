"""“Remember that …”: kept whoever answers and whomever it names in front, and what an edit makes of it."""

from __future__ import annotations

import pytest

from emulator import Chat
from middleware.facts import MAX_FACT
from middleware.texts import say
from tests.clocks import TestClock
from tests.house import House
from tests.looking import idle, mentions, tell, texts
from tests.model import talking
from tests.pressing import buttons, press
from tests.responders import ECHO

FACTS = "SELECT record ->> '$.fact' FROM polar_memory ORDER BY rowid"
KEPT = say("memory.kept")


async def edit(house: House, chat: Chat, message: int, text: str) -> None:
    """And wait until that is handled."""
    house.world.edit(chat, message, text)
    await idle(house)


@pytest.mark.parametrize("responder", ["local", "none", ECHO])
@pytest.mark.parametrize("form", ["{}", "@polar_test_bot {}", "@polar_test_bot, {}", "@ann_a @polar_test_bot {}"])
async def test_a_fact_is_kept_whoever_answers(house: House, responder: str, form: str) -> None:
    """Mentions in front change nothing; whoever never answers is silent here too."""
    async with house.bot(responder=responder):
        ann, chat = house.chat()
        group = house.world.group("Friends", [ann])
        where = chat if form == "{}" else group
        told = await tell(house, where, ann, form.format("remember that the shed key is under the pot"))
        assert told == ([] if responder == "none" else [KEPT])
        await tell(house, where, ann, form.format("Please remember: tea is at five"))
    assert house.rows(FACTS) == [("the shed key is under the pot",), ("tea is at five",)]


@pytest.mark.parametrize(
    "text", ["Polar_test_bot, remember that tea is at five", "polar_test_bot: remember that tea is at five"]
)
async def test_the_bots_own_name_in_front_changes_nothing_where_it_is_spoken_to(house: House, text: str) -> None:
    """Without an @ it is a word like any other, so that in a group it is nobody's business."""
    async with house.bot(responder="local"):
        ann, chat = house.chat()
        assert await tell(house, house.world.group("Friends", [ann]), ann, text) == []
        assert await tell(house, chat, ann, text) == [KEPT]
    assert house.rows("SELECT sessionId FROM polar_memory") == [(f"telegram:chat:{chat.id}",)]


@pytest.mark.parametrize(
    "text",
    [
        "remember that evening?",
        "Do you remember that my bike is red",
        "remember the day when we met",
        "I remember that well",
        "remember that",
    ],
)
async def test_what_asks_for_an_answer_is_no_fact(house: House, text: str) -> None:
    """A question, or a mere memory, is for whoever can talk about it."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        assert await tell(house, chat, ann, text) == [f"echo: {text}"]
    assert house.rows(FACTS) == []


async def test_a_fact_in_a_caption_is_kept_and_a_forwarded_one_is_anothers(house: House) -> None:
    """One that is too long is refused, as by command."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        message = house.world.send(chat, ann, "photo", caption="remember that this is my bike")
        await idle(house)
        assert texts(house, chat) == [KEPT]
        house.world.forward(chat, ann, chat, message)
        await idle(house)
        assert texts(house, chat)[1:] == ["echo: remember that this is my bike"]
        long = "x" * (MAX_FACT + 1)
        assert await tell(house, chat, ann, f"remember that {long}") == [
            say("memory.too_long", most=MAX_FACT, length=MAX_FACT + 1)
        ]
    assert house.rows(FACTS) == [("this is my bike",)]


async def test_with_a_model_a_fact_is_kept_without_asking_it(house: House) -> None:
    """It works though the model cannot be reached; several messages of one turn are each their own."""
    async with talking(house, merge_window_ms=50) as model:
        ann, chat = house.chat()
        house.world.say(chat, ann, "remember that my bike is red")
        house.world.say(chat, ann, "remember that my car is blue")
        await idle(house, updates=2)
        assert {text.partition(":")[0] for text in texts(house, chat)} <= {"Noted", KEPT}
        shown = [button for message in house.world.sent(chat) for button in buttons(message)]
        assert len(shown) == 2
        assert not model.exchanges
    assert house.rows(FACTS) == [("my bike is red",), ("my car is blue",)]


@pytest.mark.parametrize("asked", ["remember that {}", "/remember {}", "@polar_test_bot remember that {}"])
@pytest.mark.parametrize("later_s", [1, 3600], ids=["at once", "later"])
async def test_an_edited_fact_replaces_the_former_one(house: House, asked: str, later_s: int) -> None:
    """With its entry in the index, as often as it is edited; however late."""
    clock = TestClock()
    async with house.bot(clock, responder="local"):
        ann, chat = house.chat()
        message = house.world.say(chat, ann, asked.format("my bike is red"))
        await idle(house)
        for color in ("blue", "green"):
            clock.advance(seconds=later_s)
            await edit(house, chat, message, asked.format(f"my bike is {color}"))
            assert house.rows(FACTS) == [(f"my bike is {color}",)]
        [found] = await tell(house, chat, ann, "/memory search green")
        assert "green" in found
        assert await tell(house, chat, ann, "/memory search red") == [say("memory.not_found")]


@pytest.mark.parametrize("asked", ["remember that {}", "/remember {}"])
async def test_a_fact_that_is_edited_away_goes(house: House, asked: str) -> None:
    """From the index as well; edited into one again it is one again."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        message = house.world.say(chat, ann, asked.format("my bike is red"))
        await idle(house)
        await edit(house, chat, message, "hello there")
        assert house.rows(FACTS) == []
        assert house.rows("SELECT count(*) FROM polar_memory_fts") == [(0,)]
    assert len(mentions(house, "bike")) <= 2


async def test_a_mistyped_fact_is_kept_once_it_is_corrected(house: House) -> None:
    """Within the time in which edits are answered anew."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        message = house.world.say(chat, ann, "remeber that my bike is red")
        await idle(house)
        await edit(house, chat, message, "remember that my bike is red")
        await edit(house, chat, message, "remember that my bike is blue")
        assert texts(house, chat) == [KEPT]
    assert house.rows(FACTS) == [("my bike is blue",)]


@pytest.mark.parametrize("asked", ["remember that {}", "/remember {}"])
async def test_a_fact_that_was_forgotten_meanwhile_stays_forgotten(house: House, asked: str) -> None:
    """The person is told so, where they are told anything."""
    async with house.bot(responder="local"):
        ann, chat = house.chat()
        message = house.world.say(chat, ann, asked.format("my bike is red"))
        await idle(house)
        await press(house, chat, ann, "Forget")
        await edit(house, chat, message, asked.format("my bike is blue"))
        assert say("memory.stays_forgotten") in texts(house, chat) or asked.startswith("/")
    assert house.rows(FACTS) == []


async def test_what_was_erased_no_edit_brings_back(house: House) -> None:
    """Neither the fact nor the message: Telegram sends an edit with a mere reaction too."""
    async with house.bot(responder="local"):
        ann, chat = house.chat()
        message = house.world.say(chat, ann, "remember that my bike is red")
        await idle(house)
        await tell(house, chat, ann, "/forget me")
        question = house.world.sent(chat)[-1]
        house.world.press(
            chat, ann, question["message_id"], question["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
        )
        await idle(house)
        assert house.rows("SELECT text FROM polar_messages WHERE telegramMessageId = ?", message) == [("",)]
        await edit(house, chat, message, "remember that my bike is blue")
    assert house.rows(FACTS) == []
    assert mentions(house, "bike") == set()


async def test_an_older_edit_that_is_tried_again_changes_no_fact(house: House) -> None:
    """What was said since is newer."""
    async with house.bot(responder="local"):
        ann, chat = house.chat()
        message = house.world.say(chat, ann, "remember that my bike is red")
        await idle(house)
        first = house.world.message(chat, message) or {}
        for text, date in (("remember that my bike is blue", 90), ("remember that my bike is green", 50)):
            house.world.push({"edited_message": {**first, "text": text, "edit_date": first["date"] + date}})
            await idle(house)
    assert house.rows(FACTS) == [("my bike is blue",)]


async def test_whoever_speaks_as_a_group_has_no_facts(house: House) -> None:
    """They would be nobody's; another bot's are not kept either, and nothing is said of that."""
    async with house.bot(responder="local"):
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann])
        house.world.say_as_chat(group, group, "@polar_test_bot remember that we meet at five")
        await idle(house)
        assert texts(house, group) == [say("command.personal")]
    assert house.rows(FACTS) == []
