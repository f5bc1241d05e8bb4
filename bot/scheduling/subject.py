"""The runner's questions to automations and heartbeats."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from bot.errors import BotError
from bot.schedules.errors import ScheduleError
from bot.schedules.steps import TooManySteps
from middleware.turn import Place, Reply
from storage.ids import chat_id_of
from storage.statement import Statement
from storage.statuses import RunStatus
from storage.tables.occurrences import Occurrence, Occurrences
from storage.tables.runs import DEFAULT_PROFILE, Runs


class Unrunnable(BotError):
    """An occurrence that can never run as it stands, whatever is tried; `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def schedule_fault(error: ScheduleError) -> str:
    """The code of a schedule that cannot be evaluated."""
    return "too_many_steps" if isinstance(error, TooManySteps) else "unreadable_schedule"


def place_of(session_id: str, topic_id: int | None = None) -> Place:
    """Where a run speaks; raises Unrunnable for a session of another channel."""
    try:
        chat_id = chat_id_of(session_id)
    except ValueError:
        raise Unrunnable("foreign_session") from None
    # A person's chat has the person's id, groups and channels have negative ones.
    return Place(chat_id=chat_id, chat_type="private" if chat_id > 0 else "supergroup", topic_id=topic_id)


def trigger_of(occurrence: Occurrence) -> str:
    """As `polar_run_events` names it (data model)."""
    return "heartbeat" if (occurrence.source, occurrence.trigger) == ("heartbeat", "schedule") else occurrence.trigger


def enter(
    occurrence: Occurrence,
    status: RunStatus,
    reason: str,
    *,
    session_id: str | None,
    now_ms: int,
    unlisted_since_ms: int | None = None,
) -> tuple[Statement, ...]:
    """The row in the ledger of what ended without a turn; `reason` is a code or a type, never anybody's words."""
    unlisted = {} if unlisted_since_ms is None else {"unlistedSinceMs": unlisted_since_ms}
    retried = {} if occurrence.retry_of is None else {"retryOf": occurrence.retry_of}
    return Runs.append(
        source=occurrence.source,
        subject_id=occurrence.subject_id,
        run_id=occurrence.run_id,
        profile_id=DEFAULT_PROFILE,
        trigger=trigger_of(occurrence),
        output={"status": status, "reason": reason, **unlisted},
        metadata={"sessionId": session_id, "scheduledAtMs": occurrence.at_ms, **retried},
        now_ms=now_ms,
    )


async def unentered(runs: Runs, occurrence: Occurrence, *, now_ms: int) -> Occurrence | None:
    """The occurrence as it may run; None for one that the ledger has, whoever planned it anew.

    What a clock that was ahead has entered as skipped, later than now, is still to come: it runs as its neighbour, a
    millisecond behind, since a ledger is not changed.
    """
    known = await runs.find(occurrence.source, occurrence.subject_id, occurrence.run_id)
    if known is None:
        return occurrence
    if known.status != RunStatus.SKIPPED or known.entered_at_ms <= now_ms:
        return None
    neighbour = replace(occurrence, at_ms=occurrence.at_ms + 1)
    again = await runs.find(neighbour.source, neighbour.subject_id, neighbour.run_id)
    return neighbour if again is None else None


def replanned(ahead: Occurrence, upcoming: Occurrence | None, now_ms: int) -> tuple[Statement, ...]:
    """Put what the schedule says in the place of a later instant; void when that was taken meanwhile."""
    if upcoming is None or upcoming.at_ms >= ahead.at_ms:
        return ()
    return (Occurrences.take(ahead), Occurrences.plan(upcoming, now_ms=now_ms))


@dataclass(frozen=True, slots=True)
class Defer:
    """Not now: it is due again at an instant. No row in the ledger, as nothing has happened."""

    until_ms: int


@dataclass(frozen=True, slots=True)
class Drop:
    """Nothing to run now: the row is removed, together with these statements, which enter what there is to enter."""

    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class Take:
    """Run it now. `run` has all that it needs; `following` enters the misses and plans what is next, in the claim."""

    run: Occurrence
    following: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class Farewell:
    """The statements that go with the failure of a last try."""

    statements: tuple[Statement, ...] = ()
    words: tuple[Reply, ...] = ()


class Subject(Protocol):
    """A kind of thing that is due: decides in code, before any model call, what becomes of an occurrence."""

    async def decide(self, occurrence: Occurrence, *, now_ms: int) -> Take | Defer | Drop:
        """The decision on a due occurrence, by its job or policy; raises Unrunnable."""
        ...

    async def review(self, run: Occurrence, *, now_ms: int) -> Take | Defer | Drop:
        """The decision on a run at the start of another try, by what the run itself holds."""
        ...

    def finish(self, run: Occurrence, *, now_ms: int) -> tuple[Statement, ...]:
        """The statements that go with the end of a run, however it ends."""
        ...

    async def farewell(self, run: Occurrence, *, now_ms: int) -> Farewell:
        """The consequences of the failure of the last try, which is about to begin."""
        ...

    def pause(self, subject_id: str, *, now_ms: int) -> tuple[Statement, ...]:
        """End what cannot be decided on, so that it does not come back; whatever became of it meanwhile."""
        ...

    async def replan(self, occurrence: Occurrence, *, now_ms: int) -> tuple[Statement, ...]:
        """Plan anew what a clock that was ahead has planned, where the schedule says an earlier instant."""
        ...

    async def list_unplanned(self) -> list[str]:
        """The ids of what is enabled and has no next occurrence."""
        ...

    async def adopt(self, subject_id: str, *, now_ms: int) -> tuple[Statement, ...]:
        """Plan one of these; raises Unrunnable."""
        ...
