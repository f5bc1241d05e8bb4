"""What was in force for a job of the earlier runtime, written out in the row, so that it is a job like any other here.

There a job without a cap had one, one without hours was quiet at night in UTC, and one sent nothing unless it was told
to; its intervals counted from its last run. No database, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.schedules.text import is_legacy, load, load_legacy
from storage.tables.jobs import Job

CAP = "maxNotificationsPerDay"
_CAP_THERE = 3
"""A day, where a job's limits named no whole number; none where that was 0 or less."""
_QUIET_THERE = {"startHour": 22, "endHour": 7}


def whole(value: object) -> int | None:
    """A number of JSON that is whole, however it is written; None for all else."""
    if type(value) is float and value.is_integer():
        return int(value)
    return value if type(value) is int else None


def ours(job: Job, since: datetime | None) -> Job:
    """The job with its schedule in our own form; its intervals go on counting from `since`, or as they do here already.

    Raises ScheduleError.
    """
    schedule = load(job.schedule) if since is None else load_legacy(job.schedule, since=since)
    return replace(job, schedule=schedule.stored())


def written_out(job: Job) -> Job:
    """The job with the cap, the quiet hours and the leave to send that it had; one that is ours stays as it is."""
    if not is_legacy(job.schedule):
        return job
    limits, quiet = dict(job.limits or {}), job.quiet_hours
    cap = whole(limits.pop(CAP, None))
    if cap is None or cap > 0:
        limits[CAP] = _CAP_THERE if cap is None else cap
    named = limits.get("delivery")
    delivery = dict(named) if isinstance(named, Mapping) else {}
    limits["delivery"] = {**delivery, "allowTelegramSend": delivery.get("allowTelegramSend") is True}
    return replace(job, limits=limits, quiet_hours=None if quiet is None else _hours(quiet))


def _hours(quiet: Mapping[str, Any]) -> Mapping[str, Any]:
    if "start" in quiet:  # ours, given to it here before it was adopted
        return quiet
    named = {name: whole(quiet.get(name)) for name in _QUIET_THERE}
    hours = {name: there if named[name] is None else named[name] for name, there in _QUIET_THERE.items()}
    return {"timezone": "UTC", **quiet, **hours}
