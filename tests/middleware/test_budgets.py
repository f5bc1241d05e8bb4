"""What answers may cost: reserved before the call, settled after it, refused in plain words when it is used up."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.receiving import processor
from emulator import Chat, Person
from storage.tables.budgets import BudgetPolicy, Budgets, BudgetScope
from tests.clocks import TestClock
from tests.docs.pages import DOCS, blocks
from tests.house import House, until
from tests.looking import idle, tell, texts
from tests.paid import COST, Paid
from tests.responders import ECHO

PAID = "tests.paid:Paid"
DAY_MS = 86_400_000
USAGE = "SELECT scope, accumulatedUsd FROM polar_budget_usage ORDER BY scope"
RESERVED = "SELECT usd FROM polar_calls WHERE outcome = 'open'"
AUDITED = "SELECT outcome, reason FROM polar_audit ORDER BY rowid DESC LIMIT 1"


@pytest.fixture(autouse=True)
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the responder was asked in this test; failures are tried again at once."""
    monkeypatch.setattr(processor, "FIRST_DELAY_S", 0.0)
    Paid.calls, Paid.gate = [], None
    yield Paid.calls
    Paid.gate = None


async def allow(bot: Any, limit: float, *, scope: BudgetScope = "global", target: str = "", **more: Any) -> None:
    """Set a budget while the bot runs."""
    policy = BudgetPolicy(scope=scope, target_id=target, limit_usd=limit, **more)
    await bot.app.database.commit(*Budgets.set(policy, now_ms=bot.app.clock()))


async def test_a_hundred_turns_at_once_on_a_budget_for_ten(house: House, calls: list[str]) -> None:
    """Exactly ten calls and ninety plain refusals, while none of the ten has settled yet; the sum is exact."""
    async with house.bot(responder=PAID, answer_slots=100) as bot:
        await allow(bot, 10 * COST)
        Paid.gate = asyncio.Event()
        people = [house.chat(f"P{number}") for number in range(100)]
        for person, chat in people:
            house.world.say(chat, person, "hello")
        await house.world.wait(lambda: len(house.world.sent()) == 90, timeout=60)
        assert len(calls) == 10
        assert house.rows(RESERVED) == [(COST,)] * 10
        Paid.gate.set()
        await house.world.wait(lambda: len(house.world.sent()) == 100, timeout=60)
        await idle(house)
    said = Counter(message["text"] for message in house.world.sent())
    [(refusal, refused)] = [(text, count) for text, count in said.items() if text != "echo: hello"]
    assert (said["echo: hello"], refused, len(calls)) == (10, 90, 10)
    assert all(len(house.world.sent(chat)) == 1 for _, chat in people)
    assert refusal == (
        "I cannot answer that just now: too little is left of the budget of all together, $1.00. "
        "It does not start anew by itself."
    )
    assert house.rows(USAGE) == [("global", 1.0)]
    assert house.rows(RESERVED) == []
    assert house.rows("SELECT outcome, reason, count(*) FROM polar_audit GROUP BY 1, 2") == [
        ("answered", None, 10),
        ("blocked", "budget_exceeded", 90),
    ]


@pytest.mark.parametrize(
    ("scope", "named"),
    [("global", "the budget of all together"), ("user", "your budget"), ("session", "the budget of this chat")],
)
async def test_each_budget_refuses_by_its_own_name_until_it_starts_anew(
    house: House, calls: list[str], scope: BudgetScope, named: str
) -> None:
    """With its limit, and when that is; whoever has no part in it is answered."""
    clock = TestClock()
    async with house.bot(clock, responder=PAID) as bot:
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        target = {"global": "", "user": str(ann.id), "session": f"telegram:chat:{chat.id}"}[scope]
        await allow(bot, 0.15, scope=scope, target=target, interval_ms=DAY_MS)
        assert await tell(house, chat, ann, "one") == ["echo: one"]
        clock.advance(seconds=3600)
        assert await tell(house, chat, ann, "two") == [
            f"I cannot answer that just now: too little is left of {named}, $0.15. It starts anew in 23 h."
        ]
        assert house.rows(AUDITED) == [("blocked", "budget_exceeded")]
        assert (await tell(house, other, bob, "three") == ["echo: three"]) == (scope != "global")
        clock.advance(seconds=23 * 3600)
        assert await tell(house, chat, ann, "four") == ["echo: four"]
    assert [call for call in calls if call != "three"] == ["one", "four"]
    assert house.rows(f"SELECT accumulatedUsd FROM polar_budget_usage WHERE scope = '{scope}'") == [(COST,)]


