"""What people said of models, personalities, automations and variants, beside what each of them has made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.database import Database
from storage.origin import Origin
from storage.tables.answer_totals import AnswerTotals
from storage.views.comparison import By, Compared, compare
from teaching.comparisons import Made
from tests.storage.files import DAY_MS, NOW_MS
from tests.storage.rating import RatedChat

LARGE = Origin(responder="openai", model="large", personality="kind", usd=0.5)
SMALL = replace(LARGE, model="small", personality="curt", experiment="terse", variant="short")
JOB = replace(LARGE, automation_id="job", run_id="run")


@pytest.fixture
async def said(database: Database) -> Database:
    """Three answers that were counted and rated, one of them an automation's."""
    chat = RatedChat(database, at_ms=NOW_MS)
    for origin, emoji in ((LARGE, "👍"), (SMALL, "👎"), (JOB, "👎")):
        number = await chat.answered(origin=origin)
        await count(database, origin)
        await chat.rate(number, emoji)
    return database


async def count(database: Database, origin: Origin, *, now_ms: int = NOW_MS) -> None:
    """An answer of this origin, of which the totals know."""
    await database.commit(AnswerTotals.count(origin, is_private=True, milliseconds=40, now_ms=now_ms))


def told(compared: Compared) -> dict[str, tuple[int, int, int]]:
    """How many answers each side made, and how many people liked and disliked."""
    return {side.name: (side.made.answers, side.liked, side.disliked) for side in compared.comparison.sides}


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("model", {"large": (1, 1, 0), "small": (1, 0, 1)}),
        ("personality", {"kind": (1, 1, 0), "curt": (1, 0, 1)}),
        ("automation", {"job": (1, 0, 1)}),
        ("variant", {"terse/short": (1, 0, 1)}),
    ],
)
async def test_each_way_to_compare_has_its_sides(said: Database, by: By, expected: dict[str, object]) -> None:
    """What an automation said counts where automations are compared, and nowhere else."""
    assert told(await compare(said, by)) == expected


async def test_a_variant_is_told_by_counts_alone(said: Database) -> None:
    """Its experiment is judged at its end, by the verdict of that."""
    [side] = (await compare(said, "variant")).comparison.sides
    assert (side.people, side.approval) == (1, None)


async def test_answers_before_a_day_are_left_out(said: Database) -> None:
    """Of what was made as of what was rated."""
    await count(said, LARGE, now_ms=NOW_MS - DAY_MS)
    assert told(await compare(said, "model"))["large"] == (2, 1, 0)
    assert told(await compare(said, "model", since="2026-11-18"))["large"] == (1, 1, 0)
    assert told(await compare(said, "model", since="2026-11-19")) == {}


async def test_cost_and_time_come_from_the_totals(said: Database) -> None:
    """Also of answers that nobody has rated."""
    await count(said, replace(LARGE, usd=None))
    [large, _] = (await compare(said, "model")).comparison.sides
    assert large.made == Made(answers=2, priced=1, usd=0.5, timed=2, milliseconds=80)
    assert large.share_rated == 0.5


async def test_what_counts_for_nothing_is_counted(said: Database) -> None:
    """By reason: labels of what automations said, ratings of what was no answer or has changed since."""
    chat = RatedChat(said, at_ms=NOW_MS + 100_000, chat_id=8)
    [number] = await chat.say("pong", origin=Origin())
    await chat.rate(number, "👍")
    dropped = (await compare(said, "model")).dropped
    assert [(reason, number) for reason, number in sorted(dropped.items()) if number] == [
        ("automation", 1),
        ("no_responder", 1),
    ]


async def test_nothing_said_is_nothing_compared(database: Database) -> None:
    """No side at all."""
    assert told(await compare(database, "model")) == {}
