"""The things that people can do with their automations, by writing or by pressing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.automations import verbs
from bot.automations.limits import Limits, check_prompt
from bot.automations.rights import GroupRights
from bot.clock import moment
from bot.evaluation import evaluate, evaluate_new
from bot.phrasing import explain
from bot.schedules.errors import ScheduleError
from bot.schedules.text import NeverDue
from bot.when.errors import Meant, NotClear
from bot.when.meant import mean
from bot.zones import Zones
from middleware.texts import say
from middleware.turn import Clock, Turn
from middleware.usage import UsageError
from storage.statement import Statement
from storage.tables.jobs import Job, Jobs
from storage.tables.occurrences import Occurrences

_QUIET = re.compile(
    r"(?P<start>\d{1,2}:\d{2})\s*[-–]\s*(?P<end>\d{1,2}:\d{2})(?:\s+(?P<mode>defer|drop|silent))?",
    re.IGNORECASE | re.ASCII,
)
_CAP = re.compile(r"(?P<count>[1-9]\d{0,3})(?:\s*(?:a|per|/)\s*day)?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class OwnJobs:
    """A job belongs to who created it, in the chat where that was; nobody else can change it.

    Who looks after a group (`GroupRights`) sees, pauses and deletes all that are there. Effects are recorded on the
    turn. Raises UsageError for what is not possible, with what to say.
    """

    jobs: Jobs
    occurrences: Occurrences
    clock: Clock
    zones: Zones
    rights: GroupRights
    new_id: Callable[[], str]
    limits: Limits

    async def now_of(self, turn: Turn) -> tuple[ZoneInfo, int, timedelta | None]:
        """The person's zone, the instant in milliseconds, and how often runs may be: by these its times are told."""
        return await self.zones.of(turn.user_id), self.clock(), self.limits.least

    async def list_of(self, turn: Turn) -> list[Job]:
        """The person's jobs in this chat, oldest first."""
        return await self.jobs.list_of(turn.session_id, turn.user_id)

    async def list_seen(self, turn: Turn) -> list[Job]:
        """The jobs in this chat that the person may see, oldest first."""
        if await self.rights.moderates(turn):
            return await self.jobs.list_in(turn.session_id)
        return await self.list_of(turn)

    async def get(self, turn: Turn, written: str) -> Job:
        """The one whose id is, or begins with, what was written: a job of the person's own, else one that they see."""
        named = _named(await self.list_of(turn), written) or _named(await self.list_seen(turn), written)
        if named is None:
            raise UsageError(say("automation.unknown_id", written=written[:40]))
        return named

    async def read(self, turn: Turn, text: str) -> Meant:
        """A schedule as people write it, in their zone; raises NotClear where that may be several."""
        zone = await self.zones.of(turn.user_id)
        try:
            return await evaluate_new(mean, text, zone=zone, now=moment(self.clock()), least=self.limits.least)
        except NotClear:
            raise
        except NeverDue as error:
            raise UsageError(say("automation.never_due")) from error
        except ScheduleError as error:
            raise UsageError(explain(error)) from error

    async def create(self, turn: Turn, stored: str, prompt: str) -> Job:
        """A new job by a stored schedule, with its next occurrence."""
        check_prompt(prompt)
        if not turn.has_rights:
            raise UsageError(say("automation.no_owner"))
        await self.rights.check_creation(turn)
        await self._check_room(turn)
        job = Job(
            id=self.new_id()[:8],
            owner_user_id=turn.user_id,
            session_id=turn.session_id,
            schedule=stored,
            prompt=prompt,
            enabled=True,
            limits=None if turn.place.topic_id is None else {"delivery": {"threadId": turn.place.topic_id}},
        )
        planned = await self._plan(job)
        turn.record(self.jobs.add(job, now_ms=self.clock()), planned, self._keep_room(job))
        return job

    async def edit(self, turn: Turn, job: Job, schedule: str, prompt: str) -> Job:
        """Another stored schedule, another text, or both; an empty one stays as it is. What was over goes on."""
        check_prompt(prompt or job.prompt)
        await self.rights.check_creation(turn)
        changed = replace(job, schedule=schedule or job.schedule, prompt=prompt or job.prompt)
        if schedule and job.is_over:
            await self._check_room(turn)
        turn.record(self.jobs.change(changed, now_ms=self.clock()))
        if schedule and job.is_over:
            return await self.resume(turn, changed)
        if schedule and job.enabled:
            turn.record(await self._plan(changed))
        return changed

    def pause(self, turn: Turn, job: Job) -> Job:
        """See `verbs.pause`; there is nothing to pause about what is over."""
        if job.is_over:
            raise UsageError(say("automation.is_over", id=job.id))
        turn.record(*verbs.pause(job, None if job.owner_user_id == turn.user_id else "moderated", now_ms=self.clock()))
        return replace(job, enabled=False)

    async def resume(self, turn: Turn, job: Job) -> Job:
        """See `verbs.resume`, and `GroupRights.check_release` for who may; what was over counts again."""
        await self.rights.check_release(turn, job)
        if job.is_over:
            await self._check_room(turn)
        with _saying_why():
            turn.record(*await evaluate(verbs.resume, job, now_ms=self.clock(), least=self.limits.least))
        if job.is_over:
            turn.record(self._keep_room(job))
        return replace(job, enabled=True)

    async def run(self, turn: Turn, job: Job) -> str:
        """See `verbs.run_now`; what is said to that. What is paused against its owner's will is not run either."""
        await self.rights.check_release(turn, job)
        if await self.occurrences.find_by_hand("automation", job.id) is not None:
            return say("automation.waits", id=job.id)
        turn.record(*verbs.run_now(job.id, now_ms=self.clock()))
        return say("automation.runs", id=job.id)

    def remove(self, turn: Turn, job: Job) -> None:
        """See `verbs.delete`."""
        turn.record(*verbs.delete(job))

    async def quieten(self, turn: Turn, job: Job, text: str) -> Job:
        """Quiet hours as `22:00-07:00 [defer|drop|silent]` in the person's zone, or `off`."""
        if text.lower() == "off":
            return self._change(turn, replace(job, quiet_hours=None))
        zone = await self.zones.of(turn.user_id)
        former = {key: value for key, value in (job.quiet_hours or {}).items() if key not in ("startHour", "endHour")}
        return self._change(turn, replace(job, quiet_hours={**former, **_quiet(text), "timezone": zone.key}))

    def limit(self, turn: Turn, job: Job, text: str) -> Job:
        """A limit on messages a day, as `3 a day`, or `off`."""
        match = _CAP.fullmatch(text)
        if match is None and text.lower() != "off":
            raise UsageError(say("automation.bad_limit"))
        cap = int(match["count"]) if match else None
        return self._with_limits(turn, job, maxNotificationsPerDay=cap)

    def treat_missed(self, turn: Turn, job: Job, text: str) -> Job:
        """The rule for runs that were missed: skip, once or all."""
        if text.lower() not in ("skip", "once", "all"):
            raise UsageError(say("automation.bad_missed"))
        return self._with_limits(turn, job, missed=text.lower())

    def _with_limits(self, turn: Turn, job: Job, **changes: Any) -> Job:
        merged = {**(job.limits or {}), **changes}
        kept = {key: value for key, value in merged.items() if value is not None}
        return self._change(turn, replace(job, limits=kept or None))

    def _change(self, turn: Turn, job: Job) -> Job:
        turn.record(self.jobs.change(job, now_ms=self.clock()))
        return job

    async def _check_room(self, turn: Turn) -> None:
        if await self.jobs.count_of(turn.user_id) >= self.limits.most_jobs:
            raise UsageError(say("automation.too_many", most=self.limits.most_jobs))

    def _keep_room(self, job: Job) -> Statement:
        """Asked once more within the commit: a person's turns in several chats run side by side."""
        return self.jobs.expect_at_most(self.limits.most_jobs, job.owner_user_id)

    async def _plan(self, job: Job) -> Statement:
        with _saying_why():
            return await evaluate_new(verbs.plan, job, now_ms=self.clock(), least=self.limits.least)


def _named(jobs: list[Job], written: str) -> Job | None:
    """The only one whose id is what was written, or begins with it."""
    matching = [job for job in jobs if written and job.id.startswith(written)]
    exact = [job for job in matching if job.id == written] or matching
    return exact[0] if len(exact) == 1 else None


@contextmanager
def _saying_why() -> Iterator[None]:
    """Raises UsageError in place of what is wrong with a schedule."""
    try:
        yield
    except verbs.ScheduleEnded as error:
        raise UsageError(say("automation.ended")) from error
    except ScheduleError as error:
        raise UsageError(explain(error)) from error


def _quiet(text: str) -> dict[str, str]:
    match = _QUIET.fullmatch(text)
    if match is None:
        raise UsageError(say("automation.bad_quiet"))
    start, end = _clock(match["start"]), _clock(match["end"])
    if start == end:
        raise UsageError(say("automation.empty_quiet"))
    return {"start": start, "end": end, "mode": (match["mode"] or "defer").lower()}


def _clock(text: str) -> str:
    hour, _, minute = text.partition(":")
    try:
        return f"{time(int(hour), int(minute)):%H:%M}"
    except ValueError:
        raise UsageError(say("automation.bad_time", written=text)) from None
