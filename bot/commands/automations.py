"""/automations: opt into things that happen by themselves, and out of them again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.automations import next_occurrence
from bot.schedules import ScheduleError, load, parse
from middleware.commands import Command, UsageError
from middleware.turn import Clock, Outcome, Turn
from storage.jobs import Job, Jobs
from storage.occurrences import Occurrence, Occurrences

MAX_JOBS = 100
MAX_PROMPT = 1000
_FORMS = "expected create <schedule> | <text>, list, pause <id>, resume <id> or delete <id>"


@dataclass(frozen=True, slots=True)
class AutomationCommands:
    """A job belongs to who created it, in the chat where that was; nobody else can see or change it."""

    jobs: Jobs
    occurrences: Occurrences
    clock: Clock
    new_id: Callable[[], str]
    zone: ZoneInfo

    def commands(self) -> tuple[Command, ...]:
        """In the order of the menu."""
        return (
            Command(
                name="automations",
                summary="reminders and other things by the clock",
                usage="automations create <schedule> | <text>, list, pause <id>, resume <id>, delete <id>",
                example="automations create daily 18:00 | water the plants",
                handler=self.run,
            ),
        )

    async def run(self, turn: Turn, argument: str) -> Outcome:
        """Dispatch to one of the forms."""
        verb, _, rest = argument.partition(" ")
        match verb.lower():
            case "" | "list":
                return await self._list(turn)
            case "create":
                return await self._create(turn, rest)
            case "pause" | "disable":
                return self._pause(turn, await self._own(turn, rest))
            case "resume" | "enable":
                return self._resume(turn, await self._own(turn, rest))
            case "delete":
                job = await self._own(turn, rest)
                turn.record(self.jobs.remove(job.id), self.occurrences.cancel(job.id))
                return Outcome.answer(f"Deleted {job.id}.")
            case _:
                raise UsageError(f"I do not know “{verb[:40]}”: {_FORMS}.")

    async def _create(self, turn: Turn, rest: str) -> Outcome:
        text, bar, prompt = rest.partition("|")
        prompt = prompt.strip()
        if not bar or not prompt:
            raise UsageError("A schedule and a text are needed, with | between them.")
        if len(prompt) > MAX_PROMPT:
            raise UsageError(f"The text may have {MAX_PROMPT} characters, this one has {len(prompt)}.")
        if not turn.has_rights:
            raise UsageError("An automation needs an owner, so it cannot be created anonymously.")
        if len(await self.jobs.list_of(turn.session_id, turn.user_id)) >= MAX_JOBS:
            raise UsageError(f"You have {MAX_JOBS} automations here; delete one first.")
        now_ms = self.clock()
        try:
            schedule = parse(text.strip(), zone=self.zone, now=datetime.fromtimestamp(now_ms / 1000, UTC))
        except ScheduleError as error:
            raise UsageError(str(error)) from error
        job = Job(
            id=self.new_id()[:8],
            owner_user_id=turn.user_id,
            session_id=turn.session_id,
            schedule=schedule.stored(),
            prompt=prompt,
            enabled=True,
        )
        occurrence = next_occurrence(job, after_ms=now_ms)
        if occurrence is None:
            raise UsageError("That schedule never comes due.")
        turn.record(self.jobs.add(job, now_ms=now_ms), self.occurrences.plan(occurrence, now_ms=now_ms))
        return Outcome.answer(f"Created {job.id}: {schedule.describe()}, “{prompt}”.\n{self._next(occurrence)}")

    async def _list(self, turn: Turn) -> Outcome:
        jobs = await self.jobs.list_of(turn.session_id, turn.user_id)
        if not jobs:
            return Outcome.answer(
                "You have no automations here. Create one:\n/automations create daily 18:00 | water the plants"
            )
        return Outcome.answer("\n".join(self._line(job) for job in jobs))

    def _line(self, job: Job) -> str:
        try:
            when = load(job.schedule).describe()
        except ScheduleError:
            when = "a schedule that I cannot read"
        return f"{'▶' if job.enabled else '⏸'} {job.id}: {when}, “{job.prompt}”"

    def _pause(self, turn: Turn, job: Job) -> Outcome:
        turn.record(self.jobs.set_enabled(job.id, False, now_ms=self.clock()), self.occurrences.cancel(job.id))
        return Outcome.answer(f"Paused {job.id}. /automations resume {job.id} goes on with it.")

    def _resume(self, turn: Turn, job: Job) -> Outcome:
        now_ms = self.clock()
        try:
            occurrence = next_occurrence(job, after_ms=now_ms)
        except ScheduleError as error:
            raise UsageError(str(error)) from error
        if occurrence is None:
            raise UsageError(f"The schedule of {job.id} has ended; create a new one.")
        turn.record(
            self.jobs.set_enabled(job.id, True, now_ms=now_ms), self.occurrences.plan(occurrence, now_ms=now_ms)
        )
        return Outcome.answer(f"Resumed {job.id}. {self._next(occurrence)}")

    def _next(self, occurrence: Occurrence) -> str:
        local = datetime.fromtimestamp(occurrence.at_ms / 1000, self.zone)
        return f"Next: {local:%a %Y-%m-%d %H:%M} ({self.zone.key})."

    async def _own(self, turn: Turn, written: str) -> Job:
        written = written.strip()
        jobs = await self.jobs.list_of(turn.session_id, turn.user_id)
        found = [job for job in jobs if written and job.id.startswith(written)]
        exact = [job for job in found if job.id == written] or found
        if len(exact) != 1:
            raise UsageError(f"No automation of yours here has the id “{written[:40]}”; /automations lists them.")
        return exact[0]
