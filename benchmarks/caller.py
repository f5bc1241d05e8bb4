"""Calls a webhook as Telegram does: `python -m benchmarks.caller <calls as JSON>` prints what it took.

Each connection stays open, and gives its next update when the one before is acknowledged.
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


async def call(calls: Calls) -> dict[str, float]:
    """Updates a second until the last is acknowledged, and what one takes, in milliseconds."""
    waiting = iter(make_updates(Feed(updates=calls.updates, first=calls.first)))
    took: list[float] = []
    began = time.perf_counter()
    await asyncio.gather(*(_connection(calls, waiting, took) for _ in range(calls.connections)))
    elapsed = time.perf_counter() - began
    return {"speed": calls.updates / elapsed, "median_ms": median(took), "p99_ms": quantiles(took, n=100)[98]}


async def _connection(calls: Calls, waiting: Iterator[bytes], took: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", calls.port)
    head = (
        "POST /hook HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-Telegram-Bot-Api-Secret-Token: {calls.secret}\r\nContent-Length: "
    ).encode()
    for body in waiting:
        began = time.perf_counter()
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
