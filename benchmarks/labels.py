"""`python -m benchmarks.labels`: `polar feedback labels` over a large ledger, as a process.

Three of four events are on answers of two parts in 1,000 chats, the others on what no responder made, so that what is
left out costs too. Told is the time by the clock and by the processor, which a busy machine stretches less.
"""

from __future__ import annotations

import os
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

from bot.home import ROOT
from bot.settings import environment
from storage.sqlite import opening

CHATS, PEOPLE = 1_000, 5_000
FIRST_MS, EVERY_MS = 1_760_000_000_000, 20_000
ORIGIN = '{"responder":"openai","model":"m","personality":"0123456789abcdef","usd":0.001}'
EMOJI = {"👍": "positive", "🔥": "positive", "👎": "negative", "👀": "neutral"}
_ANSWERS = """
WITH RECURSIVE n (x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n WHERE x < :answers - 1),
  part (p) AS (VALUES (0), (1), (2))
INSERT INTO polar_messages (sessionId, messageId, role, telegramMessageId, threadKey, userId, text, origin, deliveryId,
  answersMessageId, createdAtMs)
SELECT 'telegram:chat:' || (1 + x % :chats), iif(p, 'msg_a_', 'msg_u_') || (3 * x + p), iif(p, 'assistant', 'user'),
  3 * x + p, 'root:' || (1 + x % :chats), iif(p, NULL, CAST(x % :people AS TEXT)), 'as long as what people write',
  iif(p, :origin, NULL), iif(p, x || ':' || p, NULL), iif(p, 3 * x, NULL), :first
FROM n JOIN part
"""


def measure(
    events: Annotated[int, typer.Option(min=1000, help="Rows of the ledger.")] = 1_000_000,
    folder: Annotated[Path, typer.Option(help="Where the database is made; on a disk.")] = ROOT / ".bench",
) -> None:
    """Print events and lines a second, and peak memory, for the whole ledger and for a tenth of it."""
    folder.mkdir(parents=True, exist_ok=True)
    for count in (events // 10, events):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            database, out = Path(place) / "polar-system.db", Path(place) / "labels.jsonl"
            _fill(database, count)
            seconds, used, peak_mib = _run(database, out)
            lines = sum(1 for _ in out.open(encoding="utf-8"))
        Console().print(
            f"{count:,} events, {lines:,} lines: {seconds:.1f} s, {used:.1f} s of a processor, "
            f"{count / used:,.0f} events a second of that; at most {peak_mib:.0f} MiB",
            highlight=False,
        )


def _run(database: Path, out: Path) -> tuple[float, float, float]:
    """Seconds by the clock and of a processor, and the most memory in MiB."""
    command = [sys.executable, "-m", "bot", "feedback", "labels", f"--out={out}"]
    settings = environment(os.environ, {"database": database})
    begun = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=settings, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"the command ended with {status}")
    return time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def _fill(database: Path, events: int) -> None:
    """An answer for each four events, which are on it and on its question."""
    opening.prepare(database, FIRST_MS)[0].close()
    answers = max(1, events // 4)
    with closing(sqlite3.connect(database)) as connection, connection:
        values = {"answers": answers, "chats": CHATS, "people": PEOPLE, "origin": ORIGIN, "first": FIRST_MS}
        connection.execute(_ANSWERS, values)
        connection.executemany(
            "INSERT INTO polar_feedback_events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _rows(events, answers)
        )


def _rows(events: int, answers: int) -> Iterator[tuple[Any, ...]]:
    chance = random.Random(1)
    for number in range(events):
        answer = chance.randrange(answers)
        part, emoji = chance.randrange(4) % 3, chance.choice(list(EMOJI))
        message = f"{'msg_a_' if part else 'msg_u_'}{3 * answer + part}"
        kind = "reaction_added" if number % 7 else "reaction_removed"
        payload = (
            f'{{"actor":"{chance.randrange(PEOPLE)}","via":"reaction","place":[{number},0],"producedBy":{ORIGIN}}}'
        )
        session = f"telegram:chat:{1 + answer % CHATS}"
        yield f"e{number}", kind, session, message, emoji, EMOJI[emoji], payload, FIRST_MS + 1 + number * EVERY_MS


if __name__ == "__main__":
    typer.run(measure)
