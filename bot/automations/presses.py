"""Presses of the buttons under automations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.automations import texts
from bot.automations.answers import ask_to_delete, paused, resumed
from bot.automations.buttons import MODERATED, QUIET_PRESETS, JobPress, Verb, quiet_rows
from bot.automations.jobs import OwnJobs
from middleware.presses import with_toast
from middleware.texts import say
from middleware.turn import Outcome, Turn
from middleware.usage import UsageError
from storage.tables.jobs import Job

_Act = Callable[[Turn, Job], Awaitable[tuple[str, Outcome | None]]]


@dataclass(frozen=True, slots=True)
class AutomationPresses:
    """The owner presses, in the chat of the job, or who looks after the group, what is theirs; each gets a toast."""

    own: OwnJobs

    async def __call__(self, turn: Turn, data: str) -> Outcome:
        """Do it, or say in the toast why not."""
        press = JobPress.parse(data)
        if press is None:
            return with_toast(turn, say("button.out_of_date"), status="ignored")
        job = await self.own.jobs.find(press.job_id)
        if job is None or job.session_id != turn.session_id:
            return with_toast(turn, say("automation.toast.gone"), status="ignored")
        if not await self._may_press(turn, job, press.verb):
            return with_toast(turn, say("automation.toast.foreign"), status="denied")
        try:
            said, outcome = await self._act(press.verb)(turn, job)
        except UsageError as error:
            return with_toast(turn, str(error))
        return with_toast(turn, said, outcome)

    async def _may_press(self, turn: Turn, job: Job, verb: Verb) -> bool:
        return job.owner_user_id == turn.user_id or (verb in MODERATED and await self.own.rights.moderates(turn))

    def _act(self, verb: Verb) -> _Act:
        acts: Mapping[Verb, _Act] = {
            Verb.PAUSE: self._pause,
            Verb.RESUME: self._resume,
            Verb.RUN: self._run,
            Verb.QUIET: self._quiet,
            Verb.DELETE: self._delete,
            Verb.REALLY: self._really,
            Verb.KEEP: self._keep,
            Verb.RESCHEDULE: self._reschedule,
        }
        return self._preset(verb) if verb in QUIET_PRESETS else acts[verb]

    async def _pause(self, turn: Turn, job: Job) -> tuple[str, Outcome | None]:
        if job.is_over:
            return say("automation.toast.over"), None
        if not job.enabled:
            return say("automation.toast.paused_already"), None
        return say("automation.toast.paused"), paused(self.own.pause(turn, job))

    async def _resume(self, turn: Turn, job: Job) -> tuple[str, Outcome | None]:
        if job.enabled:
            return say("automation.toast.not_paused"), None
        changed = await self.own.resume(turn, job)
        return say("automation.toast.resumed"), await resumed(changed, *await self.own.now_of(turn))

    async def _run(self, turn: Turn, job: Job) -> tuple[str, Outcome | None]:
        return await self.own.run(turn, job), None

    async def _quiet(self, turn: Turn, job: Job) -> tuple[str, Outcome | None]:
        now = texts.quiet(job.quiet_hours, await self.own.zones.of(turn.user_id))
        text = say("automation.other_hours", id=job.id, quiet=now)
        return "", Outcome.answer(text, buttons=quiet_rows(job.id))

    def _preset(self, verb: Verb) -> _Act:
        async def choose(turn: Turn, job: Job) -> tuple[str, Outcome | None]:
            changed = await self.own.quieten(turn, job, QUIET_PRESETS[verb])
            return texts.quiet(changed.quiet_hours, await self.own.zones.of(turn.user_id)), None

        return choose

    async def _delete(self, turn: Turn, job: Job) -> tuple[str, Outcome | None]:
        return "", ask_to_delete(job)

    async def _really(self, turn: Turn, job: Job) -> tuple[str, Outcome | None]:
        self.own.remove(turn, job)
        return say("automation.toast.deleted"), Outcome.answer(say("automation.deleted", id=job.id))

    async def _keep(self, turn: Turn, job: Job) -> tuple[str, Outcome | None]:
        return say("automation.toast.kept"), None

    async def _reschedule(self, turn: Turn, job: Job) -> tuple[str, Outcome | None]:
        return "", Outcome.answer(say("automation.reschedule", id=job.id))