async def test_every_try_that_fails_is_settled(house: House, calls: list[str]) -> None:
    """The call was made each time, so its cost counts each time; then there is an apology."""
    async with house.bot(responder=PAID) as bot:
        await allow(bot, 10)
        ann, chat = house.chat()
        [apology] = await tell(house, chat, ann, "fail please")
    assert apology.startswith("Sorry")
    assert calls == ["fail please"] * 3
    assert house.rows(USAGE) == [("global", 0.3)]
    assert house.rows(RESERVED) == []


async def test_an_answer_that_takes_too_long_is_settled(house: House) -> None:
    """What it has cost until then counts; the person is asked to try again."""
    async with house.bot(responder=PAID, responder_timeout_seconds=0.05) as bot:
        await allow(bot, 10)
        ann, chat = house.chat()
        [sorry] = await tell(house, chat, ann, "hang please")
    assert "in time" in sorry
    assert house.rows(USAGE) == [("global", COST)]
    assert house.rows(RESERVED) == []


async def test_an_interrupted_call_is_charged_its_estimate_at_the_next_start(house: House, calls: list[str]) -> None:
    """Nobody knows what it cost; the turn is handled again, at its own cost."""
    async with house.bot(responder=PAID, shutdown_seconds=0) as bot:
        await allow(bot, 1)
        ann, chat = house.chat()
        Paid.gate = asyncio.Event()
        house.world.say(chat, ann, "hello")
        await until(lambda: calls == ["hello"])
    assert house.rows(RESERVED) == [(COST,)]
    assert house.rows(USAGE) == [("global", 0.0)]
    Paid.gate = None
    async with house.bot(responder=PAID):
        await idle(house)
    assert texts(house, chat) == ["echo: hello"]
    assert house.rows(USAGE) == [("global", 0.2)]
    assert house.rows(RESERVED) == []


async def test_a_budget_that_only_warns_says_so_once_in_each_interval(house: House, calls: list[str]) -> None:
    """Beside the answer, with the one that uses it up."""
    clock = TestClock()
    async with house.bot(clock, responder=PAID) as bot:
        ann, chat = house.chat()
        await allow(bot, 0.2, scope="user", target=str(ann.id), interval_ms=DAY_MS, blocks=False)
        said = [await tell(house, chat, ann, str(number)) for number in range(4)]
        clock.advance(seconds=DAY_MS / 1000)
        said += [await tell(house, chat, ann, str(number)) for number in range(4, 7)]
    warning = "By the way: your budget, $0.20, is used up. It starts anew in 1 d."
    assert said == [
        ["echo: 0"],
        ["echo: 1", warning],
        ["echo: 2"],
        ["echo: 3"],
        ["echo: 4"],
        ["echo: 5", warning],
        ["echo: 6"],
    ]
    assert len(calls) == 7


async def test_budgets_limit_only_what_costs_something(house: House) -> None:
    """Commands and responders without a price are answered over budget."""
    async with house.bot(responder=ECHO) as bot:
        await allow(bot, 0)
        ann, chat = house.chat()
        assert await tell(house, chat, ann, "hello") == ["echo: hello"]
        assert await tell(house, chat, ann, "/ping") == ["pong"]
    async with house.bot(responder=PAID):
        [refusal] = await tell(house, chat, ann, "hello")
        assert "too little is left" in refusal
        assert await tell(house, chat, ann, "estimate 0") == ["echo: estimate 0"]
        assert await tell(house, chat, ann, "/ping") == ["pong"]


async def test_what_was_spent_without_an_estimate_counts(house: House) -> None:
    """As of a responder that tells its cost only afterwards."""
    async with house.bot(responder="tests.paid:Unpriced") as bot:
        await allow(bot, 10)
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
    assert house.rows(USAGE) == [("global", COST)]


