"""Checks of a database on a server: who is active, who stands by, and what the loss of the server would lose."""

from __future__ import annotations

from collections.abc import Iterator

from bot.clock import moment
from bot.doctor.diagnosis import Diagnosis
from storage.attendance import Attendance


def check_attendance(attendance: Attendance | None) -> Iterator[Diagnosis]:
    """None of these for a file, or a server that does not tell."""
    if attendance is not None:
        yield check_workers(attendance)
        yield check_replicas(attendance)


def check_workers(attendance: Attendance) -> Diagnosis:
    """One is active; that others stand by is what the server is for, but nobody has to."""
    standbys = ", ".join(attendance.standbys)
    if attendance.active is None:
        return Diagnosis("workers", "warning", "awaited" if standbys else "nobody", standbys=standbys)
    since = moment(attendance.active.since_ms).isoformat(sep=" ", timespec="seconds")
    found = "standbys" if standbys else "alone"
    return Diagnosis("workers", "ok", found, active=attendance.active.name, since=since, standbys=standbys)


def check_replicas(attendance: Attendance) -> Diagnosis:
    """Only what a commit has waited for is there when the server's machine is lost."""
    values = {"count": attendance.replicas, "names": attendance.waited_for}
    match attendance.durability:
        case "synchronous":
            found = "synchronous" if attendance.synchronous is not None else "told"
            return Diagnosis("replicas", "ok", found, **values)
        case "waiting":
            return Diagnosis("replicas", "failed", "waiting", **values)
        case durability:
            return Diagnosis("replicas", "warning", durability, **values)
