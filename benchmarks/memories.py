"""How long a search of one's memories takes, and an answer from them, with 10,000 and with 1,000,000 in the database.

The rows are made in SQL, and their index by the bot itself, as for a database of the earlier runtime: how long that
takes, and how long the same questions take meanwhile, is told as well.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from statistics import median

from benchmarks.bots import UNLIMITED
from benchmarks.page import Section
from benchmarks.processes import Process
from benchmarks.stage import Stage
from benchmarks.starting import NOW_MS, migrate

COUNTS = (10_000, 1_000_000)
EACH = 10_000
"""Memories of one person."""
ASKED, GAP_S = 30, 0.04
WORDS = ("garden", "harbour", "ticket", "violin", "cousin", "dentist", "bicycle", "window", "recipe", "lecture")
QUESTIONS = {
    "/memory search": "/memory search {0} {1}",
    "a question that recalls": "Where is the {0} number {2}?",
    "the same while the index is made": "Where is the {0} number {2}?",
    "a text that recalls nothing": "Zyx",
}
MEANWHILE = "the same while the index is made"
MADE = "the index is made in"
_FILL = """
WITH RECURSIVE n (x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n WHERE x < :count - 1),
  word (i, w) AS (SELECT key, value FROM json_each(:words))
INSERT INTO polar_memory
SELECT 'm' || x, 'telegram:chat:' || (x / :each + 1), CAST(x / :each + 1 AS TEXT), 'session', 'fact',
  json_object('fact', 'the ' || a.w || ' number ' || x || ' is with the ' || b.w), '{}', :now, :now
FROM n JOIN word a ON a.i = x % :kinds JOIN word b ON b.i = x / :kinds % :kinds
"""


def measure(stage: Stage) -> Section:
    """As a section."""
    found = {count: _of(stage, count) for count in COUNTS}
    return Section(
        words=f"Milliseconds until the answer is sent, the median of {ASKED} and the longest, with so many memories in "
        f"the database, {EACH:,} of them of whoever asks.",
        headings=["asked", *(f"{count:,} memories" for count in COUNTS)],
        rows=[[asked, *(found[count][asked] for count in COUNTS)] for asked in (*QUESTIONS, MADE)],
    )


def _of(stage: Stage, count: int) -> dict[str, str]:
    database = stage.database()
    migrate(stage, database)
    _fill(database, count)
    settings = {
        "responder": "local",
        "rate_limit_per_minute": UNLIMITED,
        "send_rate_per_second": UNLIMITED,
        "chat_send_rate_per_second": UNLIMITED,
    }
    with stage.idle(database, **settings) as (server, bot):
        began = time.monotonic()
        found = {MEANWHILE: _asked(server, bot, QUESTIONS[MEANWHILE])}
        _wait(database)
        found[MADE] = f"{time.monotonic() - began:,.0f} s"
        found |= {asked: _asked(server, bot, question) for asked, question in QUESTIONS.items() if asked != MEANWHILE}
    stage.discard(database)
    return found


def _fill(database: Path, count: int) -> None:
    values = {"count": count, "each": EACH, "now": NOW_MS, "kinds": len(WORDS), "words": json.dumps(WORDS)}
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(_FILL, values)
        # The bot makes one where there is none.
        connection.execute("DROP TABLE IF EXISTS polar_memory_fts")


def _wait(database: Path) -> None:
    """Until the index is whole."""
    with closing(sqlite3.connect(database)) as connection:
        while connection.execute("SELECT 1 FROM polar_properties WHERE name = 'memory_index_next'").fetchone():
            time.sleep(0.05)


def _asked(server: Process, bot: Process, question: str) -> str:
    took = []
    for number in range(ASKED):
        time.sleep(GAP_S)
        text = question.format(WORDS[number % len(WORDS)], WORDS[(number + 1) % len(WORDS)], number + EACH // 2)
        server.tell({"text": text, "chat": 1})
        given_ns = server.expect("given", bot)
        took.append((server.expect("reply", bot) - given_ns) / 1e6)
    return f"{median(took):,.1f}, at most {max(took):,.1f}"