@pytest.mark.parametrize("estimate", ["nan", "inf", "-1"])
async def test_an_estimate_that_is_none_fails_the_turn(house: House, calls: list[str], estimate: str) -> None:
    """What cannot be decided is refused, and nothing is asked."""
    async with house.bot(responder=PAID) as bot:
        await allow(bot, 10)
        ann, chat = house.chat()
        [apology] = await tell(house, chat, ann, f"estimate {estimate}")
    assert apology.startswith("Sorry")
    assert calls == []
    assert house.rows(USAGE) == [("global", 0.0)]


async def test_a_run_over_budget_is_blocked_in_the_ledger(house: House, calls: list[str]) -> None:
    """With the reason; its owner is told in place of the answer, and is reminded all the same."""
    async with house.bot(responder=PAID) as bot:
        ann, chat = house.chat()
        await allow(bot, 0.05, scope="user", target=str(ann.id))
        [created] = await tell(house, chat, ann, "/automations create daily 18:00 | tea")
        await tell(house, chat, ann, f"/automations run {created.split()[1].rstrip(':')}")
        await house.world.wait(lambda: "too little is left of your budget" in texts(house, chat)[-1])
        assert texts(house, chat)[-1].startswith("⏰ tea\n\nI cannot answer")
    output = "SELECT output ->> '$.status', output ->> '$.reason' FROM polar_run_events"
    assert house.rows(output) == [("blocked", "budget_exceeded")]
    assert calls == []


async def ask(house: House, chat: Chat, person: Person) -> list[str]:
    """What /budget says, in lines."""
    [answer] = await tell(house, chat, person, "/budget")
    return answer.splitlines()


async def test_people_see_their_share_and_operators_the_amounts(house: House) -> None:
    """Of their own budgets, here, and of nobody else's."""
    clock = TestClock()
    async with house.bot(clock, responder=PAID, operator_telegram_ids={901}) as bot:
        ann, chat = house.chat()
        pat = house.world.person("Pat", id=901)
        private = house.world.private(pat)
        assert await ask(house, chat, ann) == ["No budget limits what I may answer you here."]
        await allow(bot, 1, interval_ms=DAY_MS)
        await allow(bot, 0.3, scope="user", target=str(ann.id))
        await allow(bot, 0.0004, scope="user", target="901", blocks=False)
        await allow(bot, 2, scope="session", target=f"telegram:chat:{chat.id}")
        await tell(house, chat, ann, "hello")
        clock.advance(seconds=90)
        assert await ask(house, chat, ann) == [
            "10 % of the budget of all together is used. It starts anew in 23 h 59 min.",
            "33 % of your budget is used. It does not start anew by itself.",
            "5 % of the budget of this chat is used. It does not start anew by itself.",
        ]
        assert await ask(house, private, pat) == [
            "10 % of the budget of all together is used. ($0.10 of $1.00) It starts anew in 23 h 59 min.",
            "0 % of your budget is used. ($0.00 of $0.0004) It only warns. It does not start anew by itself.",
        ]
        group = house.world.group("Friends", [ann])
        assert len(await ask(house, group, ann)) == 2


async def test_budgets_are_not_set_in_the_chat(house: House) -> None:
    """Not even by the owner, who is told where."""
    async with house.bot(admin_telegram_ids={900}):
        boss = house.world.person("Boss", id=900)
        [answer] = await tell(house, house.world.private(boss), boss, "/budget set global 100")
    assert "polar budget set" in answer
    assert house.rows("SELECT * FROM polar_budget_policies") == []


async def test_the_responder_of_the_how_to_is_priced(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It estimates the most and tells what it cost."""
    [code] = blocks(DOCS / "how-to" / "limit-what-it-spends.md", "python")
    (tmp_path / "priced.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    async with house.bot(responder="priced:Priced") as bot:
        await allow(bot, 0.0003)
        ann, chat = house.chat()
        assert await tell(house, chat, ann, "hello world") == ["hello world"]
        assert "$0.0003" in (await tell(house, chat, ann, "hello world"))[0]
    del sys.modules["priced"]
    assert house.rows(USAGE) == [("global", 0.00022)]
