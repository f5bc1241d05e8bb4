"""How many reactions a second the bot records, next to a bare PTB bot that only counts them.

Every case gets the same updates from a Bot API server on loopback, each in fresh processes, the cases in turn
within a round. Time runs from the first answered getUpdates until the last update is handled (for the bot of
ours: until its rows are committed, `synchronous=FULL`).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.subject import Case, Result

CHECKOUT = Path(__file__).resolve().parent.parent
FIRST_ID = 500_000_000
MEMORY_UPDATES, MEMORY_MESSAGE_PERCENT = 100_000, 10
TIME_LIMIT_S = 600
BARE, POLAR, PAIRING = "bare PTB, counts only", "Polar, records", "Polar, records, access=pairing"


class CaseFailed(Exception):
    """A bot did not come to its end; the message is the end of its log."""


class Bench:
    """Runs cases one after another, each with update ids that were never used before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runs = 0

    def run(self, bot: Any, updates: int, *, message_percent: int = 0, sampled: bool = False, **settings: Any) -> Run:
        """One bot, from its start to its end."""
        self._runs += 1
        first = FIRST_ID + self._runs * updates
        with serving(updates, first, message_percent) as (port, server):
            case = Case(
                bot=bot,
                api=f"http://127.0.0.1:{port}",
                updates=updates,
                messages=updates * message_percent // 100,
                database=str(self._folder / f"run-{self._runs}.db"),
                settings=settings,
                sampled=sampled,
            )
            result = self._subject(case)
            assert server.stdout is not None
            started_ns = int(server.stdout.readline())
        for path in self._folder.glob(f"run-{self._runs}.db*"):
            path.unlink()
        return Run(updates / (result.finished_ns - started_ns) * 1e9, result)

    def _subject(self, case: Case) -> Result:
        log = self._folder / f"run-{self._runs}.log"
        with log.open("w") as stderr:
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.subject", json.dumps(asdict(case))],
                cwd=CHECKOUT,
                stdout=subprocess.PIPE,
                stderr=stderr,
                timeout=TIME_LIMIT_S,
                check=False,
            )
        if done.returncode != 0:
            raise CaseFailed(log.read_text()[-3000:])
        log.unlink()
        return Result(**json.loads(done.stdout))


class Run:
    """A finished case: updates a second, and what its process tells."""

    def __init__(self, speed: float, result: Result) -> None:
        self.speed = speed
        self.result = result


@contextmanager
def serving(updates: int, first: int, message_percent: int) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A server with so many updates, as its port and its process."""
    arguments = [str(updates), str(first), str(message_percent)]
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.telegram", *arguments], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        yield int(server.stdout.readline()), server
    finally:
        server.kill()
        server.communicate()


def compare(bench: Bench, updates: int, rounds: int) -> dict[str, Any]:
    """All cases in each round, every second round the other way round."""
    plan: list[tuple[str, str, dict[str, Any]]] = [
        (BARE, "bare", {}),
        (POLAR, "polar", {}),
        (PAIRING, "polar", {"access": "pairing"}),
    ]
    speeds: dict[str, list[float]] = {name: [] for name, _, _ in plan}
    peaks: dict[str, list[int]] = {name: [] for name, _, _ in plan}
    for number in range(rounds):
        for name, bot, settings in plan if number % 2 == 0 else reversed(plan):
            run = bench.run(bot, updates, **settings)
            speeds[name].append(run.speed)
            peaks[name].append(run.result.peak_kib)
    ratios = {name: [own / bare for own, bare in zip(speeds[name], speeds[BARE], strict=True)] for name in speeds}
    return {"updates": updates, "speeds": speeds, "ratios": ratios, "peak_kib": peaks}


def print_comparison(console: Console, found: dict[str, Any]) -> None:
    """A row a round, then what they come to; beside each speed its ratio to the bare bot's in the same round."""
    speeds, ratios = found["speeds"], found["ratios"]
    table = Table(
        "round", title=f"updates a second, and the ratio to bare; {found['updates']:,} reactions in 256 chats"
    )
    for name in speeds:
        table.add_column(name, justify="right")
    for number in range(len(speeds[BARE])):
        table.add_row(str(number + 1), *(_cell(speeds[n][number], ratios[n][number], n) for n in speeds))
    table.add_section()
    for name, pick in (("median", median), ("min", min), ("max", max)):
        table.add_row(name, *(_cell(pick(speeds[n]), pick(ratios[n]), n) for n in speeds), style="bold")
    table.add_section()
    table.add_row("peak MiB", *(f"{max(peaks) / 1024:.0f}" for peaks in found["peak_kib"].values()))
    console.print(table)


