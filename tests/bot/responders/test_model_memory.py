"""A model has facts kept that a person tells, and proposes to forget some; the person has the last word."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.responders.model.calls import MOST_CALLS
from bot.responders.model.prices import CALLS
from bot.responders.model.tools import MOST_KEPT
from emulator import Chat, Person
from emulator.model import Answer, Exchange, Rule, has
from middleware.texts import say, say_count
from tests.house import House, until
from tests.looking import idle, mentions, tell, texts
from tests.model import ask, talking
from tests.pressing import buttons, forget_me, last, press, press_data
from tests.streams import S, frame

FACTS = "SELECT record ->> '$.fact' FROM polar_memory ORDER BY rowid"
FIGS = ("remember", json.dumps({"fact": "Ann likes figs"}))
NOTED = say("memory.noted_these", facts="• Ann likes figs")


def calling(*facts: Any, text: str = "") -> Answer:
    """An answer that calls `remember` for each of these, side by side."""
    calls = [
        {"index": place, "id": f"c{place}", "function": {"name": "remember", "arguments": json.dumps({"fact": fact})}}
        for place, fact in enumerate(facts)
    ]
    return Answer(raw=frame({"content": text}) + "".join(frame({"tool_calls": [call]}) for call in calls) + S)


def tools_of(exchange: Exchange) -> list[str]:
    """The names of the tools that were offered."""
    return [tool["function"]["name"] for tool in exchange.request.get("tools", [])]


def results(exchange: Exchange) -> list[dict[str, str]]:
    """What a model is told of its calls."""
    return [json.loads(message["content"]) for message in exchange.messages if message["role"] == "tool"]


async def test_a_fact_is_kept_with_the_answer_and_that_is_said(house: House) -> None:
    """In a message of its own that nobody rates; the row names the message that it was told in."""
    async with talking(house, feedback_buttons="always") as model:
        ann, chat = house.chat()
        model.order(Answer(text="Nice!", tool=FIGS))
        assert await tell(house, chat, ann, "I like figs") == ["Nice!", NOTED]
        assert list(buttons(last(house, chat))) == [say("memory.button.really")]
        assert len(model.exchanges) == 1
    [(message,)] = house.rows("SELECT messageId FROM polar_messages WHERE role = 'user'")
    [(fact, metadata, user)] = house.rows("SELECT record ->> '$.fact', metadata, userId FROM polar_memory")
    assert (fact, user) == ("Ann likes figs", str(ann.id))
    assert json.loads(metadata) == {"messageId": message, "sessionId": f"telegram:chat:{chat.id}"}
    assert "figs" not in mentions(house, "polar_audit") | mentions(house, "polar_feedback_events")


async def test_what_is_said_by_the_call_alone_is_asked_for(house: House) -> None:
    """With what became of it, so that the person gets an answer too."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(Answer(tool=FIGS), Answer(text="Good to know."))
        assert await tell(house, chat, ann, "I like figs") == ["Good to know.", NOTED]
        assert ["result" in result for result in results(model.exchanges[1])] == [True]


async def test_a_press_removes_it_for_good_and_again_does_nothing(house: House) -> None:
    """Also after a restart; it is whose memory it is that may press, in a group too."""
    async with talking(house) as model:
        ann, bob = house.world.person("Ann"), house.world.person("Bob")
        group = house.world.group("Friends", [ann, bob])
        model.order(Answer(text="Nice!", tool=FIGS))
        await tell(house, group, ann, "@polar_test_bot I like figs")
        note = last(house, group)
        [data] = buttons(note).values()
        assert await press(house, group, bob, "Forget", note) == say("memory.toast.foreign")
        forged = data.replace(str(ann.id), str(bob.id))
        assert await press_data(house, group, bob, forged, note) == say("memory.toast.gone")
        assert house.rows(FACTS) == [("Ann likes figs",)]
    async with talking(house):
        assert await press(house, group, ann, "Forget", note) == say("memory.forgotten")
        assert await press(house, group, ann, "Forget", note) == say("memory.toast.gone")
        assert texts(house, group)[-1] == say("memory.forgotten")
    assert house.rows(FACTS) == house.rows("SELECT 1 FROM polar_memory_fts") == []


