"""`make bench`: Polar beside bots that keep nothing, and with `--all` whatever else the page of performance tells."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.console import Console

from benchmarks import backlog, engines, markdown, memories, merging, page, phrases, resident, starting, webhook
from benchmarks.bots import PEERS
from benchmarks.machine import Others, described, fsync_ms, today
from benchmarks.page import PAGE, Section
from benchmarks.stage import Stage
from benchmarks.workloads import IDLE_GAP_S, WORKLOADS, compare, section
from bot.home import ROOT


class Measurement(NamedTuple):
    """One of Polar alone, which gives one section of the page."""

    name: str
    title: str
    measure: Callable[[Stage], Section]


FURTHER = (
    Measurement("postgres", "On PostgreSQL", engines.measure),
    Measurement("merging", "With a merge window", merging.measure),
    Measurement("webhook", "By webhook", webhook.measure),
    Measurement("backlog", "While answers wait", backlog.measure),
    Measurement("starting", "Until it is ready", starting.measure),
    Measurement("memories", "Memories", memories.measure),
    Measurement("markdown", "Markdown", markdown.measure),
    Measurement("phrases", "Times in words", phrases.measure),
    Measurement("resident", "Memory of the process", resident.measure),
)
NAMES = tuple(measurement.name for measurement in (*WORKLOADS, *FURTHER))
TITLES = tuple(measurement.title for measurement in (*WORKLOADS, *FURTHER))


def main(
    everything: Annotated[
        bool, typer.Option("--all", help="All measurements; the first four are made anyway.")
    ] = False,
    only: Annotated[list[str] | None, typer.Option(help=f"Any of {', '.join(NAMES)}, instead.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each bot gets each workload.")] = 3,
    server: Annotated[
        str | None, typer.Option(help="The address of a PostgreSQL in which databases may be made, for postgres.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where databases are made; on a disk.")] = ROOT / ".bench",
    to: Annotated[Path, typer.Option(help="The page that is made anew.")] = PAGE,
) -> None:
    """Measure, show what was found, and write it into docs/reference/performance.md."""
    names = only or (NAMES if everything else [workload.name for workload in WORKLOADS])
    if server is None:
        names = [name for name in names if name != "postgres" or only]
    if unknown := {*names} - {*NAMES}:
        raise typer.BadParameter(f"unknown: {', '.join(sorted(unknown))}", param_hint="--only")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.resolve(), prefix="bench-") as place:
        for title, found, note in _measured(Stage(Path(place), server), names, rounds):
            Console().print(found.table(title))
            # At once, so that a later failure loses nothing.
            former = to.read_text(encoding="utf-8") if to.exists() else ""
            to.write_text(page.written(former, {title: found.markdown(note)}, TITLES), encoding="utf-8")


def _measured(stage: Stage, names: Collection[str], rounds: int) -> Iterator[tuple[str, Section, str]]:
    """Each section with its title, and when and where it was measured."""
    workloads = [workload for workload in WORKLOADS if workload.name in names]
    if workloads and not PEERS.exists():
        raise typer.BadParameter("the peers are not there; `make bench` makes their environment")
    others = Others()
    compared = compare(stage, workloads, rounds, lambda line: print(line, file=sys.stderr))
    for workload, (speeds, fsync) in compared.items():
        yield workload.title, section(workload, speeds, fsync), _note(stage, others, fsync, f" in {rounds} rounds")
    for further in FURTHER:
        if further.name in names:
            fsync, others = fsync_ms(stage.folder, IDLE_GAP_S), Others()
            yield further.title, further.measure(stage), _note(stage, others, fsync)


def _note(stage: Stage, others: Others, fsync: float, how: str = "") -> str:
    return f"Measured on {today()}{how}: {described(stage.folder, fsync)}. {others.told()}"


if __name__ == "__main__":
    typer.run(main)
