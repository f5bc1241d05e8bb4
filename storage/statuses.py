"""The ends of runs, as the ledger and the task board that is computed from it say."""

from __future__ import annotations

from enum import StrEnum


class RunStatus(StrEnum):
    """The end of a run of an automation or a heartbeat."""

    EXECUTED = "executed"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    FAILED = "failed"


class TaskStatus(StrEnum):
    """The status of a run on the board: executed runs are done, all others blocked."""

    DONE = "done"
    BLOCKED = "blocked"