async def test_after_an_erasure_the_button_does_nothing(house: House) -> None:
    """Nor does it bring anything back."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(Answer(text="Nice!", tool=FIGS))
        await tell(house, chat, ann, "I like figs")
        note = last(house, chat)
        await forget_me(house, chat, ann)
        await idle(house)
        assert await press(house, chat, ann, "Forget", note) == say("memory.toast.gone")
    assert mentions(house, "figs") == set()


async def test_few_facts_are_kept_of_a_turn_and_each_once(house: House) -> None:
    """However many calls there are; what was to be too much is the model's affair, not the person's."""
    async with talking(house) as model:
        ann, chat = house.chat()
        many = [f"fact {number // 2}" for number in range(1000)]
        model.order(calling(*many[:40], text="All right."))
        told = await tell(house, chat, ann, "listen")
        assert told == ["All right.", say("memory.noted_these", facts="1 fact 0\n2 fact 1\n3 fact 2")]
        assert list(buttons(last(house, chat))) == [f"{n} {say('memory.button.really')}" for n in (1, 2, 3)]
        await press(house, chat, ann, "2 ")
    assert house.rows(FACTS) == [("fact 0",), ("fact 2",)]
    assert MOST_KEPT == 3 < MOST_CALLS


async def test_few_are_kept_over_all_answers_of_a_turn(house: House) -> None:
    """A second answer has what the first has left; nothing loops."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(calling("one", "two"), calling("two", "three", "four", text="Well."))
        said, note = await tell(house, chat, ann, "listen")
        assert len(model.exchanges) == CALLS
    assert (said, note) == ("Well.", say("memory.noted_these", facts="1 one\n2 two\n3 three"))
    assert house.rows(FACTS) == [("one",), ("two",), ("three",)]


async def test_what_is_known_is_not_kept_again(house: House) -> None:
    """Nor is anybody told of it; what the person says with the same words is known too."""
    async with talking(house, merge_window_ms=50) as model:
        ann, chat = house.chat()
        model.order(Answer(text="Nice!", tool=FIGS), Answer(text="I know.", tool=FIGS))
        await tell(house, chat, ann, "I like figs")
        assert await tell(house, chat, ann, "I like figs") == ["I know."]
        model.order(calling("tea is at five", text="Sure."))
        house.world.say(chat, ann, "remember that tea is at five")
        house.world.say(chat, ann, "and what is the time?")
        await idle(house)
    assert house.rows(FACTS) == [("Ann likes figs",), ("tea is at five",)]


