"""One experiment runs at a time; what it comes to is counted as it happens, and ends it where it is to."""

from __future__ import annotations

from typing import Any

import pytest

from storage.database import Database
from storage.erasure import Erasure
from storage.errors import ExpectationFailed
from storage.location import Location
from storage.statement import Statement
from storage.tables.experiments import FAILURES, ExperimentDamaged, Experiments, FirstRating
from tests.second import rows
from tests.storage.files import DAY_MS, NOW_MS
from tests.storage.trying import experiment

ANN, BOB = "telegram:chat:7", "telegram:chat:8"
ENDED = "SELECT name, status, endedBecause, endedAtMs FROM polar_experiments ORDER BY startedAtMs, name"
COUNTS = "SELECT variant, units, rated, answers, failures, usd FROM polar_experiment_variants ORDER BY variant"
UNITS = "SELECT unit, variant, ratedAs, ratedPlace FROM polar_experiment_units ORDER BY sequence"


async def answer(
    database: Database, variant: str = "short", unit: str = ANN, *, fails: bool = False, usd: float = 0.0
) -> None:
    """One turn that was answered, or was not."""
    done: dict[str, Any] = {"is_answer": not fails, "is_failure": fails, "usd": usd, "now_ms": NOW_MS + 5}
    await database.commit(*Experiments.count("terse", variant, unit, **done))


async def rate(database: Database, unit: str, score: int) -> None:
    """What a unit says of an answer."""
    await database.commit(*Experiments.rate("terse", unit, score=score, now_ms=NOW_MS + 6))


async def started(database: Database, **changes: Any) -> Experiments:
    """The store of a database in which one has begun."""
    await database.commit(*Experiments.start(experiment(**changes)))
    return Experiments(database)


async def test_what_was_started_is_read_as_it_was(database: Database) -> None:
    """Weights and texts with it: they are frozen by that."""
    experiments = await started(database, people=200, budget_usd=5.0)

    assert await experiments.running() == experiment(people=200, budget_usd=5.0)
    assert await experiments.find("terse") == experiment(people=200, budget_usd=5.0)
    assert await experiments.find("other") is None


@pytest.mark.parametrize("name", ["terse", "other"])
async def test_one_runs_at_a_time(database: Database, location: Location, name: str) -> None:
    """By that name or by another; the one that runs goes on as it was."""
    await started(database)

    with pytest.raises(ExpectationFailed):
        await database.commit(*Experiments.start(experiment(name, started_at_ms=NOW_MS + 1)))
    assert rows(location, ENDED) == [("terse", "running", None, None)]


async def test_a_name_is_never_used_again(database: Database) -> None:
    """Answers bear it."""
    await started(database)
    await database.commit(Experiments.end("terse", "stopped", now_ms=NOW_MS + 1))

    with pytest.raises(ExpectationFailed):
        await database.commit(*Experiments.start(experiment(started_at_ms=NOW_MS + 2)))


async def test_what_is_over_by_its_time_makes_room(database: Database, location: Location) -> None:
    """Nobody has to end it; that is written when the next begins."""
    experiments = await started(database)
    over = NOW_MS + 7 * DAY_MS

    running = await experiments.running()
    assert running is not None
    assert running.at(over - 1) is None
    assert running.at(over) == ("end", over)
    await database.commit(*Experiments.start(experiment("next", started_at_ms=over, until_ms=over + 1)))
    assert rows(location, ENDED) == [("terse", "ended", "end", over), ("next", "running", None, None)]


async def test_who_takes_part_is_counted_once(database: Database, location: Location) -> None:
    """However often they are answered."""
    await started(database)
    await answer(database, usd=0.001)
    await answer(database, usd=0.002)
    await answer(database, unit=BOB, fails=True)

    assert rows(location, COUNTS) == [("control", 0, 0, 0, 0, 0.0), ("short", 2, 0, 2, 1, 0.003)]
    assert rows(location, UNITS) == [(ANN, "short", None, None), (BOB, "short", None, None)]


async def test_what_comes_to_nothing_costs_and_is_nobodys_part(database: Database, location: Location) -> None:
    """As of a try whose message was taken away meanwhile."""
    await started(database)
    await database.commit(
        *Experiments.count("terse", "short", ANN, is_answer=False, is_failure=False, usd=0.5, now_ms=NOW_MS)
    )

    assert rows(location, COUNTS)[1] == ("short", 0, 0, 0, 0, 0.5)
    assert rows(location, UNITS) == []


