"""What people said of models, personalities, automations or variants, beside the answers that each has made.

Ratings come as a stream, and only sums over people are kept of them; answers are read from their totals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

from storage.readers import Readers
from storage.views.rated_answers import RatedAnswers
from teaching.comparisons import Comparison, Made, Ratings, counts_only
from teaching.dropped import Dropped
from teaching.labels import Answer, stances

By = Literal["model", "personality", "automation", "variant"]
WAYS: tuple[By, ...] = get_args(By)
EVER = ""
"""Before every day."""


@dataclass(frozen=True, slots=True)
class _Way:
    """Who is compared: an answer's name, which is '' where it is of none, and the same in SQL."""

    name: Callable[[Answer], str]
    sql: str
    is_of: Callable[[Answer], bool]
    where: str


def _asked_for(answer: Answer) -> bool:
    # 👎 on what an automation says often means “not now”.
    return not answer.automation


_NOT_OF_AUTOMATIONS = "automationId = ''"
_WAYS: Mapping[By, _Way] = {
    "model": _Way(lambda answer: answer.model, "model", _asked_for, _NOT_OF_AUTOMATIONS),
    "personality": _Way(lambda answer: answer.personality, "personality", _asked_for, _NOT_OF_AUTOMATIONS),
    "automation": _Way(
        lambda answer: answer.automation, "automationId", lambda answer: bool(answer.automation), "automationId <> ''"
    ),
    "variant": _Way(
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
    dropped: Dropped


async def compare(readers: Readers, by: By, *, since: str = EVER) -> Compared:
    """Of answers of the UTC days from `since` on."""
    way, ratings = _WAYS[by], Ratings()
    walk = RatedAnswers(readers, since_ms=_start_ms(since))
    async for rated in walk.read():
        answer = rated.answer
        labels = stances(rated.ratings, answer.edited_at_ms)
        walk.dropped["edited"] += sum(one.at_ms <= (answer.edited_at_ms or 0) for one in rated.ratings)
        if way.is_of(answer):
            ratings.add(way.name(answer), answer, labels)
        elif answer.automation:
            walk.dropped["automation"] += len(labels)
    comparison = ratings.compared(await _made(readers, way, since))
    return Compared(comparison=counts_only(comparison) if by == "variant" else comparison, dropped=walk.dropped)


async def _made(readers: Readers, way: _Way, since: str) -> dict[str, Made]:
    rows = await readers.fetch(
        f"SELECT {way.sql}, sum(answers), sum(priced), round(sum(usd), 9), sum(timed), sum(milliseconds) "
        f"FROM polar_answer_totals WHERE day >= ? AND {way.where} GROUP BY 1",
        (since,),
    )
    return {row[0]: Made(answers=row[1], priced=row[2], usd=row[3], timed=row[4], milliseconds=row[5]) for row in rows}


def _start_ms(day: str) -> int:
    return 0 if day == EVER else round(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)
