"""The buttons under automations, and what they say when they are pressed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from middleware.texts import say
from storage.payloads import Button, Buttons, DataTooLong
from storage.tables.jobs import Job

PREFIX = "au"


class Verb(StrEnum):
    """The things that a button does with a job."""

    PAUSE = "pause"
    RESUME = "resume"
    RUN = "run"
    QUIET = "quiet"
    DELETE = "delete"
    REALLY = "really"
    KEEP = "keep"
    RESCHEDULE = "reschedule"
    QUIET_DEFER = "q1"
    QUIET_DROP = "q2"
    QUIET_SILENT = "q3"
    QUIET_OFF = "q0"


QUIET_PRESETS: Mapping[Verb, str] = {
    Verb.QUIET_DEFER: "22:00-07:00 defer",
    Verb.QUIET_DROP: "22:00-07:00 drop",
    Verb.QUIET_SILENT: "22:00-07:00 silent",
    Verb.QUIET_OFF: "off",
}
"""The words that `/automations quiet <id>` would be given."""


MODERATED = (Verb.PAUSE, Verb.RESUME, Verb.DELETE, Verb.REALLY, Verb.KEEP)
"""The buttons that who looks after a group has under another's job; resuming is asked of its reason."""


@dataclass(frozen=True, slots=True)
class JobPress:
    """A press of such a button."""

    verb: Verb
    job_id: str

    @property
    def data(self) -> str:
        """`au:<verb>:<job id>`."""
        return f"{PREFIX}:{self.verb}:{self.job_id}"

    @classmethod
    def parse(cls, data: str) -> JobPress | None:
        """The press that the data stands for; None for a verb that there is not."""
        verb, _, job_id = data.removeprefix(f"{PREFIX}:").partition(":")
        return cls(Verb(verb), job_id) if verb in list(Verb) else None


def job_row(job: Job, number: str = "") -> Buttons:
    """The buttons for what can be done with a job. `number` tells apart several of one message."""
    if job.is_over:
        return _row(job.id, Verb.RUN, Verb.RESCHEDULE, Verb.DELETE, number=number)
    return _row(job.id, Verb.PAUSE if job.enabled else Verb.RESUME, Verb.RUN, Verb.QUIET, Verb.DELETE, number=number)


def list_rows(jobs: Sequence[Job]) -> Buttons:
    """A row for each of several jobs, in order."""
    if len(jobs) == 1:
        return job_row(jobs[0])
    return tuple(row for number, job in enumerate(jobs, 1) for row in job_row(job, f"{number} "))


def delete_row(job_id: str) -> Buttons:
    """The buttons that ask whether it is really to be deleted."""
    return _row(job_id, Verb.REALLY, Verb.KEEP)


def quiet_rows(job_id: str) -> Buttons:
    """Some usual quiet hours, one below the other."""
    return tuple(row for verb in QUIET_PRESETS for row in _row(job_id, verb))


def disliked_row(job_id: str) -> Buttons:
    """The buttons for what may be done about an automation that is not liked."""
    return _row(job_id, Verb.PAUSE, Verb.RESCHEDULE, Verb.KEEP)


def _row(job_id: str, *verbs: Verb, number: str = "") -> Buttons:
    """One row; none where an id of the earlier runtime leaves no room for it."""
    shown = [(f"{number}{say(f'automation.button.{verb}')}", JobPress(verb, job_id).data) for verb in verbs]
    try:
        return (tuple(Button(text, data) for text, data in shown),)
    except DataTooLong:
        return ()
