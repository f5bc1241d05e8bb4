"""`polar spend`: what calls of models have cost, by day, model, person and chat."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.balances import Payer
from storage.tables.model_calls import ModelCalls
from tests.bot.cli.terminal import polar, printed
from tests.storage.files import DAY_MS, plain

NOON_MS = 1_795_435_200_000
"""2026-11-23 12:00 UTC."""
SPENT = (("large", "7", 1.25, 2), ("small", "7", 0.001, 1), ("small", "8", None, 0))
"""Model, user, US dollars, and how many days ago."""


@pytest.fixture
def spent(database: Path) -> Path:
    """A database with calls on three days."""
    with plain(database) as connection:
        for number, (model, user_id, usd, days) in enumerate(SPENT):
            who = Payer(turn_id=f"t{number}", attempt=1, user_id=user_id, session_id="telegram:chat:-5")
            opened = ModelCalls.open(who, model=model, estimate_usd=usd, now_ms=NOON_MS - days * DAY_MS)
            ended = ModelCalls.settle(
                who, input_tokens=1_000, output_tokens=20, usd=usd, latency_ms=900, outcome="answered"
            )
            for statement in (opened, ended):
                connection.execute(statement.sql, statement.params)
        connection.commit()
    return database


def test_a_day_is_a_line_and_numbers_end_below_each_other(spent: Path) -> None:
    """The newest first, all of them at the end, and what has no price is said."""
    assert polar("spend", database=spent).stdout.splitlines() == [
        "day         calls  unanswered  tokens in  tokens out  US dollars",
        "2026-11-23      1           0      1,000          20      $0.00+",
        "2026-11-22      1           0      1,000          20      $0.001",
        "2026-11-21      1           0      1,000          20       $1.25",
        "all             3           0      3,000          60     $1.251+",
        "Price unknown, and counted as nothing: 1 of 3 calls.",
    ]


@pytest.mark.parametrize(
    ("by", "found"),
    [
        ("model", [("large", 1, 1.25), ("small", 2, 0.001)]),
        ("user", [("7", 2, 1.251), ("8", 1, 0)]),
        ("session", [("telegram:chat:-5", 3, 1.251)]),
    ],
)
def test_what_costs_most_comes_first(spent: Path, by: str, found: list[tuple[str, int, float]]) -> None:
    """By model, person or chat, with the same fields."""
    lines = printed(polar("spend", "--by", by, "--json", database=spent))
    assert [(line[by], line["calls"], line["usd"]) for line in lines] == found
    assert set(lines[0]) == {
        *(by, "calls", "unanswered", "unpriced", "inputTokens", "outputTokens", "usd", "latencyMs")
    }


def test_days_before_a_day_are_left_out(spent: Path) -> None:
    """The day itself counts."""
    lines = printed(polar("spend", "--since", "2026-11-22", "--json", database=spent))
    assert [line["day"] for line in lines] == ["2026-11-23", "2026-11-22"]
    assert polar("spend", "--since", "2027-01-01", database=spent).stdout == "no model was called since 2027-01-01\n"


@pytest.mark.parametrize("wrong", [("--by", "week"), ("--since", "yesterday")])
def test_what_is_not_understood_is_wrong_usage(spent: Path, wrong: tuple[str, str]) -> None:
    """With what was expected."""
    done = polar("spend", *wrong, database=spent)
    assert done.exit_code == 2
    assert "expected" in done.stderr


def test_without_any_call_that_is_said(database: Path) -> None:
    """In words, and as an empty list."""
    assert polar("spend", database=database).stdout == "no model was called\n"
    assert printed(polar("spend", "--json", database=database)) == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"responder": "local"}, "costs nothing"),
        (
            {
                "responder": "openai",
                "openai_model": "m",
                "openai_input_usd_per_mtok": 0,
                "openai_output_usd_per_mtok": 0,
            },
            "costs nothing",
        ),
        ({"responder": "openai", "openai_model": "m"}, "never warns"),
        ({"responder": "tests.paid:Paid"}, ""),
    ],
)
def test_a_budget_that_can_limit_nothing_is_set_with_a_warning(
    database: Path, settings: dict[str, object], said: str
) -> None:
    """Whose price is known to be none, or not known; of a responder of your own nobody knows."""
    done = polar("budget", "set", "global", "1", "--warn-only", database=database, **settings)
    assert done.exit_code == 0
    assert said in done.stderr
    assert bool(done.stderr) == bool(said)


def test_a_name_can_forge_nothing_on_the_terminal(spent: Path) -> None:
    """Whatever a model is called; of a call without one that is said."""
    with plain(spent) as connection:
        connection.execute("UPDATE polar_daily_spend SET name = ? WHERE name = 'large'", ("\x1b[31m\nall",))
        connection.execute("UPDATE polar_daily_spend SET name = '' WHERE name = 'small'")
    lines = polar("spend", "--by", "model", database=spent).stdout.splitlines()
    assert [line[:8].strip() for line in lines[1:4]] == ["[31m al", "none", "all"]
