"""What a doctor makes of what the bot keeps, and of its file: each check in its good case and in each bad one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.doctor import on_kept
from bot.doctor.kept import KeptFacts
from storage.location import ServerUrl
from storage.state import DatabaseState
from storage.views.condition import SetAsideCounts
from storage.views.liveness import LastSigns
from tests.bot.doctor.judged import judged

NOW_MS = 1_795_000_000_000
MINUTE_MS = 60_000
ALIVE = LastSigns(
    has_started=True, should_live=True, beat_ms=NOW_MS - 15_000, poll_ms=NOW_MS - 30_000, conflict_ms=None, bot_id="7"
)
SILENT = replace(ALIVE, beat_ms=NOW_MS - 61_000)
ENDED = replace(ALIVE, should_live=False)
WELL = KeptFacts(
    signs=ALIVE,
    groups=[],
    last_reaction_ms=NOW_MS - 5,
    updates_waiting=0,
    deliveries_waiting=0,
    waiting_since_ms=None,
    set_aside=SetAsideCounts(updates=0, deliveries=0, runs=0),
    balances=[],
    unused=0,
)
FILE = DatabaseState(
    location=Path("/srv/polar.db"),
    newest=20,
    version=20,
    exists=True,
    size=1 << 20,
    log_size=1 << 20,
    disk_free=10 << 30,
    problems=[],
)
ON_SERVER = DatabaseState(location=ServerUrl("postgresql://db/polar"), newest=20, version=20, exists=True)


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        (ALIVE, ("ok", "beats")),
        (SILENT, ("failed", "silent")),
        (ENDED, ("warning", "ended")),
        (LastSigns(), ("warning", "never")),
    ],
)
def test_the_bot_lives(signs: LastSigns, expected: tuple[str, str]) -> None:
    """One that was asked to end is no failure."""
    assert judged(on_kept.check_alive(signs, now_ms=NOW_MS)) == expected


@pytest.mark.parametrize(
    ("signs", "has_webhook", "expected"),
    [
        (replace(ALIVE, poll_ms=NOW_MS - 2 * MINUTE_MS), False, ("ok", "recent")),
        (replace(ALIVE, poll_ms=NOW_MS - 2 * MINUTE_MS - 1), False, ("failed", "old")),
        (replace(ALIVE, poll_ms=NOW_MS - 90 * MINUTE_MS), True, ("ok", "called")),
        (replace(ENDED, poll_ms=NOW_MS - 90 * MINUTE_MS), False, ("not known", "at_rest")),
        (replace(ALIVE, poll_ms=None), False, ("not known", "never")),
    ],
)
def test_the_last_poll(signs: LastSigns, has_webhook: bool, expected: tuple[str, str]) -> None:
    """Telegram holds one for half a minute; a webhook is called when somebody writes."""
    assert judged(on_kept.check_poll(signs, now_ms=NOW_MS, has_webhook=has_webhook)) == expected


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        (ALIVE, ("ok", "alone")),
        (replace(ALIVE, conflict_ms=NOW_MS - 2 * MINUTE_MS), ("failed", "another")),
        (replace(ALIVE, conflict_ms=NOW_MS - 3 * MINUTE_MS), ("warning", "lately")),
        (replace(ENDED, conflict_ms=NOW_MS - 1 * MINUTE_MS), ("warning", "lately")),
        (replace(ALIVE, conflict_ms=NOW_MS - 25 * 60 * MINUTE_MS), ("ok", "alone")),
        (LastSigns(), ("not known", "never")),
    ],
)
def test_a_second_poller(signs: LastSigns, expected: tuple[str, str]) -> None:
    """As long as it is met it is a failure, then for a day worth a word."""
    assert judged(on_kept.check_poller(signs, now_ms=NOW_MS)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("ok", "empty")),
        ({"updates_waiting": 3, "waiting_since_ms": NOW_MS - 15 * MINUTE_MS}, ("ok", "moving")),
        ({"updates_waiting": 3, "waiting_since_ms": NOW_MS - 16 * MINUTE_MS}, ("warning", "stuck")),
        (
            {"deliveries_waiting": 3, "waiting_since_ms": NOW_MS - 16 * MINUTE_MS, "signs": ENDED},
            ("warning", "resting"),
        ),
    ],
)
def test_the_queues(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    """It counts for how long something waits, not how much does."""
    assert judged(on_kept.check_queues(replace(WELL, **changes), now_ms=NOW_MS)) == expected


@pytest.mark.parametrize("name", ["updates", "deliveries", "runs"])
def test_what_was_set_aside(name: str) -> None:
    """Whatever it is, somebody has to look at it."""
    assert judged(on_kept.check_set_aside(WELL)) == ("ok", "nothing")
    kept = replace(WELL, set_aside=replace(WELL.set_aside, **{name: 2}))
    assert judged(on_kept.check_set_aside(kept)) == ("warning", "some")


def test_reactions_that_have_arrived() -> None:
    """That none is known says nothing."""
    assert judged(on_kept.check_reactions(WELL, now_ms=NOW_MS)) == ("ok", "arrived")
    never = replace(WELL, last_reaction_ms=None)
    assert judged(on_kept.check_reactions(never, now_ms=NOW_MS)) == ("not known", "never")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (FILE, ("ok", "current")),
        (replace(FILE, version=19), ("warning", "older")),
        (replace(FILE, version=0, exists=False), ("warning", "missing")),
        (replace(FILE, version=None, trouble="it is damaged"), ("failed", "unusable")),
    ],
)
def test_the_schema(state: DatabaseState, expected: tuple[str, str]) -> None:
    """An older one is brought up to date by a start, one that cannot be used by nobody."""
    assert judged(on_kept.check_schema(state)) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (FILE, ("ok", "whole")),
        (replace(FILE, problems=["row 5 missing from index x", "more"]), ("failed", "broken")),
        (replace(FILE, problems=None), ("not known", "too_long")),
        (replace(FILE, exists=False, problems=None), ("not known", "missing")),
        (ON_SERVER, ("not known", "server")),
    ],
)
def test_integrity(state: DatabaseState, expected: tuple[str, str]) -> None:
    """What was not looked through is not said to be whole."""
    assert judged(on_kept.check_integrity(state)) == expected


@pytest.mark.parametrize(
    ("state", "unused", "expected"),
    [
        (FILE, 0, ("ok", "enough")),
        (replace(FILE, disk_free=499 << 20), 0, ("warning", "full")),
        (replace(FILE, disk_free=49 << 20), 0, ("failed", "full")),
        (replace(FILE, log_size=257 << 20), 0, ("warning", "log")),
        (replace(FILE, size=200 << 20), 101 << 20, ("warning", "unused")),
        (replace(FILE, size=200 << 20), 99 << 20, ("ok", "enough")),
        (replace(FILE, disk_free=None), 0, ("not known", "unseen")),
        (ON_SERVER, 0, ("not known", "server")),
    ],
)
def test_room(state: DatabaseState, unused: int, expected: tuple[str, str]) -> None:
    """On the disk, in the log, and within the file."""
    assert judged(on_kept.check_room(state, replace(WELL, unused=unused))) == expected
    assert judged(on_kept.check_room(FILE, None)) == ("ok", "enough")
