"""Automations as a subject of the runner."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from bot.automations import earlier, texts, verbs
from bot.automations.adoption import Adoption
from bot.automations.decision import Decision, Missed, QuietHours, Rules, Situation, decide, start_of_day
from bot.automations.verbs import next_occurrence
from bot.clock import millis, moment
from bot.evaluation import evaluate
from bot.schedules import wallclock
from bot.schedules.errors import ScheduleError
from bot.schedules.kinds import UTC_ZONE, Once, Schedule
from bot.schedules.spacing import spaced
from bot.schedules.text import is_legacy, load
from bot.scheduling.subject import (
    Defer,
    Drop,
    Farewell,
    Take,
    Unrunnable,
    enter,
    place_of,
    replanned,
    schedule_fault,
    unentered,
)
from bot.zones import Zones
from middleware.texts import say
from middleware.turn import Reply
from storage.ids import session_id_of
from storage.statement import Statement
from storage.statuses import RunStatus
from storage.stores import Stores
from storage.tables.jobs import Job, Jobs
from storage.tables.occurrences import Claim, Companion, Occurrence, Occurrences

P = ParamSpec("P")
T = TypeVar("T")
PAUSE_AFTER_FAILURES = 3
MOST_SINGLE = 10
"""Late reminders of one person that still come one by one; more go as a list."""


@dataclass(frozen=True, slots=True)
class AutomationSubject:
    """Decides what becomes of a job's occurrence, and what is planned with it."""

    stores: Stores
    zones: Zones
    least: timedelta | None = None
    """Between two runs of a job, whatever its schedule says."""

    async def list_unplanned(self) -> list[str]:
        """See `Adoption`."""
        return await Adoption(self.stores, self.least).list_waiting()

    async def adopt(self, subject_id: str, *, now_ms: int) -> tuple[Statement, ...]:
        """See `Adoption`."""
        return await Adoption(self.stores, self.least).adopt(subject_id, now_ms=now_ms)

    async def replan(self, occurrence: Occurrence, *, now_ms: int) -> tuple[Statement, ...]:
        """By its schedule, from now on."""
        job = await self.stores.jobs.find(occurrence.subject_id)
        is_on = job is not None and job.enabled
        upcoming = (
            await _evaluated(next_occurrence, job, after_ms=now_ms, least=self.least)
            if job is not None and is_on
            else None
        )
        return replanned(occurrence, upcoming, now_ms)

    async def decide(self, occurrence: Occurrence, *, now_ms: int) -> Take | Defer | Drop:
        """Quiet hours, misses and caps by the rules; raises Unrunnable for a job that cannot run here."""
        job = await self.stores.jobs.find(occurrence.subject_id)
        if job is None or not (job.enabled or occurrence.trigger == "manual"):
            return Drop()
        if job.needs_mail:
            held = verbs.pause(job, "mail", now_ms=now_ms)
            return Drop((*held, *_skip(occurrence, "needs_mail", job.session_id, now_ms)))
        zone = await self.zones.of(job.owner_user_id)
        schedule = await _evaluated(load, job.schedule)
        claim = await self._placed(job, _claim(job, schedule, zone))
        if occurrence.is_extra:  # asked for by hand; an earlier version made up for misses by such rows, too
            extra = occurrence.claimed(claim, now_ms=now_ms)
            return await self._once(await self.review(extra, now_ms=now_ms), now_ms)
        situation = await self._situation(job, schedule, claim, occurrence, now_ms)
        decision = await _evaluated(decide, situation)
        if decision.defer_until is not None:
            return Defer(millis(decision.defer_until))
        return await self._take(job, occurrence, claim, decision, now_ms)

    async def review(self, run: Occurrence, *, now_ms: int) -> Take | Defer | Drop:
        """Quiet hours and the cap, as they were when it was claimed; who asks for a run by hand wants it now."""
        claim = run.claim
        if claim is None or run.trigger == "manual":
            return Take(run)
        rules, zone = _rules_of(claim)
        sent_today = await self._sent_today(run.subject_id, rules, zone, now_ms)
        ruling = rules.rule(moment(now_ms), sent_today=sent_today)
        if ruling.defer_until is not None:
            return Defer(millis(ruling.defer_until))
        if ruling.verdict is not None:
            return Drop((*_skip(run, ruling.verdict, claim.session_id, now_ms), *self.finish(run, now_ms=now_ms)))
        note = claim.note or _note(run, rules, zone, now_ms)
        return Take(replace(run, claim=replace(claim, silent=claim.silent or ruling.silent, note=note)))

    def finish(self, run: Occurrence, *, now_ms: int) -> tuple[Statement, ...]:
        """With the last run of a schedule its job is over; what follows any other was planned by its claim."""
        ending = ((each.subject_id, each.claim.ends) for each in run.members if each.claim is not None)
        return tuple(Jobs.end(job_id, ends, now_ms=now_ms) for job_id, ends in ending if ends is not None)

    async def farewell(self, run: Occurrence, *, now_ms: int) -> Farewell:
        """A job whose runs keep failing is paused, and its owner told."""
        failures = await self.stores.runs.failures_in_a_row("automation", run.subject_id, limit=PAUSE_AFTER_FAILURES)
        job = await self.stores.jobs.find(run.subject_id)
        if failures + 1 < PAUSE_AFTER_FAILURES or job is None or not job.enabled or run.claim is None:
            return Farewell()
        text = say("automation.gave_up", prompt=run.claim.prompt[:200], id=job.id, count=failures + 1)
        words = (Reply(text=text),) if run.claim.sends else ()
        return Farewell(self.pause(job.id, now_ms=now_ms), words)

    def pause(self, subject_id: str, *, now_ms: int) -> tuple[Statement, ...]:
        """It stays, switched off; feedback and ledger as well."""
        return Jobs.switch_off(subject_id, now_ms=now_ms)

    async def _placed(self, job: Job, claim: Claim) -> Claim:
        """In a chat to which its owner may write: where the job was made, in private with its owner, or where it wrote.

        Whether the bot may speak there is asked of every turn. Raises Unrunnable.
        """
        chosen = replace(claim, session_id=await self.stores.chats.session_now(claim.session_id))
        place = place_of(chosen.session_id)
        if chosen.session_id == job.session_id or (place.is_private and str(place.chat_id) == job.owner_user_id):
            return chosen
        names = () if place.is_private else (claim.session_id, chosen.session_id)  # of a group that has moved
        if not any([await self._has_spoken(job.owner_user_id, name) for name in names]):
            raise Unrunnable("delivery_not_allowed")
        return chosen

    async def _has_spoken(self, user_id: str, session_id: str) -> bool:
        """True if this person has written there, or had something remembered, which is all that an older file tells."""
        if await self.stores.messages.has_written(user_id, session_id):
            return True
        return await self.stores.memories.count(session_id=session_id, user_id=user_id) > 0

    async def _once(self, verdict: Take | Defer | Drop, now_ms: int) -> Take | Defer | Drop:
        """An instant that was run already is not run again, whoever planned it anew: a clock that stepped back, say."""
        if not isinstance(verdict, Take):
            return verdict
        run = await unentered(self.stores.runs, verdict.run, now_ms=now_ms)
        if run is None:
            return Drop((*verdict.following, *self.finish(verdict.run, now_ms=now_ms)))
        return replace(verdict, run=run)

    async def _situation(
        self, job: Job, schedule: Schedule, claim: Claim, occurrence: Occurrence, now_ms: int
    ) -> Situation:
        rules, zone = _rules_of(claim)
        return Situation(
            schedule=spaced(schedule, self.least),
            at=moment(occurrence.at_ms),
            due=moment(occurrence.due_ms),
            now=moment(now_ms),
            rules=rules,
            missed=_missed(job.limits or {}),
            sent_today=await self._sent_today(job.id, rules, zone, now_ms),
        )

    async def _sent_today(self, job_id: str, rules: Rules, zone: ZoneInfo, now_ms: int) -> int:
        if rules.cap is None:
            return 0
        since_ms = millis(start_of_day(moment(now_ms), zone))
        return await self.stores.messages.count_of_automation(job_id, since_ms=since_ms)

    async def _take(
        self, job: Job, occurrence: Occurrence, claim: Claim, decision: Decision, now_ms: int
    ) -> Take | Defer | Drop:
        chosen = replace(occurrence, at_ms=millis(decision.run_at))
        upcoming = await _evaluated(next_occurrence, job, after_ms=max(now_ms, chosen.at_ms), least=self.least)
        following = (
            *_misses(job, chosen, decision, now_ms),
            *(
                Occurrences.plan(replace(chosen, at_ms=millis(at)).claimed(claim, now_ms=now_ms), now_ms=now_ms)
                for at in decision.catch_up
            ),
            *(() if upcoming is None else (Occurrences.plan(upcoming, now_ms=now_ms),)),
        )
        rules, zone = _rules_of(claim)
        claim = replace(
            claim,
            silent=decision.silent,
            ends=job.schedule if upcoming is None else None,
            note=_note(chosen, rules, zone, now_ms),
        )
        run = chosen.claimed(claim, now_ms=now_ms)
        if decision.verdict is not None:
            skip = _skip(chosen, decision.verdict, job.session_id, now_ms)
            return Drop((*following, *skip, *self.finish(run, now_ms=now_ms)))
        verdict = await self._once(Take(run, following), now_ms)
        return await self._together(verdict, now_ms) if claim.note and isinstance(verdict, Take) else verdict

    async def _together(self, leader: Take, now_ms: int) -> Take:
        """A late reminder, alone, or with all others that are as late there, where they are more than a few."""
        run, claim = leader.run, leader.run.claim
        assert claim is not None
        due = await self.stores.due_jobs.list_of(claim.session_id, claim.user_id, now_ms=now_ms)
        others = await _evaluated(_along, [each for each in due if each[0].id != run.subject_id], claim, now_ms)
        if len(others) < MOST_SINGLE:
            return leader
        _, zone = _rules_of(claim)
        listed = replace(
            claim,
            prompt=texts.reminders([(run.at_ms, claim.prompt), *((o.at_ms, job.prompt) for job, o in others)], zone),
            note=say("automation.late_list", count=len(others) + 1, zone=zone.key),
            companions=tuple(Companion(subject_id=job.id, at_ms=o.at_ms, ends=job.schedule) for job, o in others),
        )
        taken = (Occurrences.take(occurrence) for _, occurrence in others)
        return Take(replace(run, claim=listed), (*leader.following, *taken))


