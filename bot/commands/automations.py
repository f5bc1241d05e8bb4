"""/automations: opt into things that happen by themselves, and out of them again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.commands import automation_texts as texts
from bot.commands.automation_buttons import delete_row, job_row, list_rows, quiet_rows
from bot.commands.own_jobs import OwnJobs, check_prompt
from middleware.commands import Command, UsageError
from middleware.turn import Outcome, Reply, Turn
from storage.feedback import Feedback
from storage.jobs import Job
from storage.runs import Runs

PER_MESSAGE = 5
USAGE = (
    "automations create <schedule> | <text>, preview <schedule>, list, show|run|pause|resume|delete <id>, "
    "edit <id> <schedule> | <text>, quiet <id> 22:00-07:00, limit <id> 3 a day, missed <id> skip|once|all"
)
NONE = "You have no automations here. Create one:\n/automations create daily 18:00 | water the plants"
EXTRA = "{id} runs in a moment."
SURE = "Delete {id}, “{prompt}”? The buttons decide, or /automations delete {id} now."

_Verb = Callable[[Turn, Job, str], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class AutomationCommands:
    """The written forms; most name a job by its id, or by the beginning of it."""

    own: OwnJobs
    runs: Runs
    feedback: Feedback

    def commands(self) -> tuple[Command, ...]:
        """In the order of the menu."""
        return (
            Command(
                name="automations",
                summary="reminders and other things by the clock",
                usage=USAGE,
                example="automations create daily 18:00 | water the plants",
                handler=self.run,
            ),
        )

    async def run(self, turn: Turn, argument: str) -> Outcome:
        """Dispatch to one of the forms."""
        verb, rest = _first_word(argument)
        match verb.lower():
            case "" | "list":
                return await self._list(turn)
            case "create":
                return await self._create(turn, rest)
            case "preview":
                return await self._preview(turn, rest)
        act = self._verbs().get(verb.lower())
        if act is None:
            raise UsageError(f"I do not know “{verb[:40]}”.")
        written, rest = _first_word(rest)
        return await act(turn, await self.own.get(turn, written), rest)

    def _verbs(self) -> Mapping[str, _Verb]:
        return {
            "show": self._show,
            "edit": self._edit,
            "run": self._run,
            "pause": self._pause,
            "disable": self._pause,
            "resume": self._resume,
            "enable": self._resume,
            "delete": self._delete,
            "quiet": self._quiet,
            "limit": self._limit,
            "missed": self._missed,
        }

    async def _create(self, turn: Turn, rest: str) -> Outcome:
        schedule, bar, prompt = (part.strip() for part in rest.partition("|"))
        if not bar or not prompt:
            raise UsageError("A schedule and a text are needed, with | between them.")
        check_prompt(prompt)
        job = await self.own.create(turn, (await self.own.read(turn, schedule)).stored(), prompt)
        return await created(self.own, turn, job)

    async def _preview(self, turn: Turn, rest: str) -> Outcome:
        schedule = await self.own.read(turn, rest.partition("|")[0].strip())
        zone = await self.own.zones.of(turn.user_id)
        upcoming = texts.next_times(schedule, self.own.clock(), zone)
        return Outcome.answer(f"{texts.describe(schedule, zone)}\n{upcoming}\nNothing is created yet.")

    async def _list(self, turn: Turn) -> Outcome:
        jobs = await self.own.list_of(turn)
        if not jobs:
            return Outcome.answer(NONE)
        zone = await self.own.zones.of(turn.user_id)
        pages = [jobs[first : first + PER_MESSAGE] for first in range(0, len(jobs), PER_MESSAGE)]
        return Outcome(
            status="answered",
            replies=tuple(
                Reply(text="\n".join(_numbered([texts.line(job, zone) for job in page])), buttons=list_rows(page))
                for page in pages
            ),
        )

    async def _show(self, turn: Turn, job: Job, rest: str) -> Outcome:
        zone = await self.own.zones.of(turn.user_id)
        lines = (
            texts.line(job, zone),
            texts.times(job, self.own.clock(), zone),
            texts.quiet(job.quiet_hours, zone),
            texts.limits(job.limits),
            texts.last_run(await self.runs.last("automation", job.id), zone),
            texts.feedback(await self.feedback.totals_of_automation(job.id)),
        )
        return Outcome.answer("\n".join(lines), buttons=job_row(job))

    async def _edit(self, turn: Turn, job: Job, rest: str) -> Outcome:
        schedule, _, prompt = (part.strip() for part in rest.partition("|"))
        if not schedule and not prompt:
            raise UsageError("A new schedule, a new text, or both are needed, with | between them.")
        return await described(self.own, turn, await self.own.edit(turn, job, schedule, prompt), "Changed")

    async def _run(self, turn: Turn, job: Job, rest: str) -> Outcome:
        self.own.run(turn, job)
        return Outcome.answer(EXTRA.format(id=job.id))

    async def _pause(self, turn: Turn, job: Job, rest: str) -> Outcome:
        return paused(self.own.pause(turn, job))

    async def _resume(self, turn: Turn, job: Job, rest: str) -> Outcome:
        return await resumed(self.own, turn, self.own.resume(turn, job))

    async def _delete(self, turn: Turn, job: Job, rest: str) -> Outcome:
        if rest.lower() != "now":
            return ask_to_delete(job)
        self.own.remove(turn, job)
        return Outcome.answer(f"Deleted {job.id}.")

    async def _quiet(self, turn: Turn, job: Job, rest: str) -> Outcome:
        zone = await self.own.zones.of(turn.user_id)
        if not rest:
            return Outcome.answer(f"{job.id}. {texts.quiet(job.quiet_hours, zone)}", buttons=quiet_rows(job.id))
        changed = await self.own.quieten(turn, job, rest)
        return Outcome.answer(f"{job.id}. {texts.quiet(changed.quiet_hours, zone)}")

    async def _limit(self, turn: Turn, job: Job, rest: str) -> Outcome:
        return Outcome.answer(f"{job.id}. {texts.limits(self.own.limit(turn, job, rest).limits)}")

    async def _missed(self, turn: Turn, job: Job, rest: str) -> Outcome:
        return Outcome.answer(f"{job.id}. {texts.limits(self.own.treat_missed(turn, job, rest).limits)}")


def _first_word(text: str) -> tuple[str, str]:
    word, *rest = text.split(maxsplit=1) or [""]
    return word, rest[0].strip() if rest else ""


def _numbered(lines: list[str]) -> list[str]:
    return lines if len(lines) == 1 else [f"{number} {line}" for number, line in enumerate(lines, 1)]


async def described(own: OwnJobs, turn: Turn, job: Job, what: str) -> Outcome:
    """What has been done to a job, what it is now, and when it runs next."""
    zone = await own.zones.of(turn.user_id)
    line = texts.line(job, zone).partition(" ")[2]
    return Outcome.answer(f"{what} {line}.\n{texts.times(job, own.clock(), zone)}", buttons=job_row(job))


async def created(own: OwnJobs, turn: Turn, job: Job) -> Outcome:
    """That there is a new job."""
    return await described(own, turn, job, "Created")


def paused(job: Job) -> Outcome:
    """That a job is paused."""
    return Outcome.answer(f"Paused {job.id}. /automations resume {job.id} goes on with it.", buttons=job_row(job))


async def resumed(own: OwnJobs, turn: Turn, job: Job) -> Outcome:
    """That a job goes on."""
    zone = await own.zones.of(turn.user_id)
    return Outcome.answer(f"Resumed {job.id}. {texts.times(job, own.clock(), zone)}", buttons=job_row(job))


def ask_to_delete(job: Job) -> Outcome:
    """Whether a job is really to be deleted."""
    text = SURE.format(id=job.id, prompt=texts.shorten(job.prompt, 200))
    return Outcome.answer(text, buttons=delete_row(job.id))
