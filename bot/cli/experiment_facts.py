"""An experiment as `polar experiments` prints it: as facts for programs, or in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.cli.columns import Shown, lines
from bot.cli.facts import instant, printable
from middleware.budget import dollars
from storage.tables.experiments import Experiment
from storage.views.experiments import SurveyedExperiment
from teaching.findings import BECAUSE, BY_HARM, RUNNING, approved, found
from teaching.verdicts import Arm, Judgement

_COUNTED = ("units", "rated", "answers", "failures")
_COUNTS = (
    Shown("variant", "variant"),
    Shown("weight", "weight", is_number=True),
    Shown("units", "units", is_number=True),
    Shown("rated", "rated", is_number=True),
    Shown("answers", "answers", is_number=True),
    Shown("failures", "failures", is_number=True),
    Shown("usd", "US dollars", is_number=True),
)
_ARMS = (
    Shown("variant", "variant"),
    Shown("rated", "rated", is_number=True),
    Shown("positive", "👍", is_number=True),
    Shown("negative", "👎", is_number=True),
    Shown("approval", "approval"),
)


def described(surveyed: SurveyedExperiment, verdict: Judgement | None, now_ms: int) -> dict[str, Any]:
    """The facts of an experiment; without a verdict none is told, as while it runs."""
    experiment = surveyed.experiment
    end = experiment.at(now_ms)
    return {
        "name": experiment.name,
        "status": "running" if end is None else "ended",
        "unit": experiment.unit,
        "started": instant(experiment.started_at_ms),
        "until": instant(experiment.until_ms),
        "people": experiment.people,
        "budgetUsd": experiment.budget_usd,
        "ended": instant(end[1]) if end else None,
        "because": end[0] if end else None,
        "variants": _variants(surveyed),
        "verdict": None if verdict is None else judged(verdict),
    }


def _variants(surveyed: SurveyedExperiment) -> list[dict[str, Any]]:
    counts = {count.variant: count for count in surveyed.counts}
    return [
        {
            "variant": variant.name,
            "weight": variant.weight,
            "personality": variant.personality or None,
            "model": variant.model or None,
            **{name: getattr(counts.get(variant.name), name, 0) for name in (*_COUNTED, "usd")},
        }
        for variant in surveyed.experiment.variants
    ]


def judged(verdict: Judgement) -> dict[str, Any]:
    """The facts of a verdict."""
    return {
        "isVoid": verdict.is_void,
        "allocationP": verdict.allocation_p,
        "variants": [
            {
                "variant": arm.variant,
                "rated": arm.rated,
                "positive": arm.positive,
                "negative": arm.negative,
                "approval": arm.approval,
                "low": arm.low,
                "high": arm.high,
            }
            for arm in verdict.arms
        ],
        "againstControl": [
            {
                "variant": contrast.variant,
                "finding": contrast.finding,
                "difference": contrast.difference,
                "low": contrast.low,
                "high": contrast.high,
                "p": contrast.p,
                "smallestSeen": contrast.smallest,
            }
            for contrast in verdict.contrasts
        ],
    }


def told(surveyed: SurveyedExperiment, verdict: Judgement | None, now_ms: int) -> Iterator[str]:
    """A table of what was counted, and the verdict if there is one."""
    yield _headline(surveyed.experiment, now_ms)
    yield from _table([{**one, "usd": dollars(one["usd"])} for one in _variants(surveyed)], _COUNTS)
    if verdict is None:
        yield RUNNING
        return
    yield ""
    yield from _table([_arm(arm) for arm in verdict.arms], _ARMS)
    for contrast in verdict.contrasts:
        yield f"{contrast.variant}: {found(contrast, verdict)}"
    if surveyed.experiment.ended_because == "harm":
        yield BY_HARM


def _headline(experiment: Experiment, now_ms: int) -> str:
    end = experiment.at(now_ms)
    when = (
        f"runs until {instant(experiment.until_ms)}" if end is None else f"ended {instant(end[1])}: {BECAUSE[end[0]]}"
    )
    limits = [] if experiment.people is None else [f"{experiment.people} that have rated"]
    limits += [] if experiment.budget_usd is None else [dollars(experiment.budget_usd)]
    more = f"; limits: {', '.join(limits)}" if limits else ""
    return f"{experiment.name}: by {experiment.unit}, {when}{more}"


def _table(facts: Sequence[dict[str, Any]], columns: Sequence[Shown]) -> Iterator[str]:
    return lines(([printable(fact[column.name]) for column in columns] for fact in facts), columns, None)


def _arm(arm: Arm) -> dict[str, Any]:
    counts = {"rated": arm.rated, "positive": arm.positive, "negative": arm.negative}
    return {"variant": arm.variant, **counts, "approval": approved(arm)}
