"""What people said of models, personalities, automations or variants, beside the answers that each has made.

Ratings come as a stream, and only sums over people are kept of them; answers are read from their totals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

from storage.json_text import encode_list
from storage.origin import fingerprint
from storage.readers import Readers
from storage.tables.erasures import Erasures
from storage.tables.keys import PERSONALITY, Keys
from storage.tables.personalities import Personalities
from storage.tables.shares import Shares
from storage.views.experiments import EndedExperiment, judge_ended
from storage.views.rated_answers import RatedAnswers
from teaching.comparisons import Comparison, Made, Ratings, judged
from teaching.dropped import Dropped
from teaching.labels import Answer, counted

ComparedBy = Literal["model", "personality", "automation", "variant"]
WAYS: tuple[ComparedBy, ...] = get_args(ComparedBy)
EVER = ""
"""Before every day."""


@dataclass(frozen=True, slots=True)
class _Sides:
    """Who is compared: an answer's name, which is '' where it is of none, and the same in SQL."""

    name: Callable[[Answer], str]
    sql: str
    is_of: Callable[[Answer], bool]
    where: str


def _asked_for(answer: Answer) -> bool:
    # 👎 on what an automation says often means “not now”.
    return not answer.automation


NEUTRAL = "neutral"
"""Nobody has said how the bot is to speak."""
_PROMPTS = """
SELECT id, promptTemplate FROM polar_automation_jobs WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id
"""
_NOT_OF_AUTOMATIONS = "automationId = ''"
_WAYS: Mapping[ComparedBy, _Sides] = {
    "model": _Sides(lambda answer: answer.model, "model", _asked_for, _NOT_OF_AUTOMATIONS),
    "personality": _Sides(lambda answer: answer.personality, "personality", _asked_for, _NOT_OF_AUTOMATIONS),
    "automation": _Sides(
        lambda answer: answer.automation, "automationId", lambda answer: bool(answer.automation), "automationId <> ''"
    ),
    "variant": _Sides(
        lambda answer: f"{answer.experiment}/{answer.variant}",
        "experiment || '/' || variant",
        lambda answer: bool(answer.experiment) and _asked_for(answer),
        f"experiment <> '' AND {_NOT_OF_AUTOMATIONS}",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A comparison, and which ratings count for nothing in it."""

    comparison: Comparison
    about: Mapping[str, str]
    """What more is known of a side, by its name: whose personality it is today, what an automation is to say."""
    dropped: Dropped
    ended: Mapping[str, EndedExperiment]
    """Of variants: the verdicts of their experiments that are over, by name; each is of the whole experiment."""


async def compare(readers: Readers, by: ComparedBy, *, now_ms: int, since: str = EVER) -> Compared:
    """Of answers of the UTC days from `since` on."""
    way, ratings = _WAYS[by], Ratings()
    walk = RatedAnswers(readers, since_ms=_start_ms(since))
    refusing, erased = await Shares(readers).refusing(), await Erasures(readers).instants()
    async for rated in walk.read():
        answer = rated.answer
        labels = counted(rated.ratings, answer.edited_at_ms, refusing=refusing, erased=erased, dropped=walk.dropped)
        if way.is_of(answer):
            ratings.add(way.name(answer), answer, labels)
        elif answer.automation:
            walk.dropped["automation"] += len(labels)
    comparison = ratings.compared(await _made(readers, way, since))
    ended: Mapping[str, EndedExperiment] = {}
    if by == "variant":
        tried = (side.name.partition("/")[0] for side in comparison.sides)
        ended = await judge_ended(readers, tried, now_ms=now_ms)
        comparison = judged(comparison, {name: one.verdict for name, one in ended.items()})
    return Compared(
        comparison=comparison,
        about=await _about(readers, by, [side.name for side in comparison.sides]),
        dropped=walk.dropped,
        ended=ended,
    )


async def ratings_ever(readers: Readers) -> int:
    """How many ratings a comparison has to read, of whatever day its answers are."""
    row = await readers.fetch_one("SELECT coalesce(sum(added + removed), 0) FROM polar_daily_feedback")
    return int(row[0]) if row else 0


async def _made(readers: Readers, way: _Sides, since: str) -> dict[str, Made]:
    rows = await readers.fetch(
        f"SELECT {way.sql}, sum(answers), sum(priced), round(sum(usd), 9), sum(timed), sum(milliseconds) "
        f"FROM polar_answer_totals WHERE day >= ? AND {way.where} GROUP BY 1",
        (since,),
    )
    return {row[0]: Made(answers=row[1], priced=row[2], usd=row[3], timed=row[4], milliseconds=row[5]) for row in rows}


async def _about(readers: Readers, by: ComparedBy, names: Sequence[str]) -> dict[str, str]:
    if by == "automation":
        rows = await readers.fetch(_PROMPTS, (encode_list(names),))
        return {row[0]: row[1] for row in rows}
    key = await Keys(readers).find(PERSONALITY) if by == "personality" else None
    if key is None:
        return {}
    profiles = await Personalities(readers).list_all()
    known = {fingerprint(key, profile.prompt): profile.profile_id for profile in reversed(profiles)}
    known[fingerprint(key, "")] = NEUTRAL
    return {name: known[name] for name in names if name in known}


def _start_ms(day: str) -> int:
    return 0 if day == EVER else round(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)
