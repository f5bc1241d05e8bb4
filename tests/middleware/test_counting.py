"""Each answer is counted once, by what made it, in the commit that says it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.receiving import processor
from middleware.turn import CallNext, Outcome, Turn
from tests.automating import HOUR, create, pass_time
from tests.clocks import TestClock
from tests.house import House
from tests.looking import idle, tell
from tests.model import PRICED, talking
from tests.responders import ECHO, FAILING, LONG

DRAW = "tests.middleware.test_counting:draw"
KEPT = "model, isPrivate, answers, priced, timed"


def counted(house: House, columns: str = KEPT) -> list[tuple[Any, ...]]:
    """What the totals hold, the smallest first."""
    return house.rows(f"SELECT {columns} FROM polar_answer_totals ORDER BY answers, isPrivate")


async def draw(turn: Turn, call_next: CallNext) -> Outcome:
    """A middleware that has every turn take part in an experiment, as whose variant its text names."""
    turn.origin = replace(turn.origin, experiment="terse", variant=turn.text)
    return await call_next(turn)


async def test_an_answer_of_a_model_is_counted_with_its_cost_and_its_time(house: House) -> None:
    """By model and fingerprint of the personality; of a call whose price nobody knows, without one."""
    async with talking(house, **PRICED) as model:
        ann, chat = house.chat()
        for words in ("one", "two"):
            model.say(words, usage=(1000, 200))
            await tell(house, chat, ann, "hello")
    assert counted(house) == [("canned-1", 1, 2, 2, 2)]
    [(origin,)] = house.rows("SELECT DISTINCT origin ->> 'personality' FROM polar_messages WHERE role = 'assistant'")
    [(personality, usd, milliseconds)] = counted(house, "personality, usd, milliseconds")
    assert (personality, usd) == (origin, pytest.approx(0.012))
    assert milliseconds >= 0


async def test_an_answer_of_many_parts_is_one(house: House) -> None:
    """However many messages it takes; what costs nothing has no price."""
    async with house.bot(responder=LONG):
        ann, chat = house.chat()
        await tell(house, chat, ann, "9")
        assert len(house.world.sent(chat)) > 1
    assert counted(house) == [("", 1, 1, 0, 1)]


async def test_an_answer_in_a_group_is_told_apart(house: House) -> None:
    """It is not private."""
    async with house.bot(responder=ECHO):
        ann, _ = house.chat()
        await tell(house, house.world.group("Friends", [ann]), ann, "@polar_test_bot hello")
    assert counted(house) == [("", 0, 1, 0, 1)]


async def test_what_no_responder_says_is_not_counted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a command's answer nor an apology."""
    monkeypatch.setattr(processor, "FIRST_DELAY_S", 0.0)
    async with house.bot(responder=FAILING):
        ann, chat = house.chat()
        await tell(house, chat, ann, "/ping")
        await tell(house, chat, ann, "fail")
    assert counted(house) == []


async def test_what_an_automation_says_is_counted_as_its_own(house: House) -> None:
    """By its id, so that it can be told from what people asked for."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        job = await create(house, chat, ann)
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
    assert counted(house, "automationId, answers") == [(job, 1)]


async def test_an_experiment_and_its_variant_are_told_apart(house: House) -> None:
    """As the origin of the answer has them."""
    async with house.bot(responder=ECHO, middleware=[DRAW]):
        ann, chat = house.chat()
        for text in ("short", "long", "long"):
            await tell(house, chat, ann, text)
    assert counted(house, "experiment, variant, answers") == [("terse", "short", 1), ("terse", "long", 2)]


async def test_a_renewed_answer_is_another_one(house: House) -> None:
    """It was made and paid for anew, though it takes the place of the first."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        asked = house.world.say(chat, ann, "hello")
        await idle(house)
        house.world.edit(chat, asked, "good morning")
        await idle(house)
    assert counted(house) == [("", 1, 2, 0, 2)]
