"""Heartbeats as a subject of the runner: what becomes of a beat, decided before anything is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from bot.clock import millis, moment
from bot.evaluation import evaluate
from bot.heartbeats.active_hours import ActiveHours, HoursUnreadable
from bot.schedules.errors import ScheduleError
from bot.schedules.kinds import Schedule
from bot.schedules.steps import count
from bot.schedules.text import load
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
from storage.statement import Statement
from storage.statuses import RunStatus
from storage.stores import Stores
from storage.tables.heartbeats import HeartbeatPolicies, HeartbeatPolicy, PolicyDamaged
from storage.tables.occurrences import Claim, Occurrence, Occurrences

BACKLOG = 100
"""Open updates or deliveries beyond which a beat would only add to the load."""
MOST_MISSES = 100
"""Rows that one downtime may leave in the ledger for a policy; the last of them stands for all later ones."""


def next_beat(policy: HeartbeatPolicy, *, after_ms: int) -> Occurrence | None:
    """When a policy is due next; None when its schedule has ended. Raises ScheduleError."""
    tick = load(policy.schedule).next(moment(after_ms))
    if tick is None:
        return None
    return Occurrence(source="heartbeat", subject_id=policy.id, at_ms=millis(tick), due_ms=millis(tick))


def newest_tick(schedule: Schedule, first_ms: int, now_ms: int) -> int:
    """The last tick up to now, of those from `first_ms` on; found by halving, however many lie between."""

    def following(ms: int) -> int | None:
        count()
        tick = schedule.next(moment(ms))
        return None if tick is None or millis(tick) > now_ms else millis(tick)

    newest, low, high = first_ms, first_ms, now_ms
    while low < high:
        middle = (low + high) // 2
        later = following(middle)
        if later is None:
            high = middle
        else:
            newest = low = later
    return newest


def missed_ticks(schedule: Schedule, first_ms: int, newest_ms: int) -> list[int]:
    """The ticks from `first_ms` on and before the newest, oldest first, at most MOST_MISSES."""
    ticks: list[int] = []
    tick: int | None = first_ms
    while tick is not None and tick < newest_ms and len(ticks) < MOST_MISSES:
        count()
        ticks.append(tick)
        upcoming = schedule.next(moment(tick))
        tick = None if upcoming is None else millis(upcoming)
    return ticks


@dataclass(frozen=True, slots=True)
class HeartbeatSubject:
    """Decides what becomes of a policy's beat, and plans the next one with it."""

    stores: Stores

    async def list_unplanned(self) -> list[str]:
        """Policies that were set up by other means than ours."""
        return await self.stores.heartbeats.list_unplanned()

    async def adopt(self, subject_id: str, *, now_ms: int) -> tuple[Statement, ...]:
        """Plan it by its cadence."""
        with _telling_why():
            policy = await self.stores.heartbeats.find(subject_id)
            beat = None if policy is None else await evaluate(next_beat, policy, after_ms=now_ms)
        return () if beat is None else (Occurrences.plan(beat, now_ms=now_ms),)

    async def replan(self, occurrence: Occurrence, *, now_ms: int) -> tuple[Statement, ...]:
        """By its cadence, from now on."""
        with _telling_why():
            policy = await self.stores.heartbeats.find(occurrence.subject_id)
            is_on = policy is not None and policy.enabled
            upcoming = await evaluate(next_beat, policy, after_ms=now_ms) if policy is not None and is_on else None
        return replanned(occurrence, upcoming, now_ms)

    async def decide(self, occurrence: Occurrence, *, now_ms: int) -> Take | Defer | Drop:
        """A late beat runs once, as the newest; raises Unrunnable for a policy that cannot be read."""
        with _telling_why():
            policy = await self.stores.heartbeats.find(occurrence.subject_id)
            if policy is None:
                return Drop()
            place_of(policy.session_id)
            beat, following = await evaluate(_newest, policy, occurrence, now_ms)
            verdict = await self._verdict(policy, beat, now_ms)
        if verdict is not None:
            entry = enter(beat, RunStatus.SKIPPED, verdict, session_id=policy.session_id, now_ms=now_ms)
            return Drop((*following, *entry))
        # An instant that somebody has planned again.
        run = await unentered(self.stores.runs, beat, now_ms=now_ms)
        if run is None:
            return Drop(following)
        return Take(run.claimed(Claim(session_id=policy.session_id, checks=policy.checks), now_ms=now_ms), following)

    async def review(self, run: Occurrence, *, now_ms: int) -> Take:
        """Whatever the hour: what was begun is looked after."""
        return Take(run)

    def finish(self, run: Occurrence, *, now_ms: int) -> tuple[Statement, ...]:
        """Nothing: what follows was planned by the claim."""
        return ()

    async def farewell(self, run: Occurrence, *, now_ms: int) -> Farewell:
        """A policy goes on, whatever fails."""
        return Farewell()

    def pause(self, subject_id: str, *, now_ms: int) -> tuple[Statement, ...]:
        """It stays, switched off."""
        return (
            HeartbeatPolicies.switch_off(subject_id, now_ms=now_ms),
            Occurrences.cancel("heartbeat", subject_id),
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


def _newest(policy: HeartbeatPolicy, row: Occurrence, now_ms: int) -> tuple[Occurrence, tuple[Statement, ...]]:
    """The beat to run, and what goes with it: the misses, which are not made up for, and the next beat."""
    if row.is_extra:
        return row, ()
    schedule = load(policy.schedule)
    beat = replace(row, at_ms=newest_tick(schedule, row.at_ms, now_ms))
    misses = [
        statement
        for at_ms in missed_ticks(schedule, row.at_ms, beat.at_ms)
        for statement in enter(
            replace(row, at_ms=at_ms), RunStatus.SKIPPED, "missed", session_id=policy.session_id, now_ms=now_ms
        )
    ]
    upcoming = next_beat(policy, after_ms=max(now_ms, beat.at_ms)) if policy.enabled else None
    return beat, (*misses, *(() if upcoming is None else (Occurrences.plan(upcoming, now_ms=now_ms),)))


@contextmanager
def _telling_why() -> Iterator[None]:
    """Raises Unrunnable in place of what is wrong with a policy."""
    try:
        yield
    except PolicyDamaged:
        raise Unrunnable("unreadable_policy") from None
    except ScheduleError as error:
        raise Unrunnable(schedule_fault(error)) from None
    except HoursUnreadable:
        raise Unrunnable("unreadable_hours") from None
