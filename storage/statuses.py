"""How runs end, as the ledger and the task board that is computed from it say."""

from __future__ import annotations

from enum import StrEnum


class RunStatus(StrEnum):
    """How a run of an automation or a heartbeat has ended."""

    EXECUTED = "executed"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    FAILED = "failed"


class TaskStatus(StrEnum):
    """What a run is on the board: executed runs are done, all others blocked."""

    DONE = "done"
    BLOCKED = "blocked"
