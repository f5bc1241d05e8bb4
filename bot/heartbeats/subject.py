"""Heartbeats as a subject of the runner: what becomes of a beat, decided before anything is looked at."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from bot.clock import millis, moment
from bot.heartbeats.active_hours import ActiveHours
from bot.phrasing import explain
from bot.schedules.kinds import Schedule
from bot.schedules.text import load
from bot.scheduling.subject import Defer, Drop, Go, place_of
from middleware.turn import Run
from storage.database import Database
from storage.origin import Origin
from storage.statement import Statement
from storage.statuses import RunStatus
from storage.stores import Stores
from storage.tables.heartbeats import HeartbeatPolicies, HeartbeatPolicy, PolicyDamaged
from storage.tables.occurrences import SCHEDULED, Occurrence, Occurrences
from storage.tables.runs import DEFAULT_PROFILE, Runs

log = logging.getLogger("polar.heartbeats")

BACKLOG = 100
"""Open updates or deliveries beyond which a beat would only add to the load."""
MOST_MISSES = 100
"""Rows that one downtime may leave in the ledger for a policy; the last of them stands for all later ones."""


def next_beat(policy: HeartbeatPolicy, *, after_ms: int) -> Occurrence | None:
    """When a policy is due next; None when its schedule has ended. Raises ScheduleError."""
    found = load(policy.schedule).next(moment(after_ms))
    if found is None:
        return None
    return Occurrence(source="heartbeat", subject_id=policy.id, at_ms=millis(found), due_ms=millis(found))


def newest_tick(schedule: Schedule, first_ms: int, now_ms: int) -> int:
    """The last tick up to now, of those from `first_ms` on; found by halving, however many lie between."""

    def following(ms: int) -> int | None:
        found = schedule.next(moment(ms))
        return None if found is None or millis(found) > now_ms else millis(found)

    newest, low, high = first_ms, first_ms, now_ms
    while low < high:
        middle = (low + high) // 2
        found = following(middle)
        if found is None:
            high = middle
        else:
            newest = low = found
    return newest


def missed_ticks(schedule: Schedule, first_ms: int, newest_ms: int) -> list[int]:
    """The ticks from `first_ms` on and before the newest, oldest first, at most MOST_MISSES."""
    ticks: list[int] = []
    tick: int | None = first_ms
    while tick is not None and tick < newest_ms and len(ticks) < MOST_MISSES:
        ticks.append(tick)
        found = schedule.next(moment(tick))
        tick = None if found is None else millis(found)
    return ticks


@dataclass(frozen=True, slots=True)
class HeartbeatSubject:
    """Decides what becomes of a policy's beat, and plans the next one with it."""

    database: Database
    stores: Stores

    async def adopt(self, *, now_ms: int) -> None:
        """Plan the policies that have no next beat; one that cannot be read is left as it is."""
        store = self.stores.heartbeats
        for policy_id in await store.list_unplanned():
            try:
                policy = await store.find(policy_id)
                beat = None if policy is None else next_beat(policy, after_ms=now_ms)
            except (PolicyDamaged, ValueError) as error:
                log.warning("heartbeat %s is not planned: %s", policy_id, error)
                continue
            if beat is not None:
                await self.database.commit(Occurrences.plan(beat, now_ms=now_ms))

    async def decide(self, occurrence: Occurrence, *, now_ms: int) -> Go | Defer | Drop:
        """A late beat runs once, as the newest; a policy that cannot be read is switched off, with the reason."""
        store = self.stores.heartbeats
        try:
            policy = await store.find(occurrence.subject_id)
            if policy is None:
                return Drop()
            go = await self._go(policy, occurrence, now_ms)
        except (PolicyDamaged, ValueError) as error:
            log.warning("heartbeat %s cannot run and is switched off: %s", occurrence.subject_id, error)
            return Drop(self._give_up(occurrence, explain(error), now_ms))
        # An instant that somebody has planned again.
        return Drop(go.following) if await self.stores.runs.exists("heartbeat", policy.id, go.run.run_id) else go

    async def _go(self, policy: HeartbeatPolicy, row: Occurrence, now_ms: int) -> Go:
        beat = row
        following: tuple[Statement, ...] = ()
        if row.queue == SCHEDULED and not row.is_extra:
            beat = replace(row, at_ms=newest_tick(load(policy.schedule), row.at_ms, now_ms))
            following = self._following(policy, row, beat, now_ms)
        return Go(
            occurrence=beat,
            place=place_of(policy.session_id),
            user_id="",
            origin=Origin(heartbeat_id=policy.id, run_id=beat.run_id),
            run=Run(
                source="heartbeat",
                subject_id=policy.id,
                run_id=beat.run_id,
                trigger=_trigger(beat),
                prompt="",
                scheduled_at_ms=beat.at_ms,
                verdict=await self._verdict(policy, beat, now_ms),
                checks=policy.checks,
            ),
            following=following,
        )

    async def _verdict(self, policy: HeartbeatPolicy, beat: Occurrence, now_ms: int) -> str | None:
        """Why the beat is skipped (behaviour, section 8), None when it is not; asking by hand works at any hour."""
        health = self.stores.health
        active = None if policy.active_hours is None else ActiveHours.read(policy.active_hours)
        if not policy.enabled:
            return "policy_inactive"
        if active is not None and beat.trigger != "manual" and not active.contain(moment(now_ms)):
            return "outside_active_hours"
        if not policy.checks:
            return "no_active_checks"
        if await health.is_backed_up(limit=BACKLOG):
            return "queue_backpressure"
        return "budget_exceeded" if await health.is_budget_exceeded(now_ms=now_ms) else None

    def _following(
        self, policy: HeartbeatPolicy, row: Occurrence, beat: Occurrence, now_ms: int
    ) -> tuple[Statement, ...]:
        """The misses, which are not made up for: what was wrong then is looked for now. And the next beat."""
        ticks = missed_ticks(load(policy.schedule), row.at_ms, beat.at_ms)
        misses = [
            statement
            for at_ms in ticks
            for statement in self._enter(
                replace(row, at_ms=at_ms), {"status": RunStatus.SKIPPED, "reason": "missed"}, policy.session_id, now_ms
            )
        ]
        upcoming = next_beat(policy, after_ms=max(now_ms, beat.at_ms)) if policy.enabled else None
        return (*misses, *(() if upcoming is None else (Occurrences.plan(upcoming, now_ms=now_ms),)))

    def _give_up(self, occurrence: Occurrence, reason: str, now_ms: int) -> tuple[Statement, ...]:
        return (
            HeartbeatPolicies.switch_off(occurrence.subject_id, now_ms=now_ms),
            Occurrences.cancel("heartbeat", occurrence.subject_id),
            *self._enter(occurrence, {"status": RunStatus.FAILED, "reason": reason}, None, now_ms),
        )

    def _enter(
        self, beat: Occurrence, output: dict[str, str], session_id: str | None, now_ms: int
    ) -> tuple[Statement, ...]:
        return Runs.append(
            source="heartbeat",
            subject_id=beat.subject_id,
            run_id=beat.run_id,
            profile_id=DEFAULT_PROFILE,
            trigger=_trigger(beat),
            output=output,
            metadata={"sessionId": session_id, "scheduledAtMs": beat.at_ms},
            now_ms=now_ms,
        )


def _trigger(beat: Occurrence) -> str:
    """As `polar_run_events` names it (data model)."""
    return "manual" if beat.trigger == "manual" else "heartbeat"
