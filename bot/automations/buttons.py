"""The buttons under automations. Their data is `au:<verb>:<job id>`, in at most 64 bytes."""

from __future__ import annotations

from collections.abc import Sequence

from middleware.texts import say
from middleware.turn import Button
from storage.tables.jobs import Job

PREFIX = "au"
MAX_DATA = 64
QUIET_PRESETS = {"q1": "22:00-07:00 defer", "q2": "22:00-07:00 drop", "q3": "22:00-07:00 silent", "q0": "off"}
"""By verb: what `/automations quiet <id>` would be told."""

Rows = tuple[tuple[Button, ...], ...]


def job_row(job: Job, number: str = "") -> Rows:
    """What can be done with a job. `number` tells apart several of one message."""
    return _row(job.id, "pause" if job.enabled else "resume", "run", "quiet", "delete", number=number)


def list_rows(jobs: Sequence[Job]) -> Rows:
    """A row for each of several jobs, in order."""
    if len(jobs) == 1:
        return job_row(jobs[0])
    return tuple(row for number, job in enumerate(jobs, 1) for row in job_row(job, f"{number} "))


def delete_row(job_id: str) -> Rows:
    """Whether it is really to be deleted."""
    return _row(job_id, "really", "keep")


def quiet_rows(job_id: str) -> Rows:
    """Some usual quiet hours, one below the other."""
    return tuple(row for verb in QUIET_PRESETS for row in _row(job_id, verb))


def disliked_row(job_id: str) -> Rows:
    """What may be done about an automation that is not liked."""
    return _row(job_id, "pause", "reschedule", "keep")


def _row(job_id: str, *verbs: str, number: str = "") -> Rows:
    """One row; none where an id of the earlier runtime leaves no room for it."""
    row = tuple(Button(f"{number}{say(f'automation.button.{verb}')}", f"{PREFIX}:{verb}:{job_id}") for verb in verbs)
    return (row,) if all(len(button.data.encode()) <= MAX_DATA for button in row) else ()
