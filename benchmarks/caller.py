"""Calls a webhook as Telegram does: `python -m benchmarks.caller <calls as JSON>` prints what it took.

Each connection stays open, and gives its next update when the one before is acknowledged, or when it is time for it:
what comes late then has waited since.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median, quantiles

from benchmarks.telegram import Feed, make_updates


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Where to, by how many connections, and how many."""

    port: int
    secret: str
    connections: int
    updates: int
    first: int
    per_second: float = 0
    """How many are to come; 0 for as many as are acknowledged."""


async def call(calls: Calls) -> dict[str, float]:
    """Updates a second until the last is acknowledged, and what one takes, in milliseconds."""
    waiting = enumerate(make_updates(Feed(updates=calls.updates, first=calls.first)))
    took: list[float] = []
    began = time.perf_counter()
    await asyncio.gather(*(_connection(calls, waiting, took, began) for _ in range(calls.connections)))
    elapsed = time.perf_counter() - began
    return {
        "speed": calls.updates / elapsed,
        "median_ms": median(took),
        "p99_ms": quantiles(took, n=100)[98],
        "longest_ms": max(took),
    }


async def _connection(calls: Calls, waiting: Iterator[tuple[int, bytes]], took: list[float], started: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", calls.port)
    head = (
        "POST /hook HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-Telegram-Bot-Api-Secret-Token: {calls.secret}\r\nContent-Length: "
    ).encode()
    for number, body in waiting:
        began = time.perf_counter()
        if calls.per_second:
            due = started + number / calls.per_second
            await asyncio.sleep(max(0.0, due - began))
            began = due
        writer.write(b"%b%d\r\n\r\n%b" % (head, len(body), body))
        answer = await reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(answer.decode())
        took.append((time.perf_counter() - began) * 1000)
    writer.close()


def main() -> None:
    """Print what was measured."""
    print(json.dumps(["called", asyncio.run(call(Calls(**json.loads(sys.argv[1]))))]), flush=True)


if __name__ == "__main__":
    main()
