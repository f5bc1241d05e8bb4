"""Another answer after a 👎: a wish that waits like a message, for its asker alone, one an answer."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from emulator import Chat, Person
from middleware.responder import Responder
from middleware.texts import say
from middleware.turn import Turn
from storage.tables.budgets import BudgetPolicy, Budgets
from tests.clocks import TestClock
from tests.house import House, until
from tests.killing import end, finished, kill, start, start_asking
from tests.looking import awake, idle, tell, texts
from tests.pressing import buttons, forget_me, last, press, press_data
from tests.responders import Echo

COUNTING = "tests.middleware.test_another_answer:Counting"
HANGING_LATER = "tests.middleware.test_another_answer:HangingLater"
COSTLY = "tests.middleware.test_another_answer:Costly"
OFFERING: dict[str, Any] = {"responder": COUNTING, "feedback_buttons": "private"}
OFFER, BUTTON = say("feedback.another.offer"), say("feedback.another.button")
ORIGINS = "SELECT text, origin FROM polar_messages WHERE role = 'assistant' ORDER BY sequence"
KINDS = "SELECT kind, outcome FROM polar_audit WHERE kind = 'another_answer' ORDER BY rowid"


class Counting(Echo):
    """Says which answer it is, to what, and what it was told of before."""

    def __init__(self, fallback: Responder) -> None:
        super().__init__(fallback)
        self.history = 20
        self.said = 0

    async def respond(self, turn: Turn) -> str:
        """In one line."""
        self.said += 1
        told = [message.text for message in turn.context.history]
        return f"{self.said}: {turn.text} after {told}"


class HangingLater(Counting):
    """Answers once, and then never again."""

    is_asked = False
    """True if it was asked for more."""

    def __init__(self, fallback: Responder) -> None:
        super().__init__(fallback)
        type(self).is_asked = False

    async def respond(self, turn: Turn) -> str:
        """As Counting, or never."""
        if self.said:
            type(self).is_asked = True
            await asyncio.Event().wait()
        return await super().respond(turn)


class Costly(Counting):
    """Each answer costs a dollar."""

    def estimate_usd(self, turn: Turn) -> float:
        """What it costs."""
        return 1.0

    async def respond(self, turn: Turn) -> str:
        """As Counting, for a dollar."""
        turn.spent_usd += 1
        return await super().respond(turn)


async def disliked(house: House, person: Person, chat: Chat, text: str = "why?") -> dict[str, Any]:
    """Ask, and dislike the answer: the message with the offer."""
    await awake(house)
    await tell(house, chat, person, text)
    house.world.react(chat, person, last(house, chat)["message_id"], "👎")
    await house.world.wait(lambda: last(house, chat).get("text") == OFFER)
    await idle(house)
    return last(house, chat)


async def test_another_answer_is_a_new_message_made_from_what_was_said_before(house: House) -> None:
    """It replies to the question, says in place of which it stands, and what was said since is not told."""
    async with house.bot(**OFFERING):
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
        offer = await disliked(house, ann, chat)
        question = house.world.sent(chat)[-2]["message_id"] - 1
        await tell(house, chat, ann, "meanwhile")
        assert await press(house, chat, ann, BUTTON, offer) == ""
        answer = last(house, chat)
    before = ["hello", "1: hello after []"]
    assert answer["text"] == f"4: why? after {before}"
    assert answer["reply_to_message"]["message_id"] == question
    origins = {text[:1]: json.loads(origin) for text, origin in house.rows(ORIGINS)}
    assert origins["4"]["alternativeOf"] == f"msg_a_{question + 1}"
    assert "alternativeOf" not in origins["2"]
    assert house.rows(KINDS) == [("another_answer", "answered")]


async def test_later_only_the_newer_one_was_said(house: House) -> None:
    """The history of the next message holds one answer to each question."""
    async with house.bot(**OFFERING):
        ann, chat = house.chat()
        offer = await disliked(house, ann, chat)
        await press(house, chat, ann, BUTTON, offer)
        [told] = await tell(house, chat, ann, "and now?")
    assert told == f"3: and now? after {['why?', '2: why? after []']}"


async def test_there_is_one_in_place_of_an_answer(house: House) -> None:
    """However often the button is pressed, and whatever is thought of the other one."""
    async with house.bot(**OFFERING):
        ann, chat = house.chat()
        offer = await disliked(house, ann, chat)
        [data] = buttons(offer).values()
        for _ in range(3):
            house.world.press(chat, ann, offer["message_id"], data)
        await idle(house)
        assert await press_data(house, chat, ann, data, offer) == say("feedback.another.there")
        answers = [text for text in texts(house, chat) if "why?" in text]
        assert [text[:1] for text in answers] == ["1", "2"]
        house.world.react(chat, ann, last(house, chat)["message_id"], "👎")
        await idle(house)
        assert OFFER not in texts(house, chat)


async def test_an_offer_that_was_used_goes(house: House) -> None:
    """It, and nothing else that somebody says was pressed; with it goes the button that leads nowhere."""
    async with house.bot(**OFFERING):
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
        other = last(house, chat)
        offer = await disliked(house, ann, chat)
        [data] = buttons(offer).values()
        await press_data(house, chat, ann, data, other)
        assert [text[:1] for text in texts(house, chat) if text != OFFER] == ["1", "2", "3"]
        assert OFFER in texts(house, chat)
        await tell(house, chat, ann, "why not?")
        house.world.react(chat, ann, last(house, chat)["message_id"], "👎")
        await house.world.wait(lambda: last(house, chat).get("text") == OFFER)
        await idle(house)
        await press(house, chat, ann, BUTTON)
        assert texts(house, chat).count(OFFER) == 1
        assert len(house.rows("SELECT 1 FROM polar_messages WHERE role = 'assistant' AND text = ''")) == 1


async def test_only_who_has_asked_may(house: House) -> None:
    """In a group another's 👎 is offered nothing, and another's press is refused."""
    async with house.bot(**OFFERING):
        ann, bob = house.world.person("Ann"), house.world.person("Bob")
        group = house.world.group("Friends", [ann, bob])
        await awake(house)
        await tell(house, group, ann, f"@{house.world.bot.username} why?")
        answer = last(house, group)["message_id"]
        house.world.react(group, bob, answer, "👎")
        await idle(house)
        assert OFFER not in texts(house, group)
        house.world.react(group, ann, answer, "👎")
        await house.world.wait(lambda: OFFER in texts(house, group))
        await idle(house)
        offer = last(house, group)
        assert await press(house, group, bob, BUTTON, offer) == say("feedback.another.foreign")
        assert await press(house, group, ann, BUTTON, offer) == ""
        assert last(house, group)["text"].startswith("2: ")


async def test_it_is_offered_once_and_by_a_press_too(house: House) -> None:
    """Taken back and given again, a 👎 asks nothing more; who answers at once would only say the same."""
    async with house.bot(**{**OFFERING, "feedback_buttons": "always"}):
        ann, chat = house.chat()
        await tell(house, chat, ann, "why?")
        answer = last(house, chat)
        for _ in range(3):
            await press(house, chat, ann, "👎", answer)
        assert texts(house, chat).count(OFFER) == 1
    async with house.bot(feedback_buttons="private"):
        bob, other = house.chat("Bob")
        await tell(house, other, bob, "hello")
        house.world.react(other, bob, last(house, other)["message_id"], "👎")
        await idle(house)
        assert OFFER not in texts(house, other)


async def test_who_wants_no_buttons_is_offered_none(house: House) -> None:
    """A 👎 is recorded as ever, and nothing is asked."""
    async with house.bot(**{**OFFERING, "feedback_buttons": "never"}):
        ann, chat = house.chat()
        await tell(house, chat, ann, "why?")
        house.world.react(chat, ann, last(house, chat)["message_id"], "👎")
        await idle(house)
        assert OFFER not in texts(house, chat)
    assert house.rows("SELECT polarity FROM polar_feedback_events") == [("negative",)]


@pytest.mark.parametrize("data", ["another:", "another:x", "another:1", "another:99", "another:-2"])
async def test_what_is_no_answer_of_ours_has_no_other(house: House, data: str) -> None:
    """Whatever data is sent, and whatever message it names."""
    async with house.bot(**OFFERING):
        ann, chat = house.chat()
        offer = await disliked(house, ann, chat)
        assert await press_data(house, chat, ann, data, offer) == say("button.out_of_date")


async def test_it_stays_in_its_topic(house: House) -> None:
    """Offer and answer, though Telegram says of no reaction in which topic it is."""
    async with house.bot(**OFFERING):
        ann = house.world.person("Ann")
        forum = house.world.group("Forum", [ann], forum=True)
        topic = house.world.topic(forum, "Tea")
        await awake(house)
        await tell(house, forum, ann, f"@{house.world.bot.username} why?", topic=topic)
        house.world.react(forum, ann, last(house, forum)["message_id"], "👎")
        await house.world.wait(lambda: OFFER in texts(house, forum))
        await idle(house)
        assert last(house, forum)["message_thread_id"] == topic
        await press(house, forum, ann, BUTTON)
        assert last(house, forum)["message_thread_id"] == topic


async def test_it_counts_as_a_message_does(house: House) -> None:
    """Beyond the limit a press is told so, and nothing is asked."""
    async with house.bot(TestClock(), **OFFERING, rate_limit_per_minute=2):
        ann, chat = house.chat()
        offer = await disliked(house, ann, chat)
        assert await press(house, chat, ann, BUTTON, offer) == say("button.too_many")
        assert last(house, chat) == offer


async def test_a_question_that_is_gone_has_no_other_answer(house: House) -> None:
    """Of somebody who was erased nothing is asked again."""
    async with house.bot(**OFFERING) as bot:
        ann, chat = house.chat()
        offer = await disliked(house, ann, chat)
        await bot.app.database.commit(*bot.app.stores.erasure.of(str(ann.id), now_ms=1))
        assert await press(house, chat, ann, BUTTON, offer) == say("feedback.another.gone")


async def test_it_ends_with_stop(house: House) -> None:
    """As the answer to a message does; nothing then stands in place of the first, and there may be another."""
    async with house.bot(**{**OFFERING, "responder": HANGING_LATER}):
        ann, chat = house.chat()
        offer = await disliked(house, ann, chat)
        [data] = buttons(offer).values()
        query = house.world.press(chat, ann, offer["message_id"], data)
        await until(lambda: HangingLater.is_asked)
        await tell(house, chat, ann, "/stop")
        assert last(house, chat)["text"] == say("answer.stopped")
        assert OFFER in texts(house, chat)
        assert query in house.world.answers
    assert [origin for _, origin in house.rows(ORIGINS) if "alternativeOf" in origin] == []
    async with house.bot(**OFFERING):
        await press_data(house, chat, ann, data, offer)
        assert last(house, chat)["text"] == "1: why? after []"


async def test_a_wish_outlives_whoever_took_it_up(house: House) -> None:
    """The next bot finds it in the journal and answers, once; buttons of an earlier bot work."""
    async with house.bot(**{**OFFERING, "responder": HANGING_LATER}, shutdown_seconds=0):
        ann, chat = house.chat()
        offer = await disliked(house, ann, chat)
        [data] = buttons(offer).values()
        house.world.press(chat, ann, offer["message_id"], data)
        await until(lambda: HangingLater.is_asked)
    async with house.bot(**OFFERING):
        await idle(house)
        assert [text for text in texts(house, chat) if "why?" in text][1:] == ["1: why? after []"]
        assert await press_data(house, chat, ann, data, offer) == say("feedback.another.there")


async def test_a_wish_goes_with_whoever_is_erased(house: House) -> None:
    """One that waits, or is being answered, ends unread."""
    async with house.bot(**{**OFFERING, "responder": HANGING_LATER}, shutdown_seconds=0):
        ann, chat = house.chat()
        offer = await disliked(house, ann, chat)
        for data in buttons(offer).values():
            house.world.press(chat, ann, offer["message_id"], data)
        await until(lambda: HangingLater.is_asked)
        await forget_me(house, chat, ann)
    assert house.rows("SELECT reason FROM polar_updates WHERE lane LIKE '%:answer' AND reason IS NOT NULL") == [
        ("erased",)
    ]
    assert [origin for _, origin in house.rows(ORIGINS) if "alternativeOf" in origin] == []


async def test_a_budget_holds_for_it(house: House) -> None:
    """What is refused stands in place of nothing."""
    async with house.bot(**{**OFFERING, "responder": COSTLY}) as bot:
        ann, chat = house.chat()
        offer = await disliked(house, ann, chat)
        policy = BudgetPolicy(scope="user", target_id=str(ann.id), limit_usd=0.5)
        await bot.app.database.commit(*Budgets.set(policy, now_ms=1))
        assert await press(house, chat, ann, BUTTON, offer) == ""
        assert "too little is left of your budget" in last(house, chat)["text"]
        assert OFFER in texts(house, chat)
    assert house.rows(KINDS) == [("another_answer", "blocked")]


@pytest.mark.slow
async def test_a_killed_bot_leaves_neither_none_nor_two(house: House) -> None:
    """Killed between press and answer."""
    process = await start_asking(house, **{**OFFERING, "responder": HANGING_LATER}, responder_timeout_seconds=60)
    ann, chat = house.chat()
    offer = await disliked(house, ann, chat)
    [data] = buttons(offer).values()
    house.world.press(chat, ann, offer["message_id"], data)
    await until(
        lambda: house.rows("SELECT 1 FROM polar_updates WHERE lane LIKE '%:answer' AND status = 'pending'") != []
    )
    await kill(process)
    process = await start(house, **OFFERING)
    await finished(house)
    assert [text for text in texts(house, chat) if "why?" in text] == ["1: why? after []"] * 2
    assert await end(process) == 0
