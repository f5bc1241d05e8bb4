"""Where bots play: each in a process of its own, against a Telegram of its own, in a folder that goes in the end."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.bots import Command, polar
from benchmarks.processes import Process
from benchmarks.telegram import Feed

FIRST_ID = 500_000_000
"""Update ids begin there, and none is given twice."""


class Stage:
    """Makes places for databases and logs, and starts processes."""

    def __init__(self, folder: Path, server: str | None = None) -> None:
        self.folder = folder
        self.server = server
        """A PostgreSQL in which databases may be made, by the address of one that is there."""
        self._number = 0
        self._next_id = FIRST_ID

    def first_of(self, updates: int) -> int:
        """The first of so many update ids."""
        first = self._next_id
        self._next_id += updates
        return first

    def database(self) -> Path:
        """A place for one."""
        return self._path("db")

    def log(self) -> Path:
        """A place for one."""
        return self._path("log")

    def discard(self, database: Path) -> None:
        """Give its space back."""
        for path in database.parent.glob(f"{database.name}*"):
            path.unlink()

    def _path(self, ending: str) -> Path:
        self._number += 1
        return self.folder / f"{self._number}.{ending}"

    @contextmanager
    def telegram(self, feed: Feed) -> Iterator[tuple[str, Process]]:
        """A server, as its address and its process."""
        command = [sys.executable, "-m", "benchmarks.telegram", json.dumps(asdict(feed))]
        with Process(command, self.log()) as server:
            yield f"http://127.0.0.1:{server.expect('port')}", server

    @contextmanager
    def bot(self, command: Command) -> Iterator[Process]:
        """A bot."""
        log = self.log()
        with Process(command.arguments, log, command.environment, command.patience_s) as bot:
            yield bot
        log.unlink()

    @contextmanager
    def idle(self, database: Path, **settings: Any) -> Iterator[tuple[Process, Process]]:
        """Polar, started and waiting, as its Telegram's process and its own."""
        feed = Feed(first=self.first_of(1_000_000))
        with self.telegram(feed) as (api, server), self.bot(polar(api, database, settings)) as bot:
            server.expect("polled", bot)
            yield server, bot
