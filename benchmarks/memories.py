"""How long a search of one's memories takes, and an answer from them, with 10,000 and with 1,000,000 in the database.

The rows are made in SQL, with an index of an older make, as in a file of an older version: the bot removes that, and
makes one of its own. How long this takes, and how long a text takes meanwhile, is told as well.
`python -m benchmarks.memories --memories 60000` prints the same for another number.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.bots import UNLIMITED
from benchmarks.page import Section
from benchmarks.processes import Process
from benchmarks.stage import Stage
from benchmarks.starting import NOW_MS, migrate
from bot.home import ROOT
from storage import memory_index
from storage.engines import connect_readers
from storage.memory_building import FORMER
from storage.tables.memories import Memories

COUNTS = (10_000, 1_000_000)
EACH = 10_000
"""Memories of one person."""
NOBODY = 999_999
"""Somebody who has none."""
ASKED, GAP_S = 30, 0.04
ASKED_MEANWHILE, BESIDE = 10, 1_000
"""Questions that read through all memories of somebody; texts that are compared, at most."""
GOAL_MS = 30
WORDS = ("garden", "harbour", "ticket", "violin", "cousin", "dentist", "bicycle", "window", "recipe", "lecture")
RECALLING = "Where is the {0} number {2}?"
NOTHING = "Zyx"
QUESTIONS = {
    "/memory search": "/memory search {0} {1}",
    "a question that recalls": RECALLING,
    "a text that recalls nothing": NOTHING,
}
_FILL = """
WITH RECURSIVE n (x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n WHERE x < :count - 1),
  word (i, w) AS (SELECT key, value FROM json_each(:words))
INSERT INTO polar_memory
SELECT 'm' || x, 'telegram:chat:' || (x / :each + 1), CAST(x / :each + 1 AS TEXT), 'session', 'fact',
  json_object('fact', 'the ' || a.w || ' number ' || x || ' is with the ' || b.w), '{}', :now, :now
FROM n JOIN word a ON a.i = x % :kinds JOIN word b ON b.i = x / :kinds % :kinds
"""
_OLDER = """
DROP TABLE polar_memory_fts;
CREATE VIRTUAL TABLE polar_memory_fts USING fts5(
  memoryId UNINDEXED, searchableText, keys, tokenize='porter unicode61');
