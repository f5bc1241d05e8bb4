"""The fate of an occurrence, decided in code before anything is asked of a responder. No database, no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bot.schedules.kinds import Schedule
from bot.schedules.steps import count
from bot.schedules.wallclock import instant, lies_within
from bot.schedules.wallclock import zone as named_zone

ON_TIME_MS = 60_000
"""A run that starts within a minute of its instant is not late."""
LATE_MS = 300_000
"""A reminder that comes more than five minutes late says when it was meant for."""
GRACE_MS = 6 * 3_600_000
"""The greatest age of a missed run that is still made up for, under `once`."""
MAX_MISSES = 1_000
MAX_CATCH_UP = 10
LEAP_AFTER = 3_000
"""Instants that are walked through before it is looked whether there are many more."""

Missed = Literal["skip", "once", "all"]
QuietMode = Literal["defer", "drop", "silent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """A daily span of wall-clock time, from `start` until before `end`; it may cross midnight."""

    start: time
    end: time
    zone: ZoneInfo
    mode: QuietMode = "defer"

    @classmethod
    def read(cls, stored: Mapping[str, Any] | None, *, zone: ZoneInfo) -> QuietHours | None:
        """From quietHoursJson, ours or the earlier runtime's (`startHour`, `endHour`); None for what is neither."""
        if stored is None:
            return None
        try:
            named = named_zone(stored["timezone"]) if "timezone" in stored else zone
            if "startHour" in stored:
                return cls(start=time(int(stored["startHour"])), end=time(int(stored["endHour"]) % 24), zone=named)
            start, end = time.fromisoformat(stored["start"]), time.fromisoformat(stored["end"])
        except (KeyError, TypeError, ValueError, OverflowError):
            return None
        if start.tzinfo is not None or end.tzinfo is not None:  # of a day in no zone
            return None
        mode = stored.get("mode")
        return cls(start=start, end=end, zone=named, mode=mode if mode in ("drop", "silent") else "defer")

    def contains(self, moment: datetime) -> bool:
        """True if an instant lies in them."""
        return lies_within(moment, self.start, self.end, self.zone)

    def end_after(self, moment: datetime) -> datetime:
        """The first instant at or behind `moment` that no longer lies in them, in UTC."""
        day = moment.astimezone(self.zone).date()
        for offset in (0, 1, 2):
            end = instant(datetime.combine(day + timedelta(days=offset), self.end), self.zone)
            if end > moment and not self.contains(end):
                return end
        return moment + timedelta(hours=1)  # an hour that a change of the clock folds into them: look again


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The questions at the start of every try. No cap applies to a reminder, and quiet hours at most defer it."""

    quiet: QuietHours | None = None
    cap: int | None = None
    is_reminder: bool = False

    def rule(self, now: datetime, *, sent_today: int = 0) -> Ruling:
        """Quiet hours, then the cap; `sent_today` counts messages."""
        mode = self.quiet.mode if self.quiet is not None and self.quiet.contains(now) else None
        if self.quiet is not None and (mode == "defer" or (mode == "drop" and self.is_reminder)):
            return Ruling(defer_until=self.quiet.end_after(now))
        if mode == "drop":
            return Ruling(verdict="quiet_hours")
        if self.cap is not None and not self.is_reminder and sent_today >= self.cap:
            return Ruling(verdict="daily_cap")
        return Ruling(silent=mode == "silent")

    def is_late(self, at: datetime, now: datetime) -> bool:
        """True if it should have come long before now, other than by quiet hours."""
        waits = self.quiet is not None and self.quiet.mode != "silent" and self.quiet.contains(at)
        first = self.quiet.end_after(at) if self.quiet is not None and waits else at
        return (now - first).total_seconds() * 1000 > LATE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """The verdict of the rules on now: not before an instant, not at all for a reason, or go, maybe without a sound."""

    defer_until: datetime | None = None
    verdict: str | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The facts that a decision is made from. `due` is when the occurrence may run, `at` what its schedule says."""

    schedule: Schedule
    at: datetime
    due: datetime
    now: datetime
    rules: Rules = Rules()
    missed: Missed = "once"
    sent_today: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The decision. `run_at` is the instant to run, skipped where `verdict` gives a reason; others are in `misses`.

    `catch_up` are further instants to run, `defer_until` set means that nothing happens before it.
    """

    run_at: datetime
    verdict: str | None = None
    silent: bool = False
    misses: tuple[tuple[datetime, str], ...] = ()
    unlisted_since: datetime | None = None
    catch_up: tuple[datetime, ...] = ()
    defer_until: datetime | None = None


def decide(now: Situation) -> Decision:
    """The rules of behaviour: quiet hours, misses, caps, in this order. What is made up for is ruled on in its turn."""
    ruling = now.rules.rule(now.now, sent_today=now.sent_today)
    if ruling.defer_until is not None:
        return Decision(run_at=now.at, defer_until=ruling.defer_until)
    instants, unlisted_since = _instants(now)
    chosen, catch_up, verdict = _choose(now, instants)
    passed = [moment for moment in instants if moment != chosen and moment not in catch_up]
    return Decision(
        run_at=chosen,
        verdict=verdict or ruling.verdict,
        silent=ruling.silent,
        misses=tuple((moment, _reason(now, moment)) for moment in passed),
        unlisted_since=unlisted_since,
        catch_up=catch_up,
    )


def _instants(now: Situation) -> tuple[list[datetime], datetime | None]:
    """The occurrence and all that came due since, the newest MAX_MISSES at the most, and since when some are left out.

    After years without the bot a job of minutes is not walked through: it is joined again shortly before now.
    """
    misses: deque[datetime] = deque([now.at], maxlen=MAX_MISSES)
    steps, start = 0, now.at
    while (moment := now.schedule.next(misses[-1])) is not None and moment <= now.now:
        count()
        steps += 1
        if steps == LEAP_AFTER:
            ahead = now.now - (moment - start) / steps * MAX_MISSES
            later = now.schedule.next(ahead) if ahead > moment else None
            steps, start = 0, moment
            if later is not None and later <= now.now:
                moment = start = later
                misses.clear()
        misses.append(moment)
    return list(misses), now.at if misses[0] != now.at else None


def _choose(now: Situation, instants: list[datetime]) -> tuple[datetime, tuple[datetime, ...], str | None]:
    """The instant to run, those to make up for, and a verdict when it is too late for any."""
    newest = instants[-1]
    # What was deferred is as late as its deferral ended, not as its schedule said.
    since = now.due if newest == now.at else newest
    age_ms = (now.now - since).total_seconds() * 1000
    if age_ms <= ON_TIME_MS:
        return newest, (), None
    if now.missed == "all":
        return newest, tuple(instants[-MAX_CATCH_UP:-1]), None
    if now.missed == "once" and (age_ms <= GRACE_MS or now.rules.is_reminder):
        return newest, (), None
    return newest, (), "missed"


def _reason(now: Situation, moment: datetime) -> str:
    quiet = now.rules.quiet
    return "quiet_hours" if quiet is not None and quiet.contains(moment) else "missed"


def start_of_day(moment: datetime, zone: ZoneInfo) -> datetime:
    """When the local day of an instant began, in UTC."""
    return instant(datetime.combine(moment.astimezone(zone).date(), time()), zone).astimezone(UTC)
