"""What a turn asks of a model is counted call by call, with a budget and without one, whatever becomes of the turn."""

from __future__ import annotations

import asyncio

import pytest

from bot.receiving import processor
from emulator.model import Answer
from storage.statement import Statement
from tests.house import House, until
from tests.looking import idle, tell, texts
from tests.model import PRICED, ask, talking
from tests.paid import COST, Paid
from tests.responders import ECHO

PAID = "tests.paid:Paid"
CALLS = "SELECT attempt, number, inputTokens, outputTokens, round(usd, 9), outcome FROM polar_calls ORDER BY rowid"
HOW = "SELECT attempt, number, usd, outcome FROM polar_calls ORDER BY rowid"


@pytest.fixture(autouse=True)
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the responder of the tests was asked in this test; failures are tried again at once."""
    monkeypatch.setattr(processor, "FIRST_DELAY_S", 0.0)
    Paid.calls, Paid.gate = [], None
    return Paid.calls


async def test_an_answer_of_a_model_is_a_call_without_any_budget(house: House) -> None:
    """Who asked, where, of which model, with the tokens that the endpoint tells, and no text."""
    async with talking(house, **PRICED) as model:
        ann, chat = house.chat()
        model.say("dear me", usage=(1000, 200))
        await tell(house, chat, ann, "words of a person")
        await idle(house)
    [row] = house.rows("SELECT * FROM polar_calls")
    turn_id, attempt, number, session_id, user_id, name, given, made, usd, latency_ms, outcome, _ = row
    assert turn_id.startswith("update:")
    assert (attempt, number, session_id, user_id, name) == (1, 1, f"telegram:chat:{chat.id}", str(ann.id), "some-model")
    assert (given, made, outcome) == (1000, 200, "answered")
    assert usd == pytest.approx(0.006)
    assert latency_ms >= 0
    assert house.rows("SELECT name, calls, usd FROM polar_daily_spend WHERE kind = 'model'") == [
        ("some-model", 1, pytest.approx(0.006))
    ]


async def test_a_call_is_open_at_its_estimate_while_the_model_is_asked(house: House) -> None:
    """So that a kill would leave it; a further one is asked of the budgets like the first, and may not be made."""
    async with talking(house, **PRICED, openai_max_output_tokens=1000) as model:
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        model.order(Answer(text="here I am", hold_after=1))
        exchange = await ask(house, chat, ann, model, "hello")
        await model.wait(lambda: exchange.pieces == 1)
        [(estimate, outcome)] = house.rows("SELECT usd, outcome FROM polar_calls")
        assert (estimate > 0.015, outcome) == (True, "open")
        model.release()
        await idle(house)
        house.write("INSERT INTO polar_budget_policies VALUES ('global', '', ?, NULL, 1)", estimate * 1.05)
        model.order(Answer(text="cut off", cut_after=0))
        [refusal] = await tell(house, other, bob, "hello")
        assert "too little is left of the budget of all together" in refusal
        assert len(model.exchanges) == 2
    assert house.rows("SELECT number, outcome FROM polar_calls ORDER BY rowid") == [(1, "answered"), (1, "failed")]
    spent = "SELECT usd FROM polar_calls WHERE outcome = 'failed'"
    assert house.rows("SELECT accumulatedUsd FROM polar_budget_usage") == house.rows(spent)


async def test_what_costs_nothing_is_no_call(house: House) -> None:
    """Neither a responder that asks no model, nor a command."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
        await tell(house, chat, ann, "/ping")
    assert house.rows(CALLS) == []


async def test_a_call_that_is_repeated_within_an_answer_is_a_call_of_its_own(house: House) -> None:
    """What the endpoint refused has cost nothing; each has its number."""
    async with talking(house, **PRICED) as model:
        ann, chat = house.chat()
        model.order(
            Answer(status=500, retry_after="0"), Answer(status=429, retry_after="0"), Answer(text="x", usage=(100, 10))
        )
        assert await tell(house, chat, ann, "hello") == ["x"]
        await idle(house)
    assert house.rows(CALLS) == [
        (1, 1, 0, 0, 0.0, "failed"),
        (1, 2, 0, 0, 0.0, "failed"),
        (1, 3, 100, 10, 0.00045, "answered"),
    ]


