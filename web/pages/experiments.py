"""`/experiments`: what was tried, how far it is, and what it has shown once it is over."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from storage.readers import Readers
from storage.views.comparison import ratings_ever
from storage.views.experiments import SurveyedExperiment, judge, survey
from teaching.findings import BECAUSE, BY_HARM, RUNNING, approved
from teaching.verdicts import Arm
from web.clock import now_ms
from web.intervals import SHARES, interval
from web.pages.compare import MOST_RATINGS, contrasted
from web.parameters import address, words
from web.rendering import page as rendered

MAX_SHOWN = 20


async def page(request: Request) -> Response:
    """The newest, or the one of this `name` with its verdict; raises HTTPException 404 for a name that there is not."""
    readers, name, at_ms = request.app.state.readers, words(request, "name"), now_ms()
    experiments, damaged = await survey(readers)
    chosen = [one for one in experiments if one.experiment.name == name]
    if name and not chosen:
        raise HTTPException(404, "There is no experiment of this name that can be read.")
    shown = chosen or experiments[:MAX_SHOWN]
    return rendered(
        request,
        "experiments.html",
        experiments=[_experiment(request, one, at_ms) for one in shown],
        back=address(request, name=None) if name else None,
        hidden=0 if name else len(experiments) - len(shown),
        damaged=[] if name else damaged,
        **(await _judged(readers, chosen[0], at_ms) if name else {}),
    )


def _experiment(request: Request, surveyed: SurveyedExperiment, at_ms: int) -> dict[str, Any]:
    experiment = surveyed.experiment
    end = experiment.at(at_ms)
    variants = {variant.name: variant for variant in experiment.variants}
    return {
        "name": experiment.name,
        "unit": experiment.unit,
        "started_ms": experiment.started_at_ms,
        "until_ms": experiment.until_ms,
        "people": experiment.people,
        "budget_usd": experiment.budget_usd,
        "because": BECAUSE[end[0]] if end else None,
        "ended_ms": end[1] if end else None,
        "href": address(request, name=experiment.name),
        "counts": [{"count": count, "variant": variants[count.variant]} for count in surveyed.counts],
    }


async def _judged(readers: Readers, surveyed: SurveyedExperiment, at_ms: int) -> dict[str, Any]:
    """The verdict of one that is over; why there is none yet, or not here, of another."""
    end = surveyed.experiment.at(at_ms)
    if end is None:
        return {"waits": RUNNING}
    ratings = await ratings_ever(readers)
    if ratings > MOST_RATINGS:
        return {"ratings": ratings}
    verdict = await judge(readers, surveyed, ended_at_ms=end[1])
    return {
        "arms": [_arm(arm) for arm in verdict.arms],
        "contrasts": [contrasted(contrast, verdict) for contrast in verdict.contrasts],
        "by_harm": BY_HARM if end[0] == "harm" else None,
    }


def _arm(arm: Arm) -> dict[str, Any]:
    told = approved(arm)
    drawn = None
    if arm.approval is not None:
        drawn = interval(arm.low, arm.approval, arm.high, scale=SHARES, told=f"Approval {told}")
    return {"arm": arm, "told": told, "drawn": drawn}