INSERT INTO polar_memory_fts (memoryId, searchableText, keys)
SELECT memoryId, json_extract(record, '$.fact'), lower(hex(memoryId)) || ' u' || userId FROM polar_memory;
DELETE FROM polar_memory_changes;
"""
_IS_MADE = "SELECT 1 FROM polar_properties WHERE name = ?"


@dataclass(frozen=True, slots=True)
class Making:
    """What making the index took: seconds until the former one was gone, and until it was whole; and what it cost."""

    former_s: float
    whole_s: float
    questions: Sequence[float]
    """Milliseconds of those that recall, asked by somebody with memories."""
    beside: Sequence[float]
    """Milliseconds of texts of somebody who has none."""


def measure(stage: Stage, counts: Sequence[int] = COUNTS) -> Section:
    """As a section."""
    found = [_of(stage, count) for count in counts]
    return Section(
        words=f"With so many memories in the database, {EACH:,} of them of whoever asks. Milliseconds until an answer "
        f"is sent, the median of {ASKED} and the longest; a recall by itself, in milliseconds of the processor, "
        f"at most {GOAL_MS} by the goal. Then what it takes to remove an index of an older make and to make one, "
        f"and for a text of somebody without memories meanwhile and afterwards: median, 95 of 100, and the longest.",
        headings=["asked", *(f"{count:,} memories" for count in counts)],
        rows=[[asked, *(each[asked] for each in found)] for asked in found[0]],
    )


def _of(stage: Stage, count: int) -> dict[str, str]:
    database = stage.database()
    migrate(stage, database)
    _fill(database, count)
    before = _mib(database)
    settings = {
        "responder": "local",
        "rate_limit_per_minute": UNLIMITED,
        "send_rate_per_second": UNLIMITED,
        "chat_send_rate_per_second": UNLIMITED,
    }
    with stage.idle(database, **settings) as (server, bot):
        making = _making(server, bot, database)
        without = _asked(server, bot, NOTHING, chat=NOBODY, times=min(BESIDE, len(making.beside)))
        answers = {asked: _told(_asked(server, bot, question)) for asked, question in QUESTIONS.items()}
    answers["a recall by itself"] = _told(asyncio.run(_recalls(database)))
    rows = answers | _made(making, without, count) | {"MiB before, after": f"{before:,}, {_mib(database):,}"}
    stage.discard(database)
    return rows


def _fill(database: Path, count: int) -> None:
    values = {"count": count, "each": EACH, "now": NOW_MS, "kinds": len(WORDS), "words": json.dumps(WORDS)}
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(_FILL, values)
        connection.executescript(_OLDER)


def _mib(database: Path) -> int:
    """What is in use of the file."""
    with closing(sqlite3.connect(database)) as connection:
        names = ("page_count", "freelist_count", "page_size")
        pages, free, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
    return int((pages - free) * size / 2**20)


def _making(server: Process, bot: Process, database: Path) -> Making:
    """Ask until the index is whole."""
    began = time.monotonic()
    former_s = None
    questions: list[float] = []
    beside: list[float] = []
    with closing(sqlite3.connect(database)) as connection:
        while connection.execute(_IS_MADE, (memory_index.BUILDING,)).fetchone():
            beside += _asked(server, bot, NOTHING, chat=NOBODY, times=1)
            if former_s is None and len(questions) < ASKED_MEANWHILE:  # they would take the processor from the making
                questions += _asked(server, bot, RECALLING, times=1)
            if former_s is None and not connection.execute(FORMER).fetchone():
                former_s = time.monotonic() - began
    whole_s = time.monotonic() - began
    return Making(whole_s if former_s is None else former_s, whole_s, questions, beside)


def _made(making: Making, without: Sequence[float], count: int) -> dict[str, str]:
    building_s = max(making.whole_s - making.former_s, 0.001)
    ratios = (_part(making.beside, part) / _part(without, part) for part in (0.5, 0.95, 1))
    return {
        "a question that recalls while the index is made": _told(making.questions),
        "the former index is gone after": f"{making.former_s:,.1f} s",
        "the index is whole after": f"{making.whole_s:,.1f} s",
        "memories a second": f"{count / building_s:,.0f}",
        "a text beside it": _spread(making.beside),
        "a text without it": _spread(without),
        "ratio": " · ".join(f"{ratio:.2f}" for ratio in ratios),
    }


def _asked(server: Process, bot: Process, question: str, *, chat: int = 1, times: int = ASKED) -> list[float]:
    """Milliseconds until each answer is sent."""
    took = []
    for number in range(times):
        time.sleep(GAP_S)
        text = question.format(WORDS[number % len(WORDS)], WORDS[(number + 1) % len(WORDS)], number + EACH // 2)
        server.tell({"text": text, "chat": chat})
        given_ns = server.expect("given", bot)
        took.append((server.expect("reply", bot) - given_ns) / 1e6)
    return took


async def _recalls(database: Path) -> list[float]:
    """Milliseconds of the processor for each, as the bot asks."""
    readers = await connect_readers(database)
    memories, took = Memories(readers), []
    for number in range(ASKED):
        message = RECALLING.format(WORDS[number % len(WORDS)], "", number + EACH // 2)
        began = time.process_time()
        await memories.recall(message, session_id="telegram:chat:1", user_id="1", limit=5)
        took.append((time.process_time() - began) * 1000)
    await readers.close()
    return took


def _told(took: Sequence[float]) -> str:
    return f"{median(took):,.1f}, at most {max(took):,.1f}" if took else ""


def _spread(took: Sequence[float]) -> str:
    return " · ".join(f"{_part(took, part):,.1f}" for part in (0.5, 0.95, 1))


def _part(took: Sequence[float], part: float) -> float:
    """What so much of them is at most."""
    return sorted(took)[min(len(took) - 1, int(part * len(took)))]


def main(
    memories: Annotated[
        list[int] | None, typer.Option(min=1, help="In the database; may be given several times.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where databases are made; on a disk.")] = ROOT / ".bench",
) -> None:
    """Print the section of the page of performance."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.resolve(), prefix="bench-") as place:
        Console(width=120).print(measure(Stage(Path(place)), memories or COUNTS).table("Memories"))


if __name__ == "__main__":
    typer.run(main)
