"""`polar spend`: what calls of models have cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from bot.cli import rows
from bot.cli.days import Since, day
from bot.cli.facts import AsJson, printable, to_json
from bot.cli.progress import telling
from middleware.budget import dollars
from storage.views.spend import WAYS, By, Spend
from storage.views.spend import spend as spent

HEADINGS = ("calls", "unanswered", "tokens in", "tokens out", "US dollars")
GAP = "  "


def spend(
    by: Annotated[str, typer.Option("--by", metavar="|".join(WAYS), help="What a line is.")] = "day",
    since: Since = "",
    as_json: AsJson = False,
) -> None:
    """Tell what calls of models have cost, with a budget or without one."""
    way, first = _way(by), day(since)
    with rows.database() as database, telling("adding up"):
        lines = database.ask(spent(database, way, since=first))
    if as_json:
        typer.echo(to_json([_described(line, way) for line in lines]))
    elif lines:
        typer.echo("\n".join(_table(lines, way)))
    else:
        typer.echo("no model was called" + (f" since {first}" if first else ""))


def _way(written: str) -> By:
    for way in WAYS:
        if written == way:
            return way
    raise typer.BadParameter(f"--by: expected {', '.join(WAYS)} (found {written!r:.80})")


def _described(line: Spend, way: By) -> dict[str, object]:
    return {
        way: line.name,
        "calls": line.calls,
        "unanswered": line.unanswered,
        "unpriced": line.unpriced,
        "inputTokens": line.input_tokens,
        "outputTokens": line.output_tokens,
        "usd": line.usd,
        "latencyMs": line.latency_ms,
    }


def _table(lines: Sequence[Spend], way: By) -> list[str]:
    """A line each, and one for all of them; numbers end below each other."""
    table = [(way, *HEADINGS), *map(_cells, lines)]
    if len(lines) > 1:
        table.append(_cells(_sum(lines)))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    told = [
        GAP.join(
            (row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)))
        )
        for row in table
    ]
    every = _sum(lines)
    if every.unpriced:
        told.append(f"Price unknown, and counted as nothing: {every.unpriced:,} of {every.calls:,} calls.")
    return told


def _cells(line: Spend) -> tuple[str, ...]:
    counts = (line.calls, line.unanswered, line.input_tokens, line.output_tokens)
    return printable(line.name) or "none", *(f"{count:,}" for count in counts), _usd(line)


def _usd(line: Spend) -> str:
    """With a mark where it is not the whole."""
    return f"{dollars(line.usd)}{'+' if line.unpriced else ''}"


def _sum(lines: Sequence[Spend]) -> Spend:
    return Spend(
        name="all",
        calls=sum(line.calls for line in lines),
        unanswered=sum(line.unanswered for line in lines),
        unpriced=sum(line.unpriced for line in lines),
        input_tokens=sum(line.input_tokens for line in lines),
        output_tokens=sum(line.output_tokens for line in lines),
        usd=round(sum(line.usd for line in lines), 9),
        latency_ms=sum(line.latency_ms for line in lines),
    )
