"""What people said of models, personalities, automations and variants, beside what each of them has made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from storage.database import Database
from storage.origin import Origin, fingerprint
from storage.statement import Parameters, Rows, Statement
from storage.tables.answer_totals import AnswerTotals
from storage.tables.keys import PERSONALITY, Keys
from storage.tables.personalities import Personalities, ProfileTarget
from storage.tables.shares import Shares
from storage.views.comparison import WAYS, Compared, ComparedBy, compare
from teaching.comparisons import Made
from tests.storage import ON_SQLITE
from tests.storage.files import DAY_MS, NOW_MS
from tests.storage.plans import plan
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
async def test_each_way_to_compare_has_its_sides(said: Database, by: ComparedBy, expected: dict[str, object]) -> None:
    """What an automation said counts where automations are compared, and nowhere else."""
    assert told(await compare(said, by, now_ms=NOW_MS)) == expected


async def test_a_variant_is_told_by_counts_alone(said: Database) -> None:
    """Its experiment is judged at its end, by the verdict of that."""
    [side] = (await compare(said, "variant", now_ms=NOW_MS)).comparison.sides
    assert (side.people, side.approval) == (1, None)


async def test_answers_before_a_day_are_left_out(said: Database) -> None:
    """Of what was made as of what was rated."""
    await count(said, LARGE, now_ms=NOW_MS - DAY_MS)
    assert told(await compare(said, "model", now_ms=NOW_MS))["large"] == (2, 1, 0)
    assert told(await compare(said, "model", now_ms=NOW_MS, since="2026-11-18"))["large"] == (1, 1, 0)
    assert told(await compare(said, "model", now_ms=NOW_MS, since="2026-11-19")) == {}


async def test_cost_and_time_come_from_the_totals(said: Database) -> None:
    """Also of answers that nobody has rated."""
    await count(said, replace(LARGE, usd=None))
    [large, _] = (await compare(said, "model", now_ms=NOW_MS)).comparison.sides
    assert large.made == Made(answers=2, priced=1, usd=0.5, timed=2, milliseconds=80)
    assert large.share_rated == 0.5


async def test_who_shares_nothing_is_in_no_comparison(said: Database) -> None:
    """Their labels are in no list, and are none here."""
    await said.commit(Shares.set("7", False, now_ms=1))
    compared = await compare(said, "model", now_ms=NOW_MS)
    assert told(compared) == {"large": (1, 0, 0), "small": (1, 0, 0)}
    assert compared.dropped["not_shared"] == 3


async def test_what_counts_for_nothing_is_counted(said: Database) -> None:
    """By reason: labels of what automations said, ratings of what was no answer or has changed since."""
    chat = RatedChat(said, at_ms=NOW_MS + 100_000, chat_id=8)
    [number] = await chat.say("pong", origin=Origin())
    await chat.rate(number, "👍")
    dropped = (await compare(said, "model", now_ms=NOW_MS)).dropped
    assert [(reason, number) for reason, number in sorted(dropped.items()) if number] == [
        ("automation", 1),
        ("no_responder", 1),
    ]


async def test_a_personality_is_known_by_the_text_that_is_in_force(database: Database) -> None:
    """A fingerprint tells nobody anything; of a text that has changed since, it is all that is left."""
    key = await Keys(database).find(PERSONALITY)
    assert key is not None
    await database.commit(*Personalities.set(ProfileTarget(scope="global"), "Be kind.", now_ms=1))
    kind, neutral, former = (fingerprint(key, text) for text in ("Be kind.", "", "Be curt."))
    for name in (kind, neutral, former):
        await count(database, replace(LARGE, personality=name))
    assert (await compare(database, "personality", now_ms=NOW_MS)).about == {
        kind: "personality:global",
        neutral: "neutral",
    }


async def test_an_automation_is_known_by_what_it_is_to_say(said: Database) -> None:
    """As long as it is there."""
    await said.commit(
        Statement(
            "INSERT INTO polar_automation_jobs (id, ownerUserId, sessionId, schedule, promptTemplate, enabled, "
            "createdAtMs, updatedAtMs) VALUES ('job', '7', 's', 'x', 'tea', 1, 1, 1)"
        )
    )
    assert (await compare(said, "automation", now_ms=NOW_MS)).about == {"job": "tea"}


@ON_SQLITE
@pytest.mark.parametrize("by", WAYS)
async def test_no_answer_is_looked_at_that_nobody_rated(
    database: Database, path: Path, by: ComparedBy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was made is read from the totals of the days that are asked for."""
    queries: list[tuple[str, Parameters]] = []
    fetch = database.fetch

    async def noting(sql: str, params: Parameters = ()) -> Rows:
        queries.append((sql, params))
        return await fetch(sql, params)

    monkeypatch.setattr(database, "fetch", noting)
    await compare(database, by, now_ms=NOW_MS)
    [(sql, params)] = [query for query in queries if "polar_answer_totals" in query[0]]
    steps = [step for step in plan(path, sql, params) if not step.startswith("USE TEMP")]
    assert steps == ["SEARCH polar_answer_totals USING PRIMARY KEY (day>?)"]


async def test_nothing_said_is_nothing_compared(database: Database) -> None:
    """No side at all."""
    assert told(await compare(database, "model", now_ms=NOW_MS)) == {}