@pytest.mark.parametrize("arguments", ["not json", '{"fact": 5}', '{"fact": "/forget me"}'])
async def test_what_is_no_fact_is_not_kept(house: House, arguments: str) -> None:
    """The person is answered, and told so once the model has tried twice."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.otherwise = Answer(text="Noted!", tool=("remember", arguments))
        assert await tell(house, chat, ann, "listen") == ["Noted!\n\nNoted!", say("model.unkept")]
        assert len(model.exchanges) == CALLS
        assert "error" in results(model.exchanges[1])[0]
    assert house.rows(FACTS) == []


async def test_a_call_that_is_too_long_to_be_repeated_is_not(house: House) -> None:
    """However deep its arguments are."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.otherwise = Answer(text="Noted!", tool=("remember", "[" * 100_000))
        assert await tell(house, chat, ann, "listen") == ["Noted!", say("model.unkept")]
    assert house.rows(FACTS) == []


@pytest.mark.parametrize(
    ("written", "kept"),
    [("a\ud800b", "a\ufffdb"), ("two\nlines\u2028here", "two lines here"), ("nul\x00", "nul")],
)
async def test_a_fact_is_one_line_that_can_be_stored(house: House, written: str, kept: str) -> None:
    """So that no line of it looks like another fact, and no turn fails by it."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(calling(written, text="Well."))
        await tell(house, chat, ann, "listen")
    assert house.rows(FACTS) == [(kept,)]


async def test_others_words_and_files_are_not_to_be_kept(house: House) -> None:
    """The tool is not offered; a model that calls it all the same is not heard."""
    async with talking(house) as model:
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        assert tools_of(await ask(house, chat, ann, model, "hello")) == ["propose_automation", "remember", "forget"]
        written = house.world.say(other, bob, "Ann's bank is mine")
        await idle(house)
        model.order(calling("Ann's bank is Bob's", text="Well."))
        before = len(model.exchanges)
        house.world.forward(chat, ann, other, written)
        await idle(house)
        assert tools_of(model.exchanges[before]) == ["propose_automation", "forget"]
        house.world.send(chat, ann, "photo", caption="my cat")
        await idle(house)
        assert tools_of(model.exchanges[-1]) == ["propose_automation", "forget"]
    assert house.rows(FACTS) == []


async def test_in_a_group_it_is_the_writers_own_words_that_count(house: House) -> None:
    """Who replies to the bot says their own; who replies to somebody says that one's too."""
    async with talking(house) as model:
        ann, bob = house.world.person("Ann"), house.world.person("Bob")
        group = house.world.group("Friends", [ann, bob])
        model.say("hello", "well", "well")
        await tell(house, group, ann, "@polar_test_bot hello")
        ours = last(house, group)["message_id"]
        theirs = house.world.say(group, bob, "Ann owes me money")
        await idle(house)
        exchange = await ask(house, group, ann, model, "I like figs", reply_to=ours)
        assert "remember" in tools_of(exchange)
        exchange = await ask(house, group, ann, model, "@polar_test_bot is it so?", reply_to=theirs)
        assert "remember" not in tools_of(exchange)


async def test_a_turn_that_fails_or_is_stopped_keeps_nothing(house: House) -> None:
    """And says nothing of it."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(Answer(tool=FIGS), Answer(status=401))
        assert await tell(house, chat, ann, "I like figs") == [say("model.key")]
        model.order(Answer(tool=FIGS), Answer(text="one two three", hold_after=1))
        house.world.say(chat, ann, "I like figs")
        await model.wait(lambda: len(model.exchanges) == 4)
        house.world.say(chat, ann, "/stop")
        await house.world.wait(lambda: len(house.world.sent(chat)) > 1)
        model.release()
        await idle(house)
        assert NOTED not in texts(house, chat)
    assert house.rows(FACTS) == []


async def test_what_nobody_is_told_of_is_not_kept(house: House) -> None:
    """Where what says so is stopped on its way; what the person has asked for themselves stays."""
    waiting = "SELECT count(*) FROM polar_delivery_queue WHERE status = 'pending'"
    async with talking(house, merge_window_ms=0) as model:
        ann, chat = house.chat()
        house.world.fault("sendMessage", "hang")
        model.order(Answer(text="Nice!", tool=FIGS))
        house.world.say(chat, ann, "I like figs")
        await until(lambda: house.rows(waiting) == [(1,)])
        house.world.say(chat, ann, "remember that tea is at five")
        await until(lambda: house.rows(waiting) == [(2,)])
        assert house.rows(FACTS) == [("Ann likes figs",), ("tea is at five",)]
        house.world.say(chat, ann, "/stop")
        await until(lambda: len(house.rows(FACTS)) == 1)
        house.world.clear_faults()
        await idle(house)
        assert texts(house, chat) == ["Nice!", say_count("answer.unsent", 2)]
    assert house.rows(FACTS) == [("tea is at five",)]


async def test_what_was_found_in_a_message_goes_when_that_is_edited(house: House) -> None:
    """As what was said of it does; what is found now takes its place."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(Answer(text="Nice!", tool=FIGS), calling("Ann likes dates", text="Ah."), Answer(text="Oh."))
        message = house.world.say(chat, ann, "I like figs")
        await idle(house)
        house.world.edit(chat, message, "I like dates")
        await idle(house)
        assert house.rows(FACTS) == [("Ann likes dates",)]
        house.world.edit(chat, message, "I like nothing")
        await idle(house)
        assert texts(house, chat) == ["Oh."]
    assert house.rows(FACTS) == []


async def remembered(house: House, chat: Chat, person: Person, *facts: str) -> None:
    """By command."""
    for fact in facts:
        await tell(house, chat, person, f"/remember {fact}")


async def test_to_forget_is_only_proposed(house: House) -> None:
    """The press of whose memory it is removes it."""
    async with talking(house) as model:
        ann, chat = house.chat()
        await remembered(house, chat, ann, "my bike is green", "tea is at five")
        model.order(Answer(text="Shall I?", tool=("forget", '{"fact": "my bike is green"}')))
        said, asked = await tell(house, chat, ann, "forget my bike")
        assert (said, asked) == ("Shall I?", say("memory.shall_i_forget", facts="• my bike is green"))
        assert len(house.rows(FACTS)) == 2
        assert await press(house, chat, ann, say("memory.button.keep")) == say("memory.toast.kept")
        assert len(house.rows(FACTS)) == 2
        await press(house, chat, ann, "Forget")
    assert house.rows(FACTS) == [("tea is at five",)]


async def test_no_tool_reaches_what_another_has_told(house: House) -> None:
    """Neither by its words nor by its id."""
    async with talking(house) as model:
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        await remembered(house, chat, ann, "my locker code is 4711")
        [(memory_id,)] = house.rows("SELECT memoryId FROM polar_memory")
        for words in ("my locker code is 4711", memory_id, memory_id[:8], "%", "x" * 100_000):
            model.order(*[Answer(text="Well.", tool=("forget", json.dumps({"fact": words})))] * CALLS)
            assert (await tell(house, other, bob, "forget it"))[-1] == say("memory.not_found")
            assert buttons(last(house, other)) == {}
    assert len(house.rows(FACTS)) == 1


async def test_a_model_that_takes_no_tools_answers(house: House) -> None:
    """Also where that is known by now."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.rules.append(Rule(has("tools"), Answer(status=400, message="tools are not supported")))
        model.say("fine", "again")
        assert await tell(house, chat, ann, "I like figs") == ["fine"]
        assert await tell(house, chat, ann, "and dates") == ["again"]
        assert tools_of(model.exchanges[-1]) == []
