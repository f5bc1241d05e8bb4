"""Automations as a subject of the runner."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.automations.decision import Decision, Missed, QuietHours, Situation, decide, start_of_day
from bot.automations.verbs import next_occurrence, pause
from bot.clock import millis, moment
from bot.phrasing import explain
from bot.schedules.errors import ScheduleError
from bot.schedules.text import is_legacy, load
from bot.scheduling.subject import Defer, Drop, Go, place_of
from bot.zones import Zones
from middleware.texts import say
from middleware.turn import Place, Reply, Run
from storage.database import Database
from storage.origin import Origin
from storage.statement import Statement
from storage.statuses import RunStatus
from storage.stores import Stores
from storage.tables.jobs import Job
from storage.tables.occurrences import Occurrence, Occurrences
from storage.tables.runs import DEFAULT_PROFILE, Runs

log = logging.getLogger("polar.automations")

PAUSE_AFTER_FAILURES = 3


@dataclass(frozen=True, slots=True)
class AutomationSubject:
    """Decides what becomes of a job's occurrence, and what is planned with it."""

    database: Database
    stores: Stores
    zones: Zones

    async def adopt(self, *, now_ms: int) -> None:
        """Plan the jobs that have no next occurrence: those of the earlier runtime, seen for the first time."""
        for job in await self.stores.jobs.list_unplanned():
            try:
                occurrence = next_occurrence(job, after_ms=now_ms)
            except ScheduleError as error:
                log.warning("automation %s has a schedule that cannot be read: %s", job.id, error)
                continue
            if occurrence is not None:
                await self.database.commit(Occurrences.plan(occurrence, now_ms=now_ms))

    async def decide(self, occurrence: Occurrence, *, now_ms: int) -> Go | Defer | Drop:
        """Quiet hours, misses and caps by the rules; a job that cannot be run here is paused with its reason."""
        job = await self.stores.jobs.find(occurrence.subject_id)
        if job is None or not (job.enabled or occurrence.trigger == "manual"):
            return Drop()
        try:
            place = place_of(job.session_id)
            if occurrence.is_extra:
                return await self._once(await self._extra(job, occurrence, place))
            decision = decide(await self._situation(job, occurrence, now_ms))
            if decision.defer_until is not None:
                return Defer(millis(decision.defer_until))
            go = await self._go(job, occurrence, place, decision, now_ms)
        except ValueError as error:  # a row of another program, or a damaged one
            log.warning("automation %s cannot run and is paused: %s", job.id, error)
            return Drop(self._give_up(job, occurrence, explain(error), now_ms))

        return await self._once(go)

    async def _once(self, go: Go) -> Go | Drop:
        """An instant that was run already is not run again, whoever planned it anew: a clock that stepped back, say."""
        known = await self.stores.runs.exists("automation", go.run.subject_id, go.run.run_id)
        return Drop(go.following) if known else go

    async def _situation(self, job: Job, occurrence: Occurrence, now_ms: int) -> Situation:
        zone = await self.zones.of(job.owner_user_id)
        limits = job.limits or {}
        cap = limits.get("maxNotificationsPerDay")
        since_ms = millis(start_of_day(moment(now_ms), zone))
        capped = isinstance(cap, int)
        return Situation(
            schedule=load(job.schedule),
            at=moment(occurrence.at_ms),
            due=moment(occurrence.due_ms),
            now=moment(now_ms),
            quiet=QuietHours.read(job.quiet_hours, zone=zone),
            missed=_missed(limits),
            cap=cap if capped else None,
            sent_today=await self.stores.messages.count_of_automation(job.id, since_ms=since_ms) if capped else 0,
        )

    async def _go(self, job: Job, occurrence: Occurrence, place: Place, decision: Decision, now_ms: int) -> Go:
        chosen = replace(occurrence, at_ms=millis(decision.run_at))
        following = [
            *self._misses(job, chosen, decision, now_ms),
            *(Occurrences.plan(extra, now_ms=now_ms) for extra in _extras(job, decision)),
        ]
        upcoming = next_occurrence(job, after_ms=max(now_ms, chosen.at_ms))
        if upcoming is not None:
            following.append(Occurrences.plan(upcoming, now_ms=now_ms))
        run = replace(_run(job, chosen), verdict=decision.verdict, silent=decision.silent)
        return await self._with_ending(job, chosen, place, run, tuple(following))

    async def _extra(self, job: Job, occurrence: Occurrence, place: Place) -> Go:
        """Asked for by hand, made up for, or tried again: as it is, and nothing is planned with it."""
        return await self._with_ending(job, occurrence, place, _run(job, occurrence), ())

    async def _with_ending(
        self, job: Job, occurrence: Occurrence, place: Place, run: Run, following: tuple[Statement, ...]
    ) -> Go:
        failures = await self.stores.runs.failures_in_a_row("automation", job.id, limit=PAUSE_AFTER_FAILURES)
        giving_up: tuple[Statement, ...] = ()
        last_words: tuple[Reply, ...] = ()
        if failures + 1 >= PAUSE_AFTER_FAILURES and job.enabled:
            giving_up = pause(job, now_ms=run.scheduled_at_ms)
            text = say("automation.gave_up", prompt=job.prompt[:200], id=job.id, count=failures + 1)
            last_words = (Reply(text=text),)
        return Go(
            occurrence=occurrence,
            place=place,
            user_id=job.owner_user_id,
            run=run,
            origin=Origin(automation_id=job.id, run_id=occurrence.run_id),
            following=following,
            giving_up=giving_up,
            last_words=last_words if run.sends else (),
        )

    def _misses(self, job: Job, chosen: Occurrence, decision: Decision, now_ms: int) -> list[Statement]:
        statements: list[Statement] = []
        for when, reason in decision.misses:
            missed = replace(chosen, at_ms=millis(when))
            output: dict[str, Any] = {"status": RunStatus.SKIPPED, "reason": reason}
            if when == decision.misses[0][0] and decision.unlisted_since is not None:
                output["unlistedSinceMs"] = millis(decision.unlisted_since)
            statements += self._enter(job, missed, output, now_ms)
        return statements

    def _give_up(self, job: Job, occurrence: Occurrence, reason: str, now_ms: int) -> tuple[Statement, ...]:
        entry = self._enter(job, occurrence, {"status": RunStatus.FAILED, "reason": reason}, now_ms)
        return (*pause(job, now_ms=now_ms), *entry)

    def _enter(self, job: Job, occurrence: Occurrence, output: Mapping[str, Any], now_ms: int) -> tuple[Statement, ...]:
        return Runs.append(
            source="automation",
            subject_id=job.id,
            run_id=occurrence.run_id,
            profile_id=DEFAULT_PROFILE,
            trigger=occurrence.trigger,
            output=output,
            metadata={"sessionId": job.session_id, "scheduledAtMs": occurrence.at_ms},
            now_ms=now_ms,
        )


def _run(job: Job, occurrence: Occurrence) -> Run:
    delivery = (job.limits or {}).get("delivery")
    allowed = isinstance(delivery, dict) and delivery.get("allowTelegramSend") is True
    return Run(
        source="automation",
        subject_id=job.id,
        run_id=occurrence.run_id,
        trigger=occurrence.trigger,
        prompt=job.prompt,
        scheduled_at_ms=occurrence.at_ms,
        sends=allowed or not is_legacy(job.schedule),
    )


def _missed(limits: Mapping[str, Any]) -> Missed:
    found = limits.get("missed")
    return found if found in ("skip", "all") else "once"


def _extras(job: Job, decision: Decision) -> list[Occurrence]:
    return [
        Occurrence(source="automation", subject_id=job.id, at_ms=millis(at), due_ms=millis(at), is_extra=True)
        for at in decision.catch_up
    ]
