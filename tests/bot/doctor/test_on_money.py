"""What a doctor makes of the model's endpoint, of prices and of budgets."""

from __future__ import annotations

from typing import Any

import pytest

from bot.doctor import on_money
from bot.doctor.hearing import Heard
from storage.tables.budgets import Balance, BudgetPolicy
from tests.bot.doctor.judged import judged


def listing(*names: str) -> Heard:
    """An endpoint's list of models."""
    return Heard(status=200, body={"object": "list", "data": [{"id": name} for name in names]})


def budget(limit_usd: float, spent_usd: float = 0, *, blocks: bool = True) -> Balance:
    """A budget, and what of it is spent."""
    policy = BudgetPolicy(scope="global", target_id="", limit_usd=limit_usd, blocks=blocks)
    return Balance(
        policy=policy, spent_usd=spent_usd, reserved_usd=0, last_reset_ms=None, is_short=False, was_warned=False
    )


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (listing("other", "mini"), ("ok", "has")),
        (listing("mini-2"), ("warning", "lacks")),
        (listing(), ("warning", "lacks")),
        (Heard(status=401), ("failed", "refused")),
        (Heard(status=404, body={"detail": "Not Found"}), ("not known", "no_list")),
        (Heard(status=200, body="<html>"), ("failed", "ill")),
        (Heard(status=200, body={"data": {"id": "mini"}}), ("failed", "ill")),
        (Heard(status=500), ("failed", "ill")),
        (Heard(reason="ConnectError"), ("failed", "silent")),
    ],
)
def test_the_endpoint(heard: Heard, expected: tuple[str, str]) -> None:
    """It answers, knows the key and has the model."""
    assert judged(on_money.check_endpoint(heard, url="http://localhost:1/v1", model="mini")) == expected


def test_a_model_that_is_not_listed_is_told_the_nearest() -> None:
    """A name is mistyped more often than anything else."""
    diagnosis = on_money.check_endpoint(listing("big", "minni"), url="http://localhost:1/v1", model="mini")
    assert diagnosis.values["nearest"] == "minni"


@pytest.mark.parametrize(
    ("least_usd", "balances", "expected"),
    [
        (0.01, [], ("ok", "known")),
        (0.0, [budget(1)], ("ok", "known")),
        (None, [], ("warning", "unknown")),
        (None, [budget(1, blocks=False)], ("warning", "unknown")),
        (None, [budget(1)], ("failed", "blocked")),
    ],
)
def test_prices(least_usd: float | None, balances: list[Balance], expected: tuple[str, str]) -> None:
    """Without one, a budget that blocks lets nothing through."""
    assert judged(on_money.check_prices(least_usd, balances, model="mini")) == expected


@pytest.mark.parametrize(
    ("balances", "least_usd", "expected"),
    [
        ([], 0.01, ("ok", "none")),
        ([budget(5, 1)], 0.01, ("ok", "left")),
        ([budget(5, 5)], 0.01, ("warning", "used_up")),
        ([budget(5, 6, blocks=False)], 0.01, ("warning", "used_up")),
        ([budget(5, 4.995)], 0.01, ("warning", "used_up")),
        ([budget(5, 4.995, blocks=False)], 0.01, ("ok", "left")),
        ([budget(5, 4.995)], None, ("ok", "left")),
        ([budget(0.005)], 0.01, ("failed", "too_small")),
        ([budget(0.005, blocks=False)], 0.01, ("ok", "left")),
        ([budget(0.005)], None, ("ok", "left")),
    ],
)
def test_budgets(balances: list[Balance], least_usd: float | None, expected: tuple[str, Any]) -> None:
    """One that no answer fits into, or into what is left of it, and one that is used up."""
    assert judged(on_money.check_budgets(balances, least_usd, needs_block=False)) == expected


@pytest.mark.parametrize(
    ("balances", "least_usd", "found"),
    [
        ([], 0.01, "open_purse"),
        ([budget(5, blocks=False)], 0.01, "open_purse"),
        ([budget(5)], 0.01, "left"),
        ([], 0.0, "none"),
        ([], None, "none"),
    ],
)
def test_a_bot_for_everybody_needs_a_budget_that_blocks(
    balances: list[Balance], least_usd: float | None, found: str
) -> None:
    """Where its model costs money; without one it does not start."""
    verdict = "failed" if found == "open_purse" else "ok"
    assert judged(on_money.check_budgets(balances, least_usd, needs_block=True)) == (verdict, found)
