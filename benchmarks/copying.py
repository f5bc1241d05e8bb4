"""`python -m benchmarks.copying --mib 1024`: what a backup takes, and what turns pay for it while they go on.

A database of that size is filled; then reactions come in by webhook, 500 a second, each acknowledged once it is
durable. For some seconds nothing else happens, then `polar db backup` runs, as a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import kept, starting
from benchmarks.bots import polar
from benchmarks.caller import Calls
from benchmarks.machine import described, fsync_ms
from benchmarks.processes import Process
from benchmarks.stage import Stage
from benchmarks.telegram import Feed
from benchmarks.webhook import SECRET, free_port
from bot.home import ROOT

BYTES_A_ROW = 733
"""Of the database, for each row of `starting.fill`."""
CONNECTIONS = 32
NOBODY = "http://127.0.0.1:9"


@contextmanager
def _called(stage: Stage, port: int, per_second: int, seconds: float) -> Iterator[Process]:
    updates = round(per_second * seconds)
    calls = Calls(
        port=port,
        secret=SECRET,
        connections=CONNECTIONS,
        updates=updates,
        first=stage.first_of(updates),
        per_second=per_second,
    )
    with Process([sys.executable, "-m", "benchmarks.caller", json.dumps(asdict(calls))], stage.log()) as caller:
        yield caller


def _backup(database: Path, to: Path) -> dict[str, Any]:
    command = polar(NOBODY, database, {}, "bot", "db", "backup", str(to), "--json")
    done = subprocess.run(command.arguments, env=command.environment, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def main(
    mib: Annotated[int, typer.Option(min=1, help="The size of the database.")] = 200,
    per_second: Annotated[int, typer.Option(min=1, help="Turns a second.")] = 500,
    quiet_s: Annotated[float, typer.Option(min=1, help="For which they go on without a backup.")] = 5,
    folder: Annotated[Path, typer.Option(help="Where it is made; on a disk.")] = ROOT / ".bench",
) -> None:
    """Print two tables: of the backup, and of the turns without it and beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.resolve(), prefix="bench-") as place:
        stage = Stage(Path(place))
        database, port = stage.database(), free_port()
        starting.migrate(stage, database)
        starting.fill(database, mib * 1_048_576 // BYTES_A_ROW)
        disk = described(stage.folder, fsync_ms(stage.folder, 0.01))
        alone = _backup(database, stage.folder / "alone")
        settings = {
            "responder": "none",
            "webhook_url": "https://localhost/hook",
            "webhook_listen": f"127.0.0.1:{port}",
            "webhook_secret": SECRET,
        }
        with stage.telegram(Feed()) as (api, server), stage.bot(polar(api, database, settings)) as bot:
            server.expect("webhook", bot)
            with _called(stage, port, per_second, quiet_s) as caller:
                quiet = caller.expect("called", bot)
            # As long as the backup goes on: at its end what was not given yet is not missed.
            seconds = max(quiet_s, 1.5 * alone["seconds"])
            with _called(stage, port, per_second, seconds) as caller:
                time.sleep(0.5)
                beside = _backup(database, stage.folder / "beside")
                busy = caller.expect("called", bot)
            while kept.waiting(database):
                time.sleep(0.1)
        _show(disk, {"no bot": alone, "beside the turns": beside}, {"without a backup": quiet, "beside one": busy})


def _show(disk: str, backups: dict[str, dict[str, Any]], turns: dict[str, dict[str, Any]]) -> None:
    made = Table("backup", "MiB", "s", "the log grew by, MiB", caption=disk)
    for name, facts in backups.items():
        sizes = (facts["bytes"] / 1_048_576, facts["seconds"], facts["logGrewBytes"] / 1_048_576)
        made.add_row(name, *(f"{size:,.1f}" for size in sizes))
    Console().print(made)
    given = Table("turns", "a second", "ms until durable, median", "99 of 100", "longest")
    for name, facts in turns.items():
        given.add_row(name, *(f"{facts[key]:,.1f}" for key in ("speed", "median_ms", "p99_ms", "longest_ms")))
    Console().print(given)


if __name__ == "__main__":
    typer.run(main)
