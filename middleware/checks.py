"""The checks that a heartbeat policy may name: a table of them, each with its settings and their defaults."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite

from middleware.texts import say, say_count
from storage.ids import budget_name
from storage.views.health import Health

HOUR_MS = 3_600_000
MIB = 1 << 20
DAY_HOURS = 24.0
SHOWN = 3
"""Names in one finding; the others are only counted."""
UNUSED_WORTH_TELLING = 64 * MIB

CheckSettings = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckWindow:
    """When a beat looks, and when its policy looked before: what was told then is not told again."""

    now_ms: int
    last_ms: int | None

    def since(self, settings: CheckSettings) -> int:
        """The last `hours`; where none are set, what is new since the last beat, a day at most."""
        hours = settings.get("hours")
        day_ms = self.now_ms - round((hours or DAY_HOURS) * HOUR_MS)
        return day_ms if hours is not None or self.last_ms is None else max(day_ms, self.last_ms)


Look = Callable[[Health, CheckSettings, CheckWindow], Awaitable[list[str]]]
"""The findings, a line each; none when all is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check. `optional` names the settings that have no default."""

    look: Look
    defaults: CheckSettings = field(default_factory=dict)
    optional: tuple[str, ...] = ()


def settings_of(name: str, given: Mapping[str, object]) -> dict[str, float]:
    """A check's settings with its defaults; raises ValueError, in one line, for what it does not know."""
    check = CHECKS.get(name)
    if check is None:
        raise ValueError(f"{name!r:.80} is no check; there are {', '.join(CHECKS)}")
    known = (*check.defaults, *check.optional)
    settings = dict(check.defaults)
    for key, value in given.items():
        if key not in known:
            raise ValueError(f"{name} has no setting {key!r:.80}; it has {', '.join(known)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9 or not isfinite(value):
            raise ValueError(f"{name}: {key} must be a number above 0 (found {value!r:.80})")
        settings[key] = float(value)
    return settings


async def _failed_runs(health: Health, settings: CheckSettings, window: CheckWindow) -> list[str]:
    failed = await health.failed_runs(since_ms=window.since(settings))
    if not failed:
        return []
    runs = say_count("heartbeat.failed_run", sum(run.count for run in failed))
    named = ", ".join(f"{run.source} {run.subject_id}" for run in failed[:SHOWN])
    if len(failed) > SHOWN:
        return [say("heartbeat.failed_runs_more", runs=runs, named=named, more=len(failed) - SHOWN)]
    return [say("heartbeat.failed_runs", runs=runs, named=named)]


async def _undelivered_replies(health: Health, settings: CheckSettings, window: CheckWindow) -> list[str]:
    minutes = settings["minutes"]
    count = await health.undelivered(
        failed_since_ms=window.since(settings), waiting_since_ms=window.now_ms - round(minutes * 60_000)
    )
    lines = []
    if count.failed:
        lines.append(say("heartbeat.undelivered", messages=say_count("heartbeat.message", count.failed)))
    if count.waiting:
        waiting = say_count("heartbeat.message", count.waiting)
        lines.append(say("heartbeat.waiting", messages=waiting, minutes=f"{minutes:g}"))
    return lines


async def _negative_feedback(health: Health, settings: CheckSettings, window: CheckWindow) -> list[str]:
    count = await health.negative_feedback(since_ms=window.since(settings))
    if count < settings["threshold"]:
        return []
    reactions = say_count("heartbeat.negative_reaction", count)
    return [say("heartbeat.negative", reactions=reactions, hours=f"{settings['hours']:g}")]


async def _database_health(health: Health, settings: CheckSettings, window: CheckWindow) -> list[str]:
    room, dead = await health.room(), await health.dead_updates(since_ms=window.since(settings))
    lines = []
    if dead:
        lines.append(say("heartbeat.dead", updates=say_count("heartbeat.update", dead)))
    if room.size > settings["megabytes"] * MIB:
        lines.append(say("heartbeat.size", size=f"{room.size // MIB:,}", limit=f"{settings['megabytes']:g}"))
    if room.unused > max(room.size // 2, UNUSED_WORTH_TELLING):
        lines.append(say("heartbeat.unused", unused=f"{room.unused // MIB:,}"))
    if room.disk_free is not None and room.disk_free < settings["free_megabytes"] * MIB:
        lines.append(say("heartbeat.disk", left=f"{room.disk_free // MIB:,}"))
    return lines


async def _budget_nearly_used(health: Health, settings: CheckSettings, window: CheckWindow) -> list[str]:
    policies = await health.budgets_used(share=settings["percent"] / 100, now_ms=window.now_ms)
    lines = [
        say(
            "heartbeat.budget",
            budget=budget_name(budget.scope, budget.target_id),
            spent=f"{budget.spent_usd:.2f}",
            limit=f"{budget.limit_usd:.2f}",
        )
        for budget in policies[:SHOWN]
    ]
    more = len(policies) - SHOWN
    return [*lines, say("heartbeat.more_budgets", count=more)] if more > 0 else lines


CHECKS: Mapping[str, Check] = {
    "failed_runs": Check(look=_failed_runs, optional=("hours",)),
    "undelivered_replies": Check(look=_undelivered_replies, defaults={"minutes": 15.0}, optional=("hours",)),
    "negative_feedback": Check(look=_negative_feedback, defaults={"threshold": 3.0, "hours": DAY_HOURS}),
    "database_health": Check(
        look=_database_health, defaults={"megabytes": 10_240.0, "free_megabytes": 500.0}, optional=("hours",)
    ),
    "budget_nearly_used": Check(look=_budget_nearly_used, defaults={"percent": 80.0}),
}
