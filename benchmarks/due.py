"""`python -m benchmarks.due`: finding what is due, with 100, 10,000 and 100,000 jobs in the database."""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from bot.automations.subject import AutomationSubject
from bot.home import ROOT
from bot.zones import Zones
from storage.database import Database
from storage.statement import Statement
from storage.stores import Stores
from storage.tables.jobs import Job, Jobs
from storage.tables.occurrences import Occurrence, Occurrences

COUNTS = (100, 10_000, 100_000)
NOW_MS = 1_795_000_000_000
DUE = 10
"""Occurrences that are due, whatever the number of jobs."""
LOOKS = 300


def measure(
    folder: Annotated[Path, typer.Option(help="Where databases are made; on a disk.")] = ROOT / ".bench",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the median time of a look, and the time to open such a database and plan what is unplanned."""
    folder.mkdir(parents=True, exist_ok=True)
    results = {count: asyncio.run(_measure(folder, count)) for count in COUNTS}
    base = results[COUNTS[0]]["look_us"]
    if as_json:
        typer.echo(json.dumps(results))
        return
    table = Table("jobs", "a look, µs", f"ratio to {COUNTS[0]} jobs", "open and adopt, ms")
    for count, result in results.items():
        look = result["look_us"]
        table.add_row(f"{count:,}", f"{look:,.0f}", f"{look / base:.2f}", f"{result['start_ms']:,.0f}")
    Console().print(table)


async def _measure(folder: Path, count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        path = Path(place) / "polar-system.db"
        await _fill(path, count)
        started = time.perf_counter()
        database = await Database.open(path, now_ms=NOW_MS)
        stores = Stores(database)
        assert await AutomationSubject(stores, Zones(stores.users, ZoneInfo("UTC"))).list_unplanned() == []
        start_ms = (time.perf_counter() - started) * 1000
        looks = []
        for _ in range(LOOKS):
            before = time.perf_counter()
            due = await stores.occurrences.list_due(now_ms=NOW_MS, limit=64)
            looks.append((time.perf_counter() - before) * 1e6)
            assert len(due) == DUE
        await database.close()
    return {"look_us": statistics.median(looks), "start_ms": start_ms}


async def _fill(path: Path, count: int) -> None:
    database = await Database.open(path, now_ms=NOW_MS)
    statements: list[Statement] = []
    for n in range(count):
        job = Job(
            id=f"job{n:06}",
            owner_user_id="1",
            session_id="telegram:chat:1",
            schedule="DTSTART:20261122T101500Z\nRRULE:FREQ=MINUTELY;INTERVAL=30",
            prompt="tea",
            enabled=True,
        )
        at_ms = NOW_MS - 1 - n if n < DUE else NOW_MS + 60_000 + n
        occurrence = Occurrence(source="automation", subject_id=job.id, at_ms=at_ms, due_ms=at_ms)
        statements += [Jobs.add(job, now_ms=NOW_MS), Occurrences.plan(occurrence, now_ms=NOW_MS)]
    await database.commit(*statements)
    await database.close()


if __name__ == "__main__":
    typer.run(measure)