async def test_each_try_of_a_turn_has_its_calls(house: House) -> None:
    """One that fails is settled by what it had cost until then."""
    async with house.bot(responder=PAID):
        ann, chat = house.chat()
        await tell(house, chat, ann, "fail please")
    assert house.rows(HOW) == [(attempt, 1, COST, "failed") for attempt in (1, 2, 3)]
    assert house.rows("SELECT DISTINCT model FROM polar_calls") == [(PAID,)]


async def test_an_endpoint_that_takes_too_long_is_told_from_one_that_fails(house: House) -> None:
    """Also where what had arrived by then is the answer."""
    async with talking(house, **PRICED, responder_timeout_seconds=0.2) as model:
        ann, chat = house.chat()
        model.order(Answer(pieces=("so ", "far"), hold_after=1), Answer(text="x", hold_after=0))
        for text in ("hello", "hello again"):
            await tell(house, chat, ann, text)
    assert house.rows("SELECT outcome FROM polar_calls") == [("timed_out",), ("timed_out",)]


async def test_a_call_that_was_refused_cost_nothing_whatever_the_price_is(house: House) -> None:
    """So it is none of those of which nobody knows what they cost."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(Answer(status=401))
        await tell(house, chat, ann, "hello")
    assert house.rows("SELECT usd, outcome FROM polar_calls") == [(0, "failed")]
    assert house.rows("SELECT DISTINCT unpriced FROM polar_daily_spend") == [(0,)]


async def test_a_call_that_takes_too_long_is_settled_as_one(house: House) -> None:
    """By what it had cost until then."""
    async with house.bot(responder=PAID, responder_timeout_seconds=0.05):
        ann, chat = house.chat()
        await tell(house, chat, ann, "hang please")
    assert house.rows(HOW) == [(1, 1, COST, "timed_out")]


async def test_a_call_that_somebody_ends_is_settled_as_stopped(house: House, calls: list[str]) -> None:
    """By /stop, at what it had cost until then."""
    async with house.bot(responder=PAID):
        ann, chat = house.chat()
        house.world.say(chat, ann, "hang please")
        await until(lambda: len(calls) == 1)
        house.world.say(chat, ann, "/stop")
        await idle(house)
    assert house.rows(HOW) == [(1, 1, COST, "stopped")]


async def test_a_call_for_a_turn_that_was_taken_away_is_settled_as_void(house: House, calls: list[str]) -> None:
    """As by an erasure meanwhile: its cost is true all the same."""
    async with house.bot(responder=PAID) as bot:
        Paid.gate = asyncio.Event()
        ann, chat = house.chat()
        house.world.say(chat, ann, "hello")
        await until(lambda: len(calls) == 1)
        await bot.app.database.commit(Statement("UPDATE polar_updates SET status = 'done' WHERE status = 'pending'"))
        Paid.gate.set()
        await until(lambda: house.rows("SELECT 1 FROM polar_calls WHERE outcome <> 'open'") != [])
    assert house.rows(HOW) == [(1, 1, COST, "void")]
    assert texts(house, chat) == []


async def test_an_interrupted_call_keeps_its_estimate_and_the_next_try_is_another(
    house: House, calls: list[str]
) -> None:
    """Without any budget, too: nothing is lost of it, and nothing doubled."""
    async with house.bot(responder=PAID, shutdown_seconds=0):
        ann, chat = house.chat()
        Paid.gate = asyncio.Event()
        house.world.say(chat, ann, "hello")
        await until(lambda: calls == ["hello"])
    assert house.rows(HOW) == [(1, 1, COST, "open")]
    Paid.gate = None
    async with house.bot(responder=PAID):
        await idle(house)
    assert house.rows(HOW) == [(1, 1, COST, "interrupted"), (1, 2, COST, "answered")]
    assert house.rows("SELECT calls, unanswered, usd FROM polar_daily_spend WHERE kind = 'user'") == [(2, 1, 0.2)]


async def test_a_person_gets_their_calls_with_their_own_data_and_erasure_leaves_them(house: House) -> None:
    """They hold ids, times and figures, and no text."""
    async with house.bot(responder=PAID) as bot:
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
        own = bot.app.stores.own_data
        [[entry]] = [page async for page in own.pages(str(ann.id), "calls", start=0)]
        assert '"usd":0.1' in entry
        await bot.app.database.commit(*bot.app.stores.erasure.of(str(ann.id), now_ms=bot.app.clock()))
    assert house.rows(HOW) == [(1, 1, COST, "answered")]
