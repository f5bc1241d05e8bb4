"""The memory of the bot: as it waits after its start, and over a long run of reactions with texts between them."""

from __future__ import annotations

import time

from benchmarks import kept
from benchmarks.bots import UNLIMITED, polar
from benchmarks.page import Section
from benchmarks.stage import Stage
from benchmarks.telegram import Feed

UPDATES, TEXTS_PERCENT = 100_000, 10
SETTLE_S = 5


def measure(stage: Stage) -> Section:
    """As a section."""
    idle = stage.database()
    with stage.idle(idle, responder="local") as (_, bot):
        time.sleep(SETTLE_S)
        waiting = bot.memory()
    stage.discard(idle)
    database, first = stage.database(), stage.first_of(UPDATES)
    feed = Feed(updates=UPDATES, first=first, texts_percent=TEXTS_PERCENT)
    settings = {"responder": "none", "rate_limit_per_minute": UNLIMITED}
    with stage.telegram(feed) as (api, server), stage.bot(polar(api, database, settings)) as bot:
        server.expect("began", bot)
        kept.finished_ns(database, first + UPDATES - 1, bot)
        worked = bot.memory()
    texts = UPDATES * TEXTS_PERCENT // 100
    kept.check(database, reactions=UPDATES - texts, texts=texts, answers=0)
    stage.discard(database)
    named = (("as it waits, after its start", waiting, 100), (f"after {UPDATES:,} updates", worked, 130))
    return Section(
        words=f"MiB of the one process; a tenth of the {UPDATES:,} updates are texts.",
        headings=["", "resident", "at most", "goal"],
        rows=[
            [words, f"{memory.resident_mib:.0f}", f"{memory.peak_mib:.0f}", f"below {goal}"]
            for words, memory, goal in named
        ],
    )