async def test_only_what_a_unit_says_first_is_kept(database: Database, location: Location) -> None:
    """In the order of all; who took no part says nothing."""
    experiments = await started(database)
    await answer(database, "short", ANN)
    await answer(database, "control", BOB)
    for unit, score in ((BOB, 1), (ANN, -1), (ANN, 1), ("telegram:chat:9", 1)):
        await rate(database, unit, score)

    assert rows(location, UNITS) == [(ANN, "short", -1, 2), (BOB, "control", 1, 1)]
    first, second = FirstRating(place=1, variant="control", score=1), FirstRating(place=2, variant="short", score=-1)
    assert await experiments.first_ratings("terse", after=0, limit=9) == [first, second]
    assert await experiments.first_ratings("terse", after=1, limit=9) == [second]
    assert await experiments.first_ratings("terse", after=0, limit=1) == [first]


async def test_it_ends_by_the_answer_that_uses_up_its_budget(database: Database, location: Location) -> None:
    """Those of the control count as well: the budget is for all that is tried."""
    await started(database, budget_usd=0.5)
    await answer(database, "short", ANN, usd=0.2)
    await answer(database, "control", BOB, usd=0.2)
    assert rows(location, ENDED) == [("terse", "running", None, None)]
    await answer(database, "short", ANN, usd=0.1)

    assert rows(location, ENDED) == [("terse", "ended", "budget", NOW_MS + 5)]


async def test_it_ends_when_as_many_people_have_rated_as_are_wanted(database: Database, location: Location) -> None:
    """Who is silent is no part of a verdict, and so not of the number."""
    await started(database, people=2)
    for number, unit in enumerate((ANN, BOB, "telegram:chat:9")):
        await answer(database, ("short", "control")[number % 2], unit)
    await rate(database, ANN, 1)
    await rate(database, ANN, 1)
    assert rows(location, ENDED) == [("terse", "running", None, None)]
    await rate(database, BOB, -1)

    assert rows(location, ENDED) == [("terse", "ended", "people", NOW_MS + 6)]


async def test_it_ends_when_a_variant_fails_and_fails(database: Database, location: Location) -> None:
    """An answer in between makes the count begin anew."""
    await started(database)
    for _ in range(FAILURES - 1):
        await answer(database, fails=True)
    await answer(database)
    for _ in range(FAILURES - 1):
        await answer(database, fails=True)
    assert rows(location, ENDED) == [("terse", "running", None, None)]
    await answer(database, fails=True)

    assert rows(location, ENDED) == [("terse", "ended", "failures", NOW_MS + 5)]


async def test_where_the_control_fails_too_no_variant_is_at_fault(database: Database, location: Location) -> None:
    """The endpoint is down for all; the control by itself ends nothing either."""
    await started(database)
    await answer(database, "control", BOB, fails=True)
    for _ in range(FAILURES):
        await answer(database, fails=True)
        await answer(database, "control", BOB, fails=True)

    assert rows(location, ENDED) == [("terse", "running", None, None)]


async def test_what_has_ended_stays_ended_as_it_was(database: Database, location: Location) -> None:
    """The first reason is the reason; what is in flight still counts."""
    await started(database, budget_usd=0.1)
    await database.commit(Experiments.end("terse", "stopped", now_ms=NOW_MS + 1))
    await database.commit(Experiments.end("terse", "harm", now_ms=NOW_MS + 2))
    await answer(database, usd=0.2)

    assert rows(location, ENDED) == [("terse", "ended", "stopped", NOW_MS + 1)]
    assert rows(location, COUNTS)[1][3:] == (1, 0, 0.2)


@pytest.mark.parametrize(
    "damage",
    ["variants = 'x'", "variants = '[1]'", "variants = '[]'", "variants = 'null'", "unit = 'x'", "endedBecause = 'x'"],
)
async def test_a_damaged_one_is_none_that_runs(database: Database, damage: str) -> None:
    """So that everybody is answered as ever; who asks for it by name is told."""
    experiments = await started(database)
    await database.commit(Statement(f"UPDATE polar_experiments SET {damage}"))

    assert await experiments.running() is None
    with pytest.raises(ExperimentDamaged, match="terse"):
        await experiments.find("terse")


async def test_an_erasure_leaves_no_id_of_the_person(database: Database, location: Location) -> None:
    """Of topics in the chat with them neither; that somebody took part and rated stays counted."""
    await started(database)
    units = (ANN, BOB, "topic:7:1", "topic:77:1", "topic:-7:1")
    for unit in units:
        await answer(database, unit=unit)
    await rate(database, ANN, 1)
    await database.commit(*Erasure(database).of("7", now_ms=NOW_MS + 9))

    assert [row[0] for row in rows(location, UNITS)] == [BOB, "topic:77:1", "topic:-7:1"]
    assert rows(location, COUNTS)[1] == ("short", 5, 1, 5, 0, 0.0)
