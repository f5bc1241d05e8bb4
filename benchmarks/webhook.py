"""How many reactions a second come in by webhook, each acknowledged when it is committed."""

from __future__ import annotations

import json
import socket
import sys
from dataclasses import asdict

from benchmarks import kept
from benchmarks.bots import polar
from benchmarks.caller import Calls
from benchmarks.page import Section
from benchmarks.processes import Process
from benchmarks.stage import Stage
from benchmarks.telegram import Feed

UPDATES = {1: 1_000, 16: 5_000, 100: 20_000}
"""By number of connections."""
SECRET = "a-secret-of-the-benchmark"  # noqa: S105 - of a webhook on loopback


def measure(stage: Stage) -> Section:
    """As a section."""
    rows = [[str(connections), *_cells(stage, connections)] for connections in UPDATES]
    return Section(
        words="Reactions, each acknowledged by 200 once it is durable; a connection brings its next one then. Updates "
        "a second until the last is acknowledged, and milliseconds until one is.",
        headings=["connections", "a second", "ms, median", "ms, 99 of 100"],
        rows=rows,
    )


def _cells(stage: Stage, connections: int) -> list[str]:
    database, updates, port = stage.database(), UPDATES[connections], free_port()
    first = stage.first_of(updates)
    settings = {
        "responder": "none",
        "webhook_url": "https://localhost/hook",
        "webhook_listen": f"127.0.0.1:{port}",
        "webhook_secret": SECRET,
    }
    calls = Calls(port=port, secret=SECRET, connections=connections, updates=updates, first=first)
    with stage.telegram(Feed()) as (api, server), stage.bot(polar(api, database, settings)) as bot:
        server.expect("webhook", bot)
        command = [sys.executable, "-m", "benchmarks.caller", json.dumps(asdict(calls))]
        with Process(command, stage.log()) as caller:
            found = caller.expect("called", bot)
        kept.finished_ns(database, first + updates - 1, bot)
    kept.check(database, reactions=updates, texts=0, answers=0)
    stage.discard(database)
    return [f"{found['speed']:,.0f}", f"{found['median_ms']:,.1f}", f"{found['p99_ms']:,.1f}"]


def free_port() -> int:
    """A port of loopback that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
