"""How long a comparison takes over a million feedback events, and how much memory: people are kept, events are not.

Each runs in a process of its own over the database that the dashboard is measured with.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.dashboard import CHECKOUT, database
from storage.engines import connect_readers
from storage.views.comparison import ComparedBy, compare

WAYS: tuple[ComparedBy, ...] = ("model", "automation")
"""One side, which 2,000 people have rated; and twenty, each beside the first."""


async def once(path: Path, by: ComparedBy) -> dict[str, float]:
    """Seconds of the processor, which others on the machine leave alone, and MiB of memory before and at the most."""
    readers = await connect_readers(path)
    before, began = _mebibytes(), time.process_time()
    found = await compare(readers, by, now_ms=round(time.time() * 1000))
    took = time.process_time() - began
    await readers.close()
    labels = sum(side.liked + side.disliked for side in found.comparison.sides)
    return {"seconds": took, "labels": labels, "before": before, "most": _mebibytes()}


def _mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(
    count: Annotated[int, typer.Option(min=1000, help="Messages, and feedback events.")] = 1_000_000,
    folder: Annotated[Path, typer.Option(help="Where the database is made; on a disk.")] = CHECKOUT / ".bench",
    by: Annotated[str, typer.Option(help="Only this way, in this process, as JSON.")] = "",
) -> None:
    """Measure comparisons."""
    folder.mkdir(parents=True, exist_ok=True)
    path = database(folder, count)
    for way in WAYS:
        if way == by:
            print(json.dumps(asyncio.run(once(path, way))))
    if by:
        return
    for way in WAYS:
        command = [sys.executable, "-m", "benchmarks.comparing", "--count", str(count), "--folder", str(folder)]
        done = subprocess.run([*command, "--by", way], cwd=CHECKOUT, check=True, capture_output=True, text=True)
        told = json.loads(done.stdout)
        print(
            f"by {way}: {told['seconds']:.1f} s, {count / told['seconds']:,.0f} events a second, "
            f"{told['labels']:,} labels, {told['most']:.0f} MiB at the most, {told['before']:.0f} before"
        )


if __name__ == "__main__":
    typer.run(main)
