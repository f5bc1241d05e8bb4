"""How soon control is handled while 100,000 answers wait, and how long the loop stands still.

A bot with a responder that takes half a minute gets texts as after an outage; then somebody else sends /ping and
reacts. Once as soon as all have come in, and once more after a restart, when all of them wait.
"""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks import kept
from benchmarks.bots import UNLIMITED, polar
from benchmarks.page import Section
from benchmarks.processes import Process
from benchmarks.stage import Stage
from benchmarks.telegram import Feed

WAITING, CHATS = 100_000, 2_000
ASKING = 1_000_000
"""Whose command and reaction are waited for."""
SETTLE_S = 1
SETTINGS = {
    "responder": "benchmarks.slow:Slow",
    "merge_window_ms": 0,
    "rate_limit_per_minute": UNLIMITED,
    "shutdown_seconds": 0,
}
Figures = dict[str, float]


def measure(stage: Stage) -> Section:
    """As a section."""
    database = stage.database()
    first = stage.first_of(WAITING + 10)
    rows = []
    feed = Feed(updates=WAITING, first=first, texts_percent=100, chats=CHATS)
    with stage.telegram(feed) as (api, server):
        for is_restart in (False, True):
            command = polar(api, database, SETTINGS, "benchmarks.watched", "stalls")
            with stage.bot(command) as bot:
                server.expect("polled" if is_restart else "confirmed", bot)
                figures: Figures = {"waiting": kept.waiting(database)}
                figures |= _ask(server, bot, database, first + WAITING + (2 if is_restart else 0))
                time.sleep(SETTLE_S)
                bot.stop()
                figures |= bot.left_behind("stalls")
            rows.append(["after a restart" if is_restart else "as they come in", *_cells(figures)])
    stage.discard(database)
    return Section(
        words=f"{WAITING:,} texts in {CHATS:,} chats, a responder that takes half a minute, and then somebody else's "
        "/ping and reaction: milliseconds until the answer to /ping is sent, until the reaction's rows are committed, "
        "for which the event loop stood still at most, and for which it was itself at work in one go.",
        headings=["", "waiting", "/ping", "a reaction", "longest stall", "longest work"],
        rows=rows,
    )


def _ask(server: Process, bot: Process, database: Path, next_id: int) -> Figures:
    server.tell({"text": "/ping", "chat": ASKING})
    given_ns = server.expect("given", bot)
    ping_ms = (server.expect("reply", bot) - given_ns) / 1e6
    server.tell({"chat": ASKING})
    given_ns = server.expect("given", bot)
    return {"ping_ms": ping_ms, "reaction_ms": (kept.one_finished_ns(database, next_id + 1, bot) - given_ns) / 1e6}


def _cells(figures: Figures) -> list[str]:
    times = (figures[name] for name in ("ping_ms", "reaction_ms", "longest_ms", "busiest_ms"))
    return [f"{figures['waiting']:,.0f}", *(f"{time_ms:,.1f}" for time_ms in times)]