def _cell(speed: float, ratio: float, name: str) -> str:
    return f"{speed:,.0f}" if name == BARE else f"{speed:,.0f}  {ratio:.2f}"


def measure_memory(bench: Bench) -> dict[str, Any]:
    """The bot's memory over a long run of reactions with messages between them."""
    # Nobody is held back for writing much: the messages of an hour come in half a minute.
    run = bench.run(
        "polar", MEMORY_UPDATES, message_percent=MEMORY_MESSAGE_PERCENT, rate_limit_per_minute=MEMORY_UPDATES
    )
    return {
        "updates": MEMORY_UPDATES,
        "message_percent": MEMORY_MESSAGE_PERCENT,
        "speed": run.speed,
        "resident_kib": run.result.resident_kib,
        "peak_kib": run.result.peak_kib,
    }


def print_memory(console: Console, found: dict[str, Any]) -> None:
    """One line."""
    title = f"memory over {found['updates']:,} updates, {found['message_percent']} % of them messages"
    table = Table("updates a second", "resident at the end, MiB", "peak, MiB", title=title)
    table.add_row(f"{found['speed']:,.0f}", *(f"{found[key] / 1024:.1f}" for key in ("resident_kib", "peak_kib")))
    console.print(table)


def measure_profile(bench: Bench, updates: int) -> dict[str, Any]:
    """Where the bot's time goes; being looked at slows it by some percent."""
    run = bench.run("polar", updates, sampled=True)
    assert run.result.profile is not None
    return {"updates": updates, "speed": run.speed, **run.result.profile}


def print_profile(console: Console, found: dict[str, Any]) -> None:
    """By area, by function, by thread."""
    total = sum(found["areas"].values())
    table = Table(
        "event loop, by area", title=f"{found['samples']:,} samples at {found['speed']:,.0f} updates a second"
    )
    for heading in ("µs an update", "share"):
        table.add_column(heading, justify="right")
    for area, each_us in found["areas"].items():
        table.add_row(area, f"{each_us:.1f}", f"{each_us / total:.1%}")
    table.add_section()
    table.add_row("garbage collection, within these", f"{found['collecting_us']:.1f}")
    console.print(table)
    for heading, key in (("function", "functions"), ("CPU time of a thread", "threads")):
        table = Table(heading)
        table.add_column("µs an update", justify="right")
        for name, each_us in found[key].items():
            table.add_row(name, f"{each_us:.1f}")
        console.print(table)


def main(
    updates: Annotated[int, typer.Option(min=1000, help="Reactions a case.")] = 20_000,
    rounds: Annotated[int, typer.Option(min=1, help="How often each case runs.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    profile: Annotated[bool, typer.Option("--profile", help="Show where the bot's time goes instead.")] = False,
    memory: Annotated[bool, typer.Option("--memory", help="Show the bot's memory over 100,000 updates.")] = False,
    folder: Annotated[Path, typer.Option(help="Where databases are made; on a disk.")] = CHECKOUT / ".bench",
) -> None:
    """Compare the bot with a bare PTB bot."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="bench-") as temporary:
        bench = Bench(Path(temporary))
        if profile:
            found, show = measure_profile(bench, updates), print_profile
        elif memory:
            found, show = measure_memory(bench), print_memory
        else:
            found, show = compare(bench, updates, rounds), print_comparison
    if as_json:
        print(json.dumps(found))
    else:
        show(Console(), found)


if __name__ == "__main__":
    typer.run(main)
