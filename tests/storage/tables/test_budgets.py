"""What may be spent is reserved before it is, whoever else spends meanwhile; what was spent is counted to the cent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.balances import Payer
from storage.database import Database
from storage.errors import ExpectationFailed
from storage.location import Location
from storage.statement import Statement
from storage.tables import budgets as module
from storage.tables.budgets import Balance, BudgetPolicy, Budgets
from storage.tables.model_calls import ModelCalls
from storage.views.health import Health
from tests.second import rows
from tests.storage import ON_SQLITE
from tests.storage.files import DAY_MS, NOW_MS
from tests.storage.plans import plan, scans

WHERE: dict[str, str] = {"user_id": "7", "session_id": "telegram:chat:7"}
HOW: dict[str, Any] = {"input_tokens": 10, "output_tokens": 5, "latency_ms": 90, "outcome": "answered"}
USAGE = "SELECT scope, targetId, accumulatedUsd, lastResetAtMs FROM polar_budget_usage ORDER BY scope"
OPEN = "SELECT turnId, usd FROM polar_calls WHERE outcome = 'open' ORDER BY turnId"


def globally(limit: float, **more: Any) -> BudgetPolicy:
    """A budget of all together."""
    return BudgetPolicy(scope="global", target_id="", limit_usd=limit, **more)


async def allow(database: Database, *policies: BudgetPolicy, now_ms: int = NOW_MS) -> None:
    """Set budgets."""
    await database.commit(*(s for policy in policies for s in Budgets.set(policy, now_ms=now_ms)))


def payer(turn: str, **where: str) -> Payer:
    """Who pays for a turn."""
    return Payer(turn_id=turn, attempt=1, **{**WHERE, **where})


async def reserve(
    database: Database, turn: str, usd: float | None, *, now_ms: int = NOW_MS, **where: str
) -> list[Balance]:
    """Open a call, as a turn does it."""
    who = payer(turn, **where)
    _, _, balances, _ = await database.commit(
        *Budgets.renew(who, now_ms=now_ms),
        Budgets.ask(who, usd, now_ms=now_ms),
        ModelCalls.open(who, model="m", estimate_usd=usd, now_ms=now_ms),
    )
    return module.read(balances)


async def settle(database: Database, turn: str, usd: float, *, now_ms: int = NOW_MS, **where: str) -> None:
    """As a turn does it."""
    who = payer(turn, **where)
    await database.commit(*Budgets.charge(who, usd, now_ms=now_ms), ModelCalls.settle(who, usd=usd, **HOW))


async def spend(database: Database, turn: str, usd: float, *, now_ms: int = NOW_MS) -> None:
    """A call that was free to estimate, and cost something."""
    await reserve(database, turn, 0, now_ms=now_ms)
    await settle(database, turn, usd, now_ms=now_ms)


async def test_without_any_budget_nothing_is_counted_but_the_call(database: Database, location: Location) -> None:
    """Neither when it is opened nor when it is settled."""
    assert await reserve(database, "t", 5) == []
    assert rows(location, OPEN) == [("t", 5.0)]
    await settle(database, "t", 4)
    assert rows(location, USAGE) == []
    assert rows(location, "SELECT usd, outcome FROM polar_calls") == [(4.0, "answered")]


async def test_a_turn_counts_against_its_three_budgets(database: Database, location: Location) -> None:
    """The global one, its user's and its session's; no other user's and no other session's."""
    others = (
        BudgetPolicy(scope="user", target_id="8", limit_usd=9),
        BudgetPolicy(scope="session", target_id="s", limit_usd=9),
    )
    own = (
        BudgetPolicy(scope="user", target_id="7", limit_usd=9),
        BudgetPolicy(scope="session", target_id=WHERE["session_id"], limit_usd=9),
    )
    await allow(database, globally(9), *own, *others)
    balances = await reserve(database, "t", 2)
    assert [balance.policy.scope for balance in balances] == ["global", "user", "session"]
    everywhere = await Budgets(database).list_all(now_ms=NOW_MS)
    assert [(b.policy.target_id, b.reserved_usd) for b in everywhere] == [
        *(("", 2.0), ("7", 2.0), ("8", 0), ("s", 0), ("telegram:chat:7", 2.0))
    ]
    await settle(database, "t", 1.5)
    assert rows(location, OPEN) == []
    assert rows(location, "SELECT targetId, accumulatedUsd FROM polar_budget_usage ORDER BY scope, targetId") == [
        ("", 1.5),
        ("s", 0.0),
        ("telegram:chat:7", 1.5),
        ("7", 1.5),
        ("8", 0.0),
    ]


async def test_one_short_budget_keeps_all_others_free(database: Database, location: Location) -> None:
    """All or nothing; the balances tell which one it was."""
    await allow(database, globally(9), BudgetPolicy(scope="user", target_id="7", limit_usd=1))
    balances = await reserve(database, "t", 2)
    assert [balance.is_short for balance in balances] == [False, True]
    assert rows(location, OPEN) == []


async def test_open_reservations_count_until_they_are_settled(database: Database, location: Location) -> None:
    """Whoever reserved them; afterwards the true cost counts, which may be less."""
    await allow(database, globally(1))
    for turn in ("a", "b"):
        [balance] = await reserve(database, turn, 0.5, user_id=turn)
        assert not balance.is_short
    [balance] = await reserve(database, "c", 0.5)
    assert balance.is_short
    assert (balance.spent_usd, balance.reserved_usd) == (0.0, 1.0)
    await settle(database, "a", 0.1)
    [balance] = await reserve(database, "c", 0.4)
    assert not balance.is_short
    assert rows(location, OPEN) == [("b", 0.5), ("c", 0.4)]


async def test_what_nobody_knows_the_price_of_fits_into_no_budget_that_blocks(
    database: Database, location: Location
) -> None:
    """However much is left; into one that warns it does, and what is free fits into any."""
    await allow(database, globally(1))
    [balance] = await reserve(database, "t", None)
    assert balance.is_short
    assert rows(location, OPEN) == []
    await spend(database, "dear", 3)
    [balance] = await reserve(database, "free", 0)
    assert not balance.is_short
    await allow(database, globally(1, blocks=False))
    [balance] = await reserve(database, "t", None)
    assert not balance.is_short
    assert rows(location, OPEN) == [("free", 0.0), ("t", None)]


async def test_a_budget_that_only_warns_is_never_short(database: Database, location: Location) -> None:
    """It is counted all the same; NULL means that it blocks."""
    await allow(database, globally(1, blocks=False))
    [balance] = await reserve(database, "t", 5)
    assert not balance.is_short
    await settle(database, "t", 5)
    assert rows(location, "SELECT accumulatedUsd FROM polar_budget_usage") == [(5.0,)]
    await database.commit(Statement("UPDATE polar_budget_policies SET enforceBlocking = NULL"))
    [balance] = await reserve(database, "u", 5)
    assert balance.is_short


async def test_sums_do_not_drift(database: Database, location: Location) -> None:
    """A hundred times a cent is a dollar, and one more does not fit into it."""
    await allow(database, globally(1))
    for number in range(100):
        [balance] = await reserve(database, str(number), 0.01)
        assert not balance.is_short
        await settle(database, str(number), 0.01)
    assert rows(location, "SELECT accumulatedUsd FROM polar_budget_usage") == [(1.0,)]
    [balance] = await reserve(database, "more", 0.000001)
    assert balance.is_short


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    limit=st.integers(0, 3000),
    acts=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 900), st.integers(0, 100)), max_size=25),
)
async def test_no_order_of_turns_overshoots(database: Database, location: Location, limit: int, acts: Any) -> None:
    """Reserved or settled in any order, at no more than the estimate: spent and reserved stay within the limit."""
    await database.commit(*(Statement(f"DELETE FROM polar_budget_{t}") for t in ("usage", "policies")))
    await database.commit(Statement("DELETE FROM polar_calls"))
    await allow(database, globally(limit / 1000))
    open_turns: dict[int, int] = {}
    for turn, amount, share in acts:
        if turn in open_turns:
            await settle(database, str(turn), open_turns.pop(turn) * share // 100 / 1000)
        elif not (await reserve(database, str(turn), amount / 1000))[0].is_short:
            open_turns[turn] = amount
        [balance] = await Budgets(database).balances(**WHERE, now_ms=NOW_MS)
        assert balance.spent_usd + balance.reserved_usd <= limit / 1000 + 1e-9
        assert balance.reserved_usd == pytest.approx(sum(open_turns.values()) / 1000)


async def test_an_interval_that_has_ended_starts_anew_at_its_own_hour(database: Database, location: Location) -> None:
    """By whole intervals, so that a daily budget keeps its hour, however long nobody asked."""
    await allow(database, globally(1, interval_ms=DAY_MS))
    await spend(database, "t", 1)
    later = NOW_MS + 3 * DAY_MS + 5
    [balance] = await Budgets(database).balances(**WHERE, now_ms=later)
    assert (balance.spent_usd, balance.resets_at_ms(later)) == (0, NOW_MS + 4 * DAY_MS)
    assert rows(location, USAGE) == [("global", "", 1.0, NOW_MS)]
    [balance] = await reserve(database, "u", 1, now_ms=later)
    assert not balance.is_short
    assert rows(location, USAGE) == [("global", "", 0.0, NOW_MS + 3 * DAY_MS)]


async def test_a_cost_counts_in_the_interval_in_which_it_is_settled(database: Database, location: Location) -> None:
    """The end of the interval in between loses nothing."""
    await allow(database, globally(1, interval_ms=DAY_MS))
    await spend(database, "first", 0.7)
    await reserve(database, "t", 0.3)
    await settle(database, "t", 0.25, now_ms=NOW_MS + DAY_MS)
    assert rows(location, USAGE) == [("global", "", 0.25, NOW_MS + DAY_MS)]


@pytest.mark.parametrize(("ahead_ms", "last_ms"), [(400 * DAY_MS, NOW_MS), (DAY_MS - 1, NOW_MS + DAY_MS - 1)])
async def test_a_clock_that_was_far_ahead_does_not_stop_resets(
    database: Database, location: Location, ahead_ms: int, last_ms: int
) -> None:
    """The start of the interval comes back with the clock; what was spent stays. A small step changes nothing."""
    await allow(database, globally(1, interval_ms=DAY_MS), now_ms=NOW_MS + ahead_ms)
    await spend(database, "t", 0.5, now_ms=NOW_MS + ahead_ms)
    await reserve(database, "u", 0.1)
    assert rows(location, USAGE) == [("global", "", 0.5, last_ms)]


@pytest.mark.parametrize("interval", [None, 0, -5])
async def test_without_an_interval_it_never_starts_anew(database: Database, interval: int | None) -> None:
    """Nor with one that is none, in a row of another program; every reader sees the same."""
    await allow(database, globally(1, interval_ms=interval))
    await spend(database, "t", 1)
    later = NOW_MS + 1000 * DAY_MS
    [balance] = await reserve(database, "u", 0.1, now_ms=later)
    assert balance.is_short
    assert balance.resets_at_ms(later) is None
    assert await Health(database).is_budget_exceeded(now_ms=later)


async def test_what_an_ended_process_left_reserved_is_charged(database: Database, location: Location) -> None:
    """Its estimate, once, in the interval that runs now, and in no budget that is gone."""
    user = BudgetPolicy(scope="user", target_id="7", limit_usd=5)
    await allow(database, globally(5, interval_ms=DAY_MS), user)
    await spend(database, "before", 1)
    await reserve(database, "a", 0.1)
    await reserve(database, "b", 0.2)
    await database.commit(*Budgets.clear("user", "7"))
    for _ in range(2):
        await database.commit(*Budgets.charge_left(now_ms=NOW_MS + DAY_MS), ModelCalls.interrupt_left())
        assert rows(location, OPEN) == []
        assert rows(location, USAGE) == [("global", "", 0.3, NOW_MS + DAY_MS)]


async def test_a_budget_of_the_earlier_runtime_without_usage_is_used(database: Database, location: Location) -> None:
    """Its interval begins when it is first asked for."""
    await database.commit(Statement("INSERT INTO polar_budget_policies VALUES ('user', '7', 1, ?, 1)", (DAY_MS,)))
    [balance] = await Budgets(database).balances(**WHERE, now_ms=NOW_MS)
    assert balance.resets_at_ms(NOW_MS) == NOW_MS + DAY_MS
    await reserve(database, "t", 0.4)
    await settle(database, "t", 0.3)
    assert rows(location, USAGE) == [("user", "7", 0.3, NOW_MS)]


async def test_a_changed_budget_keeps_what_was_spent_and_a_cleared_one_does_not(
    database: Database, location: Location
) -> None:
    """Clearing what is not there is void."""
    await allow(database, globally(1, interval_ms=DAY_MS))
    await spend(database, "t", 0.6)
    await allow(database, globally(2, blocks=False), now_ms=NOW_MS + 9)
    [balance] = await Budgets(database).list_all(now_ms=NOW_MS)
    assert balance.policy == globally(2, blocks=False)
    assert (balance.spent_usd, balance.last_reset_ms) == (0.6, NOW_MS)
    await database.commit(*Budgets.clear("global", ""))
    assert rows(location, USAGE) == rows(location, "SELECT * FROM polar_budget_policies") == []
    with pytest.raises(ExpectationFailed):
        await database.commit(*Budgets.clear("global", ""))


async def test_a_warning_is_remembered_until_the_next_interval_or_change(
    database: Database, location: Location
) -> None:
    """By a row of its own, which goes with the budget."""
    policy = globally(1, interval_ms=DAY_MS, blocks=False)
    await allow(database, policy)
    [balance] = await reserve(database, "t", 1)
    assert not balance.was_warned
    await database.commit(Budgets.note_warning(balance))
    [balance] = await reserve(database, "t", 1)
    assert balance.was_warned
    [balance] = await reserve(database, "t", 1, now_ms=NOW_MS + DAY_MS)
    assert not balance.was_warned
    await database.commit(Budgets.note_warning(balance), *Budgets.clear("global", ""))
    assert rows(location, "SELECT * FROM polar_properties WHERE name LIKE 'budget%'") == []


@ON_SQLITE
async def test_no_statement_walks_over_all_budgets(database: Database, path: Path) -> None:
    """A million users may have one each; only what is open is walked over, and all budgets when a process has died."""
    who = payer("t")
    for statement in (
        *Budgets.renew(who, now_ms=1),
        Budgets.ask(who, 1, now_ms=1),
        *Budgets.charge(who, 1, now_ms=1),
        *Budgets.set(globally(1), now_ms=1),
        *Budgets.clear("global", ""),
    ):
        assert scans(plan(path, statement.sql, statement.params)) == [], statement.sql
    _, charge = Budgets.charge_left(now_ms=1)
    assert scans(plan(path, charge.sql, charge.params)) == []
