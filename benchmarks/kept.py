"""What Polar has committed, read as a second program would, until nothing of it is unfinished."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.processes import TIME_LIMIT_S, Process, ProcessEnded
from storage.location import Location

LOOK_AGAIN_S = 50e-6
"""For each update that is left: a part of what it takes, so that whoever waits looks often only at the very end."""
SOONEST_S, LATEST_S = 0.002, 0.5
_HINT = " INDEXED BY polar_updates_pending"
"""For SQLite alone."""
_UNFINISHED = """
SELECT (SELECT coalesce(max(updateId), 0) FROM polar_updates),
  (SELECT count(*) FROM polar_updates INDEXED BY polar_updates_pending WHERE status = 'pending'),
  (SELECT count(*) FROM polar_delivery_queue WHERE status IN ('pending', 'sending'))
"""
_COUNTS = """
SELECT (SELECT count(*) FROM polar_updates WHERE status = 'done'), (SELECT count(*) FROM polar_feedback_events),
  (SELECT count(*) FROM polar_messages WHERE role = 'user'),
  (SELECT count(*) FROM polar_delivery_queue WHERE status = 'sent')
"""


class Miscounted(Exception):
    """The bot did not record exactly what it was given."""


Ask = Callable[..., Any]
"""Runs a query of the statements' own words, with its parameters if it has any."""


@contextmanager
def _reading(location: Location) -> Iterator[Ask]:
    if isinstance(location, Path):
        with closing(sqlite3.connect(f"{location.as_uri()}?mode=ro", uri=True, isolation_level=None)) as connection:
            yield connection.execute
    else:
        from storage.postgres import dialect, opening

        with opening.inspecting(location) as link:
            yield lambda sql, params=(): link.execute(dialect.translate(sql.replace(_HINT, "")), params)


def finished_ns(location: Location, last: int, bot: Process) -> int:
    """When all updates up to this id are finished and all answers to them have their receipts."""
    end = time.monotonic() + TIME_LIMIT_S
    with _reading(location) as ask:
        while time.monotonic() < end:
            received, pending, unsent = ask(_UNFINISHED).fetchone()
            left = max(0, last - received) + pending + unsent
            if left == 0:
                return time.monotonic_ns()
            bot.check()
            time.sleep(min(LATEST_S, max(SOONEST_S, left * LOOK_AGAIN_S)))
    raise ProcessEnded(f"not done within {TIME_LIMIT_S} s")


def one_finished_ns(location: Location, update_id: int, bot: Process) -> int:
    """When this update is finished."""
    end = time.monotonic() + TIME_LIMIT_S
    with _reading(location) as ask:
        while time.monotonic() < end:
            row = ask("SELECT status FROM polar_updates WHERE updateId = ?", (update_id,)).fetchone()
            if row is not None and row[0] != "pending":
                return time.monotonic_ns()
            bot.check()
            time.sleep(SOONEST_S)
    raise ProcessEnded(f"not done within {TIME_LIMIT_S} s")


def waiting(location: Location) -> int:
    """How many updates are not finished."""
    with _reading(location) as ask:
        return int(ask(_UNFINISHED).fetchone()[1])


def check(location: Location, *, reactions: int, texts: int, answers: int) -> None:
    """Raise Miscounted unless each update is there, once, and so is what became of it."""
    with _reading(location) as ask:
        found = ask(_COUNTS).fetchone()
    expected = (reactions + texts, reactions, texts, answers)
    if tuple(found) != expected:
        raise Miscounted(f"updates done, events, texts, answers sent: expected {expected}, found {found}")
