"""`/compare`: which model, personality or automation people like better, as far as that can be told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from storage.views.comparison import WAYS, Compared, ComparedBy, compare, ratings_ever
from storage.views.experiments import EndedExperiment
from teaching.assignment import CONTROL
from teaching.comparisons import Contender, Difference
from teaching.findings import BY_HARM
from teaching.findings import found as shown
from teaching.verdicts import Contrast, Judgement
from teaching.wording import ALONE, DRAWN, NOT_WHY, PLACES, UNMET, approval, called, percent, told
from web import formats
from web.clock import now_ms
from web.intervals import DIFFERENCES, SHARES, interval
from web.parameters import address, choice
from web.rendering import page as rendered

SPANS = ("30", "90", "365")
"""Days that may be asked for; the first is shown unasked."""
MAX_ROWS = 20
TONES = {"better": "ok", "worse": "bad"}
MOST_SHOWN = 60
MOST_RATINGS = 100_000
"""More take longer than anybody waits for a page."""


async def page(request: Request) -> Response:
    """Of answers of the last `days` UTC days; raises HTTPException 400 for what WAYS and SPANS have not."""
    readers = request.app.state.readers
    by: ComparedBy = next((way for way in WAYS if way == choice(request, "by", WAYS)), WAYS[0])
    span = choice(request, "days", SPANS) or SPANS[0]
    at_ms = now_ms()
    since = formats.days_back(at_ms, int(span))[0]
    ratings = await ratings_ever(readers)
    found = await compare(readers, by, since=since, now_ms=at_ms) if ratings <= MOST_RATINGS else None
    return rendered(
        request,
        "compare.html",
        by=by,
        ways=[{"label": f"By {way}", "href": address(request, by=way), "chosen": way == by} for way in WAYS],
        spans=[{"label": f"{one} days", "href": address(request, days=one), "chosen": one == span} for one in SPANS],
        ratings=ratings,
        command=f"polar feedback compare --by {by} --since {since}",
        meaning=DRAWN if by == "variant" else NOT_WHY,
        alone=ALONE,
        **_shown(found, by),
    )


def _shown(found: Compared | None, by: ComparedBy) -> dict[str, Any]:
    """The first MAX_ROWS sides, how each differs from the first, and what is not in it; None where it is too much."""
    if found is None:
        return {"sides": None, "differences": [], "unmet": "", "hidden": 0, "dropped": []}
    sides = found.comparison.sides[:MAX_ROWS]
    names = {side.name for side in sides}
    unmet = [] if by == "variant" else found.comparison.unmet  # nobody is to meet two variants
    return {
        "sides": [_side(side, found) for side in sides],
        "differences": [
            *(_difference(one, found) for one in found.comparison.differences if one.name in names),
            *(one for name, ended in found.ended.items() for one in _verdict(name, ended)),
        ],
        "unmet": _unmet(sides[0].name, [name for name in unmet if name in names]) if sides else "",
        "hidden": len(found.comparison.sides) - len(sides),
        "dropped": list(found.dropped.lines()),
    }


def _unmet(first: str, names: Sequence[str]) -> str:
    others = ", ".join(called(name)[:MOST_SHOWN] for name in names)
    return UNMET.format(first=called(first)[:MOST_SHOWN], others=others) if names else ""


def _side(side: Contender, found: Compared) -> dict[str, Any]:
    drawn = None
    if side.approval is not None and side.low is not None and side.high is not None:
        drawn = interval(side.low, side.approval, side.high, scale=SHARES, told=f"Approval {approval(side)}")
    return {
        "name": called(side.name),
        "about": found.about.get(side.name, ""),
        "answers": side.made.answers,
        "rated": percent(side.share_rated),
        "people": side.people,
        "liked": side.liked,
        "disliked": side.disliked,
        "approval": approval(side),
        "usd": side.usd,
        "milliseconds": side.milliseconds,
        "drawn": drawn,
        "undrawn": "no verdict yet" if side.people else "nobody has rated",
    }


def _verdict(name: str, ended: EndedExperiment) -> Iterator[dict[str, Any]]:
    """Of an experiment that is over: each variant beside its control, as its own page has it."""
    for one in ended.verdict.contrasts:
        yield {
            **contrasted(one, ended.verdict),
            "name": f"{name}/{one.variant}",
            "against": f"{name}/{CONTROL}",
            "about": "",
            "where": "",
            "more": BY_HARM if ended.because == "harm" else "",
        }


def contrasted(contrast: Contrast, verdict: Judgement) -> dict[str, Any]:
    """A variant beside the control, told and drawn."""
    told = shown(contrast, verdict)
    drawn = None
    if contrast.difference is not None and contrast.low is not None and contrast.high is not None:
        tone = TONES.get(contrast.finding, "quiet")
        drawn = interval(contrast.low, contrast.difference, contrast.high, scale=DIFFERENCES, told=told, tone=tone)
    return {"variant": contrast.variant, "told": told, "drawn": drawn}


def _difference(one: Difference, found: Compared) -> dict[str, Any]:
    drawn = None
    if one.mean is not None and one.low is not None and one.high is not None:
        tone = ("ok" if one.mean > 0 else "bad") if one.conclusion == "differs" else "quiet"
        drawn = interval(one.low, one.mean, one.high, scale=DIFFERENCES, told=told(one), tone=tone)
    return {
        "name": called(one.name),
        "against": called(one.against),
        "about": found.about.get(one.name, ""),
        "where": PLACES[one.where],
        "told": told(one),
        "more": "",
        "drawn": drawn,
    }
