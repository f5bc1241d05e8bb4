"""What a peer is told on its command line, and how it tells that it is done."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass

TOKEN = "1000000001:BENCHMARK-TOKEN"  # noqa: S105 - of a bot that nobody has
ANSWER = "An answer about as long as what a bot says by itself, when somebody has written to it in one go."


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """The server, how many updates come, and what to do with them."""

    api: str
    updates: int
    is_answering: bool = False
    at_once: int = 1
    """Updates that are handled at the same time."""
    database: str = ""
    """Where each update is kept; empty for nowhere."""


def given() -> Task:
    """The task of this process."""
    return Task(**json.loads(sys.argv[1]))


class Count:
    """Counts what is handled, and prints the monotonic nanoseconds at which all was."""

    def __init__(self, updates: int) -> None:
        self._left = updates

    def one(self) -> None:
        """One more is handled."""
        self._left -= 1
        if self._left == 0:
            print(json.dumps(["handled", time.monotonic_ns()]), flush=True)
