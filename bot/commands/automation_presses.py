"""Presses of the buttons under automations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.commands import automation_texts as texts
from bot.commands.automation_buttons import QUIET_PRESETS, quiet_rows
from bot.commands.automations import EXTRA, ask_to_delete, paused, resumed
from bot.commands.own_jobs import OwnJobs
from middleware.commands import UsageError
from middleware.feedback import OUT_OF_DATE
from middleware.turn import Outcome, Status, Toast, Turn
from storage.jobs import Job

NOT_YOURS = "Only who created it can do that."
GONE = "That automation is gone."
RESCHEDULE = (
    "Tell me when, and if you like a new text:\n/automations edit {id} <schedule> | <text>\n"
    "For example: /automations edit {id} weekdays 09:00"
)
_MAX_TOAST = 190

_Press = Callable[[Turn, Job], Awaitable[tuple[str, Outcome | None]]]


@dataclass(frozen=True, slots=True)
class AutomationPresses:
    """`<verb>:<job id>`: only the owner can press, in the chat of the job; each press gets a toast."""

    own: OwnJobs

    async def __call__(self, turn: Turn, data: str) -> Outcome:
        """Do it, or say in the toast why not."""
        verb, _, job_id = data.partition(":")
        act = self._verbs().get(verb) or (self._preset(verb) if verb in QUIET_PRESETS else None)
        if act is None:
            return with_toast(turn, OUT_OF_DATE, status="ignored")
        job = await self.own.jobs.find(job_id)
        if job is None or job.session_id != turn.session_id:
            return with_toast(turn, GONE, status="ignored")
        if job.owner_user_id != turn.user_id:
            return with_toast(turn, NOT_YOURS, status="denied")
        try:
            said, outcome = await act(turn, job)
        except UsageError as error:
            return with_toast(turn, str(error))
        return with_toast(turn, said, outcome)

    def _verbs(self) -> Mapping[str, _Press]:
        return {
            "pause": self._pause,
            "resume": self._resume,
            "run": self._run,
            "quiet": self._quiet,
            "delete": self._delete,
            "really": self._really,
            "keep": self._keep,
            "reschedule": self._reschedule,
        }

    async def _pause(self, turn: Turn, job: Job) -> tuple[str, Outcome | None]:
        if not job.enabled:
            return "It is paused already.", None
        return "Paused.", paused(self.own.pause(turn, job))

    async def _resume(self, turn: Turn, job: Job) -> tuple[str, Outcome | None]:
        if job.enabled:
            return "It is not paused.", None
        return "Resumed.", await resumed(self.own, turn, self.own.resume(turn, job))

    async def _run(self, turn: Turn, job: Job) -> tuple[str, Outcome | None]:
        self.own.run(turn, job)
        return EXTRA.format(id=job.id), None

    async def _quiet(self, turn: Turn, job: Job) -> tuple[str, Outcome | None]:
        now = texts.quiet(job.quiet_hours, await self.own.zones.of(turn.user_id))
        text = f"{job.id}. {now} Other hours: /automations quiet {job.id} 21:30-08:00"
        return "", Outcome.answer(text, buttons=quiet_rows(job.id))

    def _preset(self, verb: str) -> _Press:
        async def choose(turn: Turn, job: Job) -> tuple[str, Outcome | None]:
            changed = await self.own.quieten(turn, job, QUIET_PRESETS[verb][1])
            return texts.quiet(changed.quiet_hours, await self.own.zones.of(turn.user_id)), None

        return choose

    async def _delete(self, turn: Turn, job: Job) -> tuple[str, Outcome | None]:
        return "", ask_to_delete(job)

    async def _really(self, turn: Turn, job: Job) -> tuple[str, Outcome | None]:
        self.own.remove(turn, job)
        return "Deleted.", Outcome.answer(f"Deleted {job.id}.")

    async def _keep(self, turn: Turn, job: Job) -> tuple[str, Outcome | None]:
        return "It stays as it is.", None

    async def _reschedule(self, turn: Turn, job: Job) -> tuple[str, Outcome | None]:
        return "", Outcome.answer(RESCHEDULE.format(id=job.id))


def with_toast(turn: Turn, text: str, outcome: Outcome | None = None, *, status: Status = "answered") -> Outcome:
    """An answer to a press: the toast, and what is sent besides."""
    assert turn.press is not None
    toast = Toast(turn.press.query_id, texts.shorten(text, _MAX_TOAST))
    sent = outcome.replies if outcome is not None else ()
    return Outcome(status=status, replies=(toast, *sent))
