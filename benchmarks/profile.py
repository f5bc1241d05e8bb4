"""`python -m benchmarks.profile`: where the bot's time goes, by area, function and thread.

Being looked at slows it down by a tenth.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import kept
from benchmarks.bots import polar
from benchmarks.stage import Stage
from benchmarks.workloads import ANSWERED, REACTIONS, TEXTS, Workload
from bot.home import ROOT

PROFILED = {workload.name: workload for workload in (REACTIONS, TEXTS, ANSWERED)}


def measure(stage: Stage, workload: Workload, updates: int) -> dict[str, Any]:
    """What the bot's process has seen of itself, over all the updates."""
    database, first = stage.database(), stage.first_of(updates)
    feed = replace(workload.feed, updates=updates, first=first)
    command = ("benchmarks.watched", "profile")
    with stage.telegram(feed) as (api, server), stage.bot(polar(api, database, workload.settings, *command)) as bot:
        server.expect("began", bot)
        kept.finished_ns(database, first + updates - 1, bot)
        bot.stop()
        found: dict[str, Any] = bot.left_behind("profile")
    return found


def show(console: Console, found: dict[str, Any], updates: int) -> None:
    """Print it, an update."""
    total = sum(found["areas"].values())
    table = Table("event loop, by area", title=f"{found['samples']:,} samples over {updates:,} updates")
    for heading in ("µs an update", "share"):
        table.add_column(heading, justify="right")
    for area, all_us in found["areas"].items():
        table.add_row(area, f"{all_us / updates:.1f}", f"{all_us / total:.1%}")
    table.add_section()
    table.add_row("garbage collection, within these", f"{found['collecting_us'] / updates:.1f}")
    console.print(table)
    for heading, key in (("function", "functions"), ("CPU time of a thread", "threads")):
        table = Table(heading)
        table.add_column("µs an update", justify="right")
        for name, all_us in found[key].items():
            table.add_row(name, f"{all_us / updates:.1f}")
        console.print(table)


def main(
    updates: Annotated[int, typer.Option(min=1000, help="How many come.")] = 20_000,
    workload: Annotated[str, typer.Option(help=f"One of {', '.join(PROFILED)}.")] = "reactions",
    folder: Annotated[Path, typer.Option(help="Where the database is made; on a disk.")] = ROOT / ".bench",
) -> None:
    """Show where the time goes."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.resolve()) as place:
        found = measure(Stage(Path(place)), PROFILED[workload], updates)
    show(Console(), found, updates)


if __name__ == "__main__":
    typer.run(main)
