"""Every call of a model has a row, from before it is made; the totals are those of the rows that are settled."""

from __future__ import annotations

from typing import Any

from storage.balances import Payer
from storage.database import Database
from storage.location import Location
from storage.tables.budgets import BudgetPolicy, Budgets
from storage.tables.model_calls import CallOutcome, ModelCalls
from tests.second import rows
from tests.storage.files import DAY_MS, NOW_MS

ANN = Payer(turn_id="t", attempt=1, user_id="7", session_id="telegram:chat:7")
CALLS = "SELECT turnId, attempt, number, usd, outcome FROM polar_calls ORDER BY turnId, attempt, number"
SPENT = (
    "SELECT name, calls, unanswered, unpriced, inputTokens, outputTokens, usd, latencyMs FROM polar_daily_spend "
    "WHERE kind = ? ORDER BY day, name"
)


async def begin(database: Database, usd: float | None = 0.5, *, who: Payer = ANN, **changes: Any) -> None:
    """Open a call."""
    opened = {"model": "m", "estimate_usd": usd, "now_ms": NOW_MS, **changes}
    await database.commit(ModelCalls.open(who, **opened))


async def end(
    database: Database, usd: float | None = 0.25, *, who: Payer = ANN, outcome: CallOutcome = "answered"
) -> None:
    """Settle it."""
    await database.commit(
        ModelCalls.settle(who, input_tokens=10, output_tokens=4, usd=usd, latency_ms=90, outcome=outcome)
    )


def spent(location: Location, kind: str) -> list[tuple[Any, ...]]:
    """The totals of each day."""
    return rows(location, SPENT.replace("?", f"'{kind}'"))


async def test_a_call_is_there_before_it_is_made_and_counts_when_it_is_settled(
    database: Database, location: Location
) -> None:
    """Open at its estimate, which is in no total; then at its cost, under its model, its person and its chat."""
    await begin(database)
    assert rows(location, CALLS) == [("t", 1, 1, 0.5, "open")]
    assert spent(location, "model") == []
    await end(database)
    assert rows(location, CALLS) == [("t", 1, 1, 0.25, "answered")]
    counted = (1, 0, 0, 10, 4, 0.25, 90)
    assert spent(location, "model") == [("m", *counted)]
    assert spent(location, "user") == [("7", *counted)]
    assert spent(location, "session") == [("telegram:chat:7", *counted)]


async def test_calls_of_a_try_are_numbered_and_settled_one_by_one(database: Database, location: Location) -> None:
    """What is settled a second time stays as it is, in the totals too."""
    for usd in (0.1, 0.2):
        await begin(database)
        await end(database, usd)
    await end(database, 9)
    assert rows(location, CALLS) == [("t", 1, 1, 0.1, "answered"), ("t", 1, 2, 0.2, "answered")]
    assert spent(location, "model") == [("m", 2, 0, 0, 20, 8, 0.3, 180)]


async def test_a_call_that_was_not_made_leaves_nothing(database: Database, location: Location) -> None:
    """Of those before it nothing is taken."""
    await begin(database)
    await end(database)
    await begin(database)
    await database.commit(ModelCalls.take_back(ANN))
    assert rows(location, CALLS) == [("t", 1, 1, 0.25, "answered")]


async def test_what_an_ended_process_left_open_counts_at_its_estimate(database: Database, location: Location) -> None:
    """On the day on which it was made; a second start adds nothing."""
    await begin(database, now_ms=NOW_MS - DAY_MS)
    for _ in range(2):
        await database.commit(*Budgets.charge_left(now_ms=NOW_MS), ModelCalls.interrupt_left())
    assert rows(location, CALLS) == [("t", 1, 1, 0.5, "interrupted")]
    assert spent(location, "model") == [("m", 1, 1, 0, 0, 0, 0.5, 0)]
    [(day,)] = rows(location, "SELECT DISTINCT day FROM polar_daily_spend")
    assert rows(location, f"SELECT date({(NOW_MS - DAY_MS) // 1000}, 'unixepoch')") == [(day,)]


async def test_a_call_without_a_price_is_counted_as_one(database: Database, location: Location) -> None:
    """It is no call for nothing: how many there are is told beside the sum."""
    await begin(database, None)
    await end(database, None, outcome="failed")
    await begin(database, 0)
    await end(database, 0)
    assert spent(location, "user") == [("7", 2, 1, 1, 20, 8, 0.0, 180)]


async def test_a_call_is_opened_only_where_its_budgets_have_room(database: Database, location: Location) -> None:
    """Those that are open count as spent."""
    await database.commit(*Budgets.set(BudgetPolicy(scope="user", target_id="7", limit_usd=1), now_ms=NOW_MS))
    for number in range(3):
        await begin(database, 0.5, who=Payer(turn_id=f"t{number}", attempt=1, user_id="7", session_id="s"))
    assert [row[0] for row in rows(location, CALLS)] == ["t0", "t1"]


async def test_totals_agree_with_the_rows_they_are_of(database: Database, location: Location) -> None:
    """For each kind alike, over several people, chats, models and days."""
    for number in range(12):
        who = Payer(turn_id=str(number), attempt=1, user_id=str(number % 3), session_id=f"s{number % 2}")
        await begin(database, who=who, model=f"m{number % 4}", now_ms=NOW_MS + number * DAY_MS // 3)
        await end(database, number / 1000, who=who)
    for kind, column in (("model", "model"), ("user", "userId"), ("session", "sessionId")):
        counted = rows(
            location,
            f"SELECT date(createdAtMs / 1000, 'unixepoch'), {column}, count(*), round(sum(usd), 9), sum(inputTokens) "
            "FROM polar_calls GROUP BY 1, 2 ORDER BY 1, 2",
        )
        kept = f"SELECT day, name, calls, usd, inputTokens FROM polar_daily_spend WHERE kind = '{kind}' ORDER BY 1, 2"
        assert rows(location, kept) == counted
