"""The ends of runs, as the ledger and the task board that is computed from it say."""

from __future__ import annotations

from enum import StrEnum


class RunStatus(StrEnum):
    """The end of a run of an automation or a heartbeat."""

    EXECUTED = "executed"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    FAILED = "failed"


class DeliveryStatus(StrEnum):
    """The outcome of what a run has said: it was delivered when one part of it arrived."""

    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"


class TaskStatus(StrEnum):
    """The status of a run on the board: executed runs are done, all others blocked."""

    DONE = "done"
    BLOCKED = "blocked"


UNHEARD = f"CASE told.status WHEN '{DeliveryStatus.UNDELIVERED}' THEN coalesce(told.reason, '') END"
"""As SQL, with `joined_deliveries`: why nothing that a run has said arrived; NULL where something did, or may still."""


def joined_deliveries(row: str) -> str:
    """As SQL: joins to a run, by its three columns, what became of what it has said, as `told`."""
    return (
        f"LEFT JOIN polar_run_deliveries AS told ON told.source = {row}.source AND told.id = {row}.id "
        f"AND told.runId = {row}.runId"
    )
