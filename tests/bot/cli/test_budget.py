"""`polar budget`, on a real file, also beside a bot that runs on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.cli.terminal import polar, printed
from tests.house import House
from tests.looking import tell
from tests.storage.files import plain, rows


async def test_a_running_bot_goes_by_a_budget_at_once(house: House) -> None:
    """From the next answer on: set, raised, cleared."""
    async with house.bot(responder="tests.paid:Paid"):
        ann, chat = house.chat()
        assert await tell(house, chat, ann, "one") == ["echo: one"]

        def budget(*arguments: str) -> str:
            done = polar("budget", *arguments, database=house.path)
            assert done.exit_code == 0, done.stderr
            return done.stdout.strip()

        assert budget("set", "global", "0.05") == "global: $0.00 of $0.05 spent"
        assert "too little" in (await tell(house, chat, ann, "two"))[0]
        budget("set", "global", "0.15")
        assert await tell(house, chat, ann, "three") == ["echo: three"]
        assert budget("list") == "global: $0.10 of $0.15 spent"
        assert "too little" in (await tell(house, chat, ann, "four"))[0]
        assert budget("clear", "global") == "global: cleared"
        assert budget("list") == "no budgets"
        assert await tell(house, chat, ann, "five") == ["echo: five"]


def test_the_list_tells_each_budget_as_facts(database: Path) -> None:
    """Limits, what is spent, when it starts anew, and whether it blocks; amounts are numbers, instants are UTC."""
    assert polar("budget", "set", "user:7", "2.5", "--every", "7d", "--warn-only", database=database).exit_code == 0
    assert polar("budget", "set", "session:telegram:chat:-1001", "1", database=database).exit_code == 0
    session, user = printed(polar("budget", "list", "--json", database=database))[::-1]
    resets = user.pop("resets")
    assert resets.endswith("Z")
    assert user == {
        "scope": "user:7",
        "limitUsd": 2.5,
        "spentUsd": 0,
        "reservedUsd": 0,
        "every": "7d",
        "blocks": False,
    }
    assert (session["scope"], session["every"], session["resets"], session["blocks"]) == (
        "session:telegram:chat:-1001",
        None,
        None,
        True,
    )
    assert (
        f"user:7: $0.00 of $2.50 spent, every 7d, next reset {resets}, only warns"
        in polar("budget", "list", database=database).stdout
    )


@pytest.mark.parametrize(
    ("every", "ms"), [("30m", 1_800_000), ("24h", 86_400_000), ("7d", 604_800_000), ("90m", 5_400_000)]
)
def test_an_interval_is_written_in_minutes_hours_or_days(database: Path, every: str, ms: int) -> None:
    """And told as it was written; stored in milliseconds."""
    polar("budget", "set", "global", "1", "--every", every, database=database)
    assert rows(database, "SELECT resetIntervalMs FROM polar_budget_policies") == [(ms,)]
    [fact] = printed(polar("budget", "list", "--json", database=database))
    assert fact["every"] == every


WRONG = [
    (("set", "everybody", "1"), "expected global, user:<id> or session:<sessionId>"),
    (("set", "user:", "1"), "like user:123456789"),
    (("set", "user:ann", "1"), "like user:123456789"),
    (("set", "session:-1001", "1"), "session:telegram:chat:-1001234"),
    (("set", "global:1", "1"), "expected global"),
    (("set", "global", "much"), "expected an amount in US dollars"),
    (("set", "global", "1e9"), "expected an amount in US dollars"),
    (("set", "global", "nan"), "expected an amount in US dollars"),
    (("set", "global", "1", "--every", "day"), "expected a time like 30m, 24h or 7d"),
    (("set", "global", "1", "--every", "0h"), "expected a time like 30m, 24h or 7d"),
    (("set", "global"), "USD"),
    (("clear", "everybody"), "expected global"),
]


def test_a_wrong_form_says_what_was_expected(database: Path) -> None:
    """Status 2, and nothing is written."""
    for arguments, expected in WRONG:
        done = polar("budget", *arguments, database=database)
        assert done.exit_code == 2, arguments
        assert expected in " ".join(done.stderr.replace("│", " ").split())
    assert printed(polar("budget", "list", "--json", database=database)) == []


def test_a_negative_limit_is_wrong_usage(database: Path) -> None:
    """Also where it does not look like an option."""
    assert polar("budget", "set", "global", "--", "-1", database=database).exit_code == 2


def test_clearing_what_is_not_there_is_said_in_one_line(database: Path) -> None:
    """Status 1; rows of other programs can be cleared whatever their target is."""
    done = polar("budget", "clear", "user:7", database=database)
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1
    assert "polar budget list" in done.stderr


def test_a_budget_of_another_program_can_be_cleared(database: Path) -> None:
    """Whatever its target looks like."""
    with plain(database) as connection:
        connection.execute("INSERT INTO polar_budget_policies VALUES ('user', 'odd: one', 1, NULL, 1)")
    assert polar("budget", "clear", "user:odd: one", database=database).exit_code == 0
    assert rows(database, "SELECT * FROM polar_budget_policies") == []


def test_without_a_database_it_says_what_to_do(tmp_path: Path) -> None:
    """Status 1, in one line."""
    done = polar("budget", "list", database=tmp_path / "nothing.db")
    assert done.exit_code == 1
    assert "polar db migrate" in done.stderr
