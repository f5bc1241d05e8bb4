"""/automations: opt into things that happen by themselves, and out of them again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.automations import texts
from bot.automations.answers import ask_to_delete, created, described, paused, resumed
from bot.automations.buttons import job_row, list_rows, quiet_rows
from bot.automations.jobs import OwnJobs
from bot.automations.limits import check_prompt
from bot.automations.proposals import AutomationProposals
from bot.evaluation import evaluate
from bot.phrasing import explain
from bot.when.errors import NotClear
from middleware.commands import Command
from middleware.pages import footer, page_named, part_of
from middleware.texts import say
from middleware.turn import Outcome, Turn
from middleware.usage import UsageError, nothing_behind, unknown_form
from storage.tables.jobs import Job
from storage.tables.occurrences import Occurrences
from storage.tables.runs import Runs
from storage.views.chat_feedback import ChatFeedback

_TAKING_NOTHING = ("show", "run", "pause", "disable", "resume", "enable")
"""Forms that end with the id."""
MODERATED = ("show", "pause", "disable", "resume", "enable", "delete")

_Verb = Callable[[Turn, Job, str], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class AutomationCommands:
    """The written forms; most name a job by its id, or by the beginning of it.

    Of another's job, who looks after the group may use those that stand in MODERATED; resuming is asked of its reason.
    """

    own: OwnJobs
    proposals: AutomationProposals
    runs: Runs
    occurrences: Occurrences
    feedback: ChatFeedback

    def commands(self) -> tuple[Command, ...]:
        """In the order of the menu."""
        return (Command(name="automations", handler=self.run, aliases=("automation", "reminders")),)

    async def run(self, turn: Turn, argument: str) -> Outcome:
        """Dispatch to one of the forms."""
        verb, rest = _first_word(argument)
        match verb.lower():
            case "" | "list":
                page = page_named(rest or "1")
                if page is None:
                    raise nothing_behind(rest)
                return await self._list(turn, page)
            case "create":
                return await self._create(turn, rest)
            case "preview":
                return await self._preview(turn, rest)
        act = self._verbs().get(verb.lower())
        if act is None:
            raise unknown_form(verb)
        written, rest = _first_word(rest)
        if rest and verb.lower() in _TAKING_NOTHING:
            raise nothing_behind(rest)
        job = await self.own.get(turn, written)
        if job.owner_user_id != turn.user_id and verb.lower() not in MODERATED:
            raise UsageError(say("automation.toast.foreign"))
        return await act(turn, job, rest)

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
            raise UsageError(say("automation.bar_needed"))
        check_prompt(prompt)
        try:
            meant = await self.own.read(turn, schedule)
        except NotClear as error:
            return await self._which(turn, error, prompt)
        job = await self.own.create(turn, meant.schedule.stored(), prompt)
        return await created(job, *await self.own.now_of(turn), meant.assumed)

    async def _preview(self, turn: Turn, rest: str) -> Outcome:
        try:
            meant = await self.own.read(turn, rest.partition("|")[0].strip())
        except NotClear as error:
            raise UsageError(explain(error)) from error
        zone = await self.own.zones.of(turn.user_id)
        further = await evaluate(texts.further_times, meant.schedule, self.own.clock(), zone)
        return Outcome.answer(texts.lines(texts.described(meant, zone), further, say("automation.previewed")))

    async def _which(self, turn: Turn, unclear: NotClear, prompt: str, job_id: str | None = None) -> Outcome:
        """The question that buttons answer."""
        if not turn.has_rights:
            raise UsageError(say("automation.no_owner"))
        await self.own.rights.check_creation(turn)
        reply = await self.proposals.ask(turn, unclear.choices, prompt, job_id)
        return Outcome(status="answered", replies=(reply,))

    async def _list(self, turn: Turn, page: int) -> Outcome:
        """One message, however many there are; those that are over stand at the end of the last page."""
        listed = await self.own.list_seen(turn)
        if not listed:
            return Outcome.answer(say("automation.none"))
        zone = await self.own.zones.of(turn.user_id)
        jobs, over = [job for job in listed if not job.is_over], [job for job in listed if job.is_over]
        part = part_of(page, len(jobs))
        shown, is_last = jobs[part], part.stop >= len(jobs)
        lines = await evaluate(lambda: [texts.line(job, zone, turn.user_id) for job in shown])
        ended = (await evaluate(texts.over, over, zone, turn.user_id),) if over and is_last else ()
        said = (*_numbered(lines), *footer(page, len(jobs), "automations list"), *ended)
        return Outcome.answer("\n".join(said), buttons=list_rows(shown))

    async def _show(self, turn: Turn, job: Job, rest: str) -> Outcome:
        zone, now_ms, least = await self.own.now_of(turn)
        planned = await self.occurrences.find_next("automation", job.id)
        lines = (
            await evaluate(texts.line, job, zone, turn.user_id),
            await evaluate(texts.planned_times, job, planned, zone, least),
            await evaluate(texts.spacing, job, now_ms, least),
            texts.quiet(job.quiet_hours, zone),
            await evaluate(texts.limits, job),
            texts.last_run(await self.runs.last("automation", job.id), zone),
            texts.feedback(await self.feedback.totals_of_automation(job.id)),
        )
        return Outcome.answer(texts.lines(*lines), buttons=job_row(job))

    async def _edit(self, turn: Turn, job: Job, rest: str) -> Outcome:
        schedule, _, prompt = (part.strip() for part in rest.partition("|"))
        if not schedule and not prompt:
            raise UsageError(say("automation.change_needed"))
        check_prompt(prompt or job.prompt)
        try:
            meant = await self.own.read(turn, schedule) if schedule else None
        except NotClear as error:
            return await self._which(turn, error, prompt or job.prompt, job.id)
        changed = await self.own.edit(turn, job, meant.schedule.stored() if meant else "", prompt)
        now = await self.own.now_of(turn)
        return await described(changed, "automation.changed", *now, meant.assumed if meant else ())

    async def _run(self, turn: Turn, job: Job, rest: str) -> Outcome:
        return Outcome.answer(await self.own.run(turn, job))

    async def _pause(self, turn: Turn, job: Job, rest: str) -> Outcome:
        return paused(self.own.pause(turn, job))

    async def _resume(self, turn: Turn, job: Job, rest: str) -> Outcome:
        return await resumed(await self.own.resume(turn, job), *await self.own.now_of(turn))

    async def _delete(self, turn: Turn, job: Job, rest: str) -> Outcome:
        if not rest:
            return ask_to_delete(job)
        if rest.lower() != "now":
            raise nothing_behind(rest)
        self.own.remove(turn, job)
        return Outcome.answer(say("automation.deleted", id=job.id))

    async def _quiet(self, turn: Turn, job: Job, rest: str) -> Outcome:
        zone = await self.own.zones.of(turn.user_id)
        if not rest:
            return _told(job, texts.quiet(job.quiet_hours, zone), buttons=quiet_rows(job.id))
        changed = await self.own.quieten(turn, job, rest)
        return _told(job, texts.quiet(changed.quiet_hours, zone))

    async def _limit(self, turn: Turn, job: Job, rest: str) -> Outcome:
        return _told(job, await evaluate(texts.limits, self.own.limit(turn, job, rest)))

    async def _missed(self, turn: Turn, job: Job, rest: str) -> Outcome:
        return _told(job, await evaluate(texts.limits, self.own.treat_missed(turn, job, rest)))


def _first_word(text: str) -> tuple[str, str]:
    word, *rest = text.split(maxsplit=1) or [""]
    return word, rest[0].strip() if rest else ""


def _told(job: Job, what: str, **options: Any) -> Outcome:
    return Outcome.answer(say("automation.of_one", id=job.id, what=what), **options)


def _numbered(lines: list[str]) -> list[str]:
    return lines if len(lines) == 1 else [f"{number} {line}" for number, line in enumerate(lines, 1)]
