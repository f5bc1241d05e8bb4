"""`python -m benchmarks.exports`: the export of a large ledger, as a process, beside the least that could be done.

The least is one query over the events with their messages' texts, in the same order, and a loop that writes each row.
"""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from storage.sqlite import opening

CHECKOUT = Path(__file__).resolve().parent.parent
MESSAGES, CHATS, ACTORS = 100_000, 256, 500
FIRST_MS = 1_760_000_000_000
EVERY_MS = 20_000
EMOJI = {"👍": "positive", "🔥": "positive", "❤": "positive", "👎": "negative", "🤡": "negative", "👀": "neutral"}
TEXT = "Good morning! Here is `what` happened overnight, number {}: nothing at all, and quite a lot of it too."
TYPES = (*("reaction_added",) * 6, "reaction_removed", "command_executed")
# A process's peak is told by the kernel for its program alone; the usual call counts what it was started from.
JOB = """
import runpy, sys
try:
    runpy.run_module("exports", run_name="__main__")
finally:
    status = open("/proc/self/status").read().split()
    print(status[status.index("VmHWM:") + 1], file=sys.stderr)
"""
BARE = """
import sqlite3, sys
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
rows = connection.execute(
    "SELECT e.createdAtMs, e.type, e.emoji, e.sessionId, e.messageId, m.text FROM polar_feedback_events AS e "
    "LEFT JOIN polar_messages AS m ON m.sessionId = e.sessionId "
    "AND m.telegramMessageId = CAST(substr(e.messageId, 7) AS INTEGER) "
    "WHERE e.type <> 'command_executed' ORDER BY e.createdAtMs DESC"
)
with open(sys.argv[2], "w", encoding="utf-8") as file:
    for row in rows:
        file.write(f"- {row[0]} {row[2]} {row[1]} {row[3]} {row[4]} {row[5]}\\n")
"""


def measure(
    events: Annotated[int, typer.Option(min=1000, help="Rows of the ledger.")] = 1_000_000,
    rounds: Annotated[int, typer.Option(min=1, help="How often each runs; the best counts.")] = 3,
    folder: Annotated[Path, typer.Option(help="Where the database is made; on a disk.")] = CHECKOUT / ".bench",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print events a second, peak memory and the ratio to the least."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        database, out = Path(place) / "polar-system.db", Path(place) / "out"
        _fill(database, events)
        bare_s = job_s = float("inf")
        peak_kib = 0
        for number in range(rounds):
            bare_s = min(bare_s, _timed(BARE, database, Path(place) / "bare.txt")[0])
            # A folder of its own: a file that is there already would be compared, and left.
            seconds, told = _timed(JOB, f"--database={database}", f"--out={out}{number}", "--only=reactions", "--json")
            job_s, peak_kib = min(job_s, seconds), max(peak_kib, int(told.stderr))
        facts = json.loads(told.stdout)["REACTIONS.md"]
    found = {
        "events": events,
        "lines": facts["rows"],
        "megabytes": facts["bytes"] / 1e6,
        "seconds": job_s,
        "events_per_second": events / job_s,
        "peak_mib": peak_kib / 1024,
        "bare_seconds": bare_s,
        "ratio_to_bare": job_s / bare_s,
    }
    if as_json:
        print(json.dumps(found))
    else:
        _show(found)


def _timed(code: str, *arguments: object) -> tuple[float, subprocess.CompletedProcess[str]]:
    started = time.perf_counter()
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return time.perf_counter() - started, done


def _fill(path: Path, events: int) -> None:
    opening.prepare(path, 0)[0].close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        # Counting by day is not what is measured, and most of the time that filling would take.
        connection.execute("DROP TRIGGER polar_feedback_events_daily")
        connection.executemany(
            "INSERT INTO polar_messages (sessionId, messageId, role, telegramMessageId, threadKey, text, createdAtMs) "
            "VALUES (?, ?, 'assistant', ?, 'root', ?, ?)",
            (
                (f"telegram:chat:{n % CHATS}", f"msg_a_{n}", n, TEXT.format(n), FIRST_MS + n * EVERY_MS)
                for n in range(MESSAGES)
            ),
        )
        connection.executemany("INSERT INTO polar_feedback_events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _events(events))


def _events(count: int) -> Iterator[tuple[Any, ...]]:
    chance = random.Random(1)
    for n in range(count):
        message, emoji = chance.randrange(MESSAGES), chance.choice(list(EMOJI))
        payload = {"actor": str(1000 + n % ACTORS), "producedBy": {}, "telegramMessageId": message, "updateId": n}
        yield (
            f"{n:032x}",
            chance.choice(TYPES),
            f"telegram:chat:{message % CHATS}",
            f"msg_a_{message}",
            emoji,
            EMOJI[emoji],
            json.dumps(payload, separators=(",", ":")),
            FIRST_MS + n * EVERY_MS,
        )


def _show(found: dict[str, float]) -> None:
    table = Table(title=f"export of {found['events']:,} events, {found['lines']:,} lines, {found['megabytes']:.0f} MB")
    table.add_column("")
    for name in ("seconds", "events a second", "peak MiB", "ratio"):
        table.add_column(name, justify="right")
    bare = found["events"] / found["bare_seconds"]
    table.add_row("a query and a loop", f"{found['bare_seconds']:.1f}", f"{bare:,.0f}", "", "1.0")
    job = f"{found['events_per_second']:,.0f}", f"{found['peak_mib']:.1f}", f"{found['ratio_to_bare']:.1f}"
    table.add_row("polar export", f"{found['seconds']:.1f}", *job)
    Console().print(table)


if __name__ == "__main__":
    typer.run(measure)
