"""`polar feedback compare`: which model, personality or automation people like better, as far as that can be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer

from bot.cli import rows
from bot.cli.columns import Shown
from bot.cli.days import Since, day
from bot.cli.experiment_facts import judged
from bot.cli.facts import AsJson, Fact, printable, show_table, to_json
from bot.cli.progress import telling
from middleware.budget import dollars
from storage.views.comparison import WAYS, Compared, ComparedBy
from storage.views.comparison import compare as compared
from teaching.assignment import CONTROL
from teaching.comparisons import Contender
from teaching.findings import BY_HARM
from teaching.findings import found as shown
from teaching.wording import ALONE, DRAWN, MISSING, NOT_WHY, PLACES, UNMET, approval, called, percent, told


def compare(
    by: Annotated[str, typer.Option("--by", metavar="|".join(WAYS), help="What is compared.")] = "model",
    since: Since = "",
    as_json: AsJson = False,
) -> None:
    """Compare what people said of answers, by people rather than by messages; where it is too little, that is said.

    The database is only read, so this is safe while the bot runs.
    """
    way, first = _way(by), day(since)
    with rows.database() as database, telling("reading what was said of answers"):
        found = database.ask(compared(database, way, since=first, now_ms=rows.now_ms()))
    if as_json:
        typer.echo(to_json(_facts(found, way, first)))
    else:
        show_table(map(_row, found.comparison.sides, _names(found)), _columns(way), none=_nothing(way, first))
        typer.echo("".join(f"{line}\n" for line in _lines(found, way)), nl=False)


def _way(written: str) -> ComparedBy:
    for way in WAYS:
        if written == way:
            return way
    raise typer.BadParameter(f"--by: expected {', '.join(WAYS)} (found {written!r:.80})")


def _nothing(way: ComparedBy, first: str) -> str:
    return f"there is no {way} to compare" + (f" since {first}" if first else "")


def _columns(way: ComparedBy) -> tuple[Shown, ...]:
    return (
        Shown("name", way, gives_way=True),
        Shown("answers", "answers", "{:,}".format, is_number=True),
        Shown("rated", "rated", is_number=True),
        Shown("people", "people", "{:,}".format, is_number=True),
        Shown("liked", "👍", "{:,}".format, is_number=True),
        Shown("disliked", "👎", "{:,}".format, is_number=True),
        Shown("approval", "approval", is_number=True),
        Shown("usd", "an answer cost", is_number=True, may_go=True),
        Shown("took", "and took", is_number=True, may_go=True),
    )


def _names(found: Compared) -> Iterator[str]:
    for side in found.comparison.sides:
        yield _named(found, side.name)


def _named(found: Compared, name: str) -> str:
    """With what more is known of it, in a few words."""
    about = found.about.get(name)
    return called(name) if about is None else f"{called(name)} ({about:.40})"


def _row(side: Contender, name: str) -> Fact:
    return {
        "name": name,
        "answers": side.made.answers,
        "rated": percent(side.share_rated),
        "people": side.people,
        "liked": side.liked,
        "disliked": side.disliked,
        "approval": approval(side),
        "usd": MISSING if side.usd is None else dollars(side.usd),
        "took": MISSING if side.milliseconds is None else f"{side.milliseconds / 1000:.1f} s",
    }


def _lines(found: Compared, way: ComparedBy) -> Iterator[str]:
    """What the table means, and what is not in it."""
    for one in found.comparison.differences:
        named = f"{_named(found, one.name)} beside {_named(found, one.against)}, {PLACES[one.where]}"
        yield f"\n{printable(named)}:\n  {told(one)}"
    yield from _verdicts(found)
    if way != "variant" and (unmet := found.comparison.unmet):
        first, *others = (_named(found, name) for name in (found.comparison.sides[0].name, *unmet))
        yield f"\n{printable(UNMET.format(first=first, others=', '.join(others)))}"
    if found.comparison.sides:
        meaning = NOT_WHY if found.comparison.differences or found.comparison.unmet else ALONE
        yield f"\n{DRAWN if way == 'variant' else meaning}"
    yield from (f"left out: {count:,} {words}" for count, words in found.dropped.lines())


def _verdicts(found: Compared) -> Iterator[str]:
    """What experiments have shown, in the words of `polar experiments show`."""
    for name, ended in found.ended.items():
        for one in ended.verdict.contrasts:
            yield f"\n{printable(f'{name}/{one.variant} beside {name}/{CONTROL}')}:\n  {shown(one, ended.verdict)}"
        if ended.because == "harm":
            yield f"  {BY_HARM}"


def _facts(found: Compared, way: ComparedBy, first: str) -> Fact:
    return {
        "by": way,
        "since": first,
        "sides": [_side(side, found) for side in found.comparison.sides],
        "differences": [asdict(one) for one in found.comparison.differences],
        "verdicts": {name: judged(ended.verdict) for name, ended in found.ended.items()},
        "dropped": {reason: count for reason, count in sorted(found.dropped.items()) if count},
    }


def _side(side: Contender, found: Compared) -> Fact:
    return {
        "name": side.name,
        "about": found.about.get(side.name, ""),
        "answers": side.made.answers,
        "rated": side.rated,
        "shareRated": side.share_rated,
        "people": side.people,
        "liked": side.liked,
        "disliked": side.disliked,
        "approval": side.approval,
        "low": side.low,
        "high": side.high,
        "usd": side.usd,
        "milliseconds": side.milliseconds,
    }