def _along(due: Iterable[tuple[Job, Occurrence]], claim: Claim, now_ms: int) -> list[tuple[Job, Occurrence]]:
    return [(job, occurrence) for job, occurrence in due if _goes_along(job, occurrence, claim, now_ms)]


def _goes_along(job: Job, occurrence: Occurrence, claim: Claim, now_ms: int) -> bool:
    """True if it is a late reminder that is to be said where a claimed one is, by the same rules."""
    if job.needs_mail:
        return False
    try:
        own = _claim(job, load(job.schedule), _rules_of(claim)[1])
    except (ScheduleError, Unrunnable):
        return False
    rules, zone = _rules_of(own)
    if _said_by(own) != _said_by(claim):
        return False
    is_first_try = occurrence.attempts == 0
    return is_first_try and _missed(job.limits or {}) != "skip" and _note(occurrence, rules, zone, now_ms) != ""


def _said_by(claim: Claim) -> tuple[object, ...]:
    """Where it is said, whether, and by what hours."""
    return claim.session_id, claim.topic_id, claim.sends, claim.rules["quietHours"]


async def _evaluated(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """See `evaluate`; raises Unrunnable in place of what is wrong with a schedule."""
    try:
        return await evaluate(work, *args, **kwargs)
    except ScheduleError as error:
        raise Unrunnable(schedule_fault(error)) from None


def _claim(job: Job, schedule: Schedule, zone: ZoneInfo) -> Claim:
    limits = job.limits or {}
    named = limits.get("delivery")
    delivery = named if isinstance(named, Mapping) else {}
    topic_id = earlier.whole(delivery.get("threadId")) or 0
    return Claim(
        session_id=_session(job, delivery),
        topic_id=topic_id if topic_id > 0 else None,
        user_id=job.owner_user_id,
        prompt=job.prompt,
        sends=delivery.get("allowTelegramSend", not is_legacy(job.schedule)) is True,
        rules={
            "quietHours": job.quiet_hours,
            "cap": limits.get(earlier.CAP),
            "zone": zone.key,
            "isReminder": isinstance(schedule, Once),
        },
    )


def _session(job: Job, delivery: Mapping[str, Any]) -> str:
    """Where it is to speak: in another chat where its limits name one, by its number."""
    named = delivery.get("chatId")
    if named is None:
        return job.session_id
    if isinstance(named, str) and re.fullmatch(r"-?[0-9]{1,18}", named, re.ASCII):
        return session_id_of(int(named))
    chat_id = earlier.whole(named)
    if chat_id is None:
        raise Unrunnable("unreadable_delivery")
    return session_id_of(chat_id)


def _rules_of(claim: Claim) -> tuple[Rules, ZoneInfo]:
    """The rules of a run, and the zone by which its days are told; what cannot be read there is no rule."""
    rules = claim.rules
    try:
        zone = wallclock.zone(str(rules.get("zone")))
    except KeyError:
        zone = UTC_ZONE
    quiet, cap = rules.get("quietHours"), rules.get("cap")
    return (
        Rules(
            quiet=QuietHours.read(quiet, zone=zone) if isinstance(quiet, Mapping) else None,
            cap=cap if type(cap) is int and cap > 0 else None,
            is_reminder=rules.get("isReminder") is True,
        ),
        zone,
    )


def _note(run: Occurrence, rules: Rules, zone: ZoneInfo, now_ms: int) -> str:
    """The line of a reminder that comes late; nothing else has one."""
    if not rules.is_reminder or not rules.is_late(moment(run.at_ms), moment(now_ms)):
        return ""
    return say("automation.late", at=texts.stamp(run.at_ms, zone), zone=zone.key)


def _missed(limits: Mapping[str, Any]) -> Missed:
    missed = limits.get("missed")
    return missed if missed in ("skip", "all") else "once"


def _misses(job: Job, chosen: Occurrence, decision: Decision, now_ms: int) -> list[Statement]:
    statements: list[Statement] = []
    for number, (when, reason) in enumerate(decision.misses):
        since = decision.unlisted_since if number == 0 else None
        unlisted_since_ms = None if since is None else millis(since)
        missed = replace(chosen, at_ms=millis(when))
        statements += _skip(missed, reason, job.session_id, now_ms, unlisted_since_ms)
    return statements


def _skip(
    occurrence: Occurrence, reason: str, session_id: str, now_ms: int, unlisted_since_ms: int | None = None
) -> tuple[Statement, ...]:
    return enter(
        occurrence,
        RunStatus.SKIPPED,
        reason,
        session_id=session_id,
        now_ms=now_ms,
        unlisted_since_ms=unlisted_since_ms,
    )
