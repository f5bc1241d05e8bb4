"""What a doctor makes of a server's database: who is active, who stands by, and what a loss of the server loses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.doctor import on_server
from storage.attendance import Attendance, Worker
from tests.bot.doctor.judged import judged

WELL = Attendance(
    active=Worker("alpha/7/ab", 1_795_000_000_000),
    standbys=("beta/8/cd",),
    replicas=1,
    synchronous=1,
    waited_for="beta",
)


@pytest.mark.parametrize(
    ("attendance", "expected"),
    [
        (WELL, ("ok", "standbys")),
        (replace(WELL, standbys=()), ("ok", "alone")),
        (replace(WELL, active=None), ("warning", "awaited")),
        (replace(WELL, active=None, standbys=()), ("warning", "nobody")),
    ],
)
def test_one_process_is_active(attendance: Attendance, expected: tuple[str, str]) -> None:
    """Others may stand by."""
    assert judged(on_server.check_workers(attendance)) == expected


@pytest.mark.parametrize(
    ("attendance", "expected"),
    [
        (WELL, ("ok", "synchronous")),
        (replace(WELL, synchronous=None), ("ok", "told")),
        (replace(WELL, synchronous=0), ("failed", "waiting")),
        (replace(WELL, synchronous=None, replicas=0), ("failed", "waiting")),
        (replace(WELL, waited_for=""), ("warning", "asynchronous")),
        (replace(WELL, waited_for="", replicas=0), ("warning", "none")),
    ],
)
def test_what_no_commit_waits_for_can_be_lost(attendance: Attendance, expected: tuple[str, str]) -> None:
    """With the machine of the server; what a role may not see is not held against it."""
    assert judged(on_server.check_replicas(attendance)) == expected


def test_a_file_is_asked_none_of_this() -> None:
    """It has one process, and its own disk."""
    assert list(on_server.check_attendance(None)) == []
    assert [each.check for each in on_server.check_attendance(WELL)] == ["workers", "replicas"]
