"""Runs what is due: claims it as a row of its own, gives it a turn in the one chain, tries again what fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial

from bot import tries
from bot.scheduling.subject import Defer, Drop, Farewell, Subject, Take, Unrunnable, enter, place_of, trigger_of
from bot.supervised import Tasks
from middleware.errors import TurnFailed
from middleware.failures import reason_of
from middleware.respond import RunUnanswered
from middleware.turn import CallNext, Clock, Run, Source, Turn
from storage.database import Database
from storage.errors import DatabaseClosed, DatabaseLost, ExpectationFailed
from storage.ids import RunSource, try_id
from storage.origin import Origin
from storage.statement import Statement
from storage.statuses import RunStatus
from storage.stores import Stores
from storage.tables.occurrences import Claim, ForeignRow, Occurrence, Occurrences
from storage.tables.runs import Runs

log = logging.getLogger("polar.runner")

PAGE = 64
LOOK_EVERY_S = 1.0
"""The time that a change of the clock, or of the rows by another process, may go unnoticed."""
FIRST_DELAY_S = 30.0
"""Before the second try; see bot/tries.py."""
ENDED_PROCESS = "process_ended"
"""Why a run has failed of which no try came to an end."""


class Runner:
    """Two commits a run: the claim, which makes it a row of its own with its first try; then the run's effects.

    What is bad about one occurrence is its own failure: it is counted, and set aside in `dead_letter`.
    """

    def __init__(
        self,
        database: Database,
        stores: Stores,
        subjects: Mapping[RunSource, Subject],
        chain: CallNext,
        *,
        tasks: Tasks[str],
        clock: Clock,
        traceback_of: Callable[[Exception], str],
        slots: int = 16,
    ) -> None:
        self._database = database
        self._subjects = subjects
        self._occurrences = stores.occurrences
        self._chain = chain
        self._clock = clock
        self._traceback_of = traceback_of
        self._slots = asyncio.Semaphore(slots)
        self._in_hand = tasks
        """By subject: the runs of one go one at a time, so that each sees what the one before it has sent."""
        self._awake = asyncio.Event()
        self._stopping = False

    @property
    def in_hand(self) -> int:
        """The number of occurrences that are being decided on or run."""
        return len(self._in_hand)

    def wake(self) -> None:
        """Something may be due."""
        self._awake.set()

    async def prepare(self) -> None:
        """Take over from an earlier process, which is gone: we hold the database's lock."""
        await self._database.commit(Runs.interrupt())
        for source, subject in self._subjects.items():
            for subject_id in await subject.list_unplanned():
                await self._adopt(source, subject, subject_id)
        await self._replan()

    async def _replan(self) -> None:
        """A clock that was ahead for a moment, and is right again, leaves nothing that waits for that time."""
        now_ms = self._clock()
        for ahead in await self._occurrences.list_ahead(now_ms=now_ms):
            try:
                statements = await self._subjects[ahead.source].replan(ahead, now_ms=now_ms)
                await self._database.commit(*statements)
            except (DatabaseLost, DatabaseClosed):
                raise
            except Exception as error:
                log.warning("%s is not planned anew: %s", ahead.subject_key, _reason(error), exc_info=_fault(error))
        await self._hasten(now_ms)

    async def _hasten(self, now_ms: int) -> None:
        """What was begun goes on now."""
        for begun in await self._occurrences.list_begun_ahead(now_ms=now_ms):
            if begun.subject_key not in self._in_hand:
                again = Occurrences.plan(replace(begun, due_ms=now_ms), now_ms=now_ms)
                with suppress(ExpectationFailed):  # removed elsewhere
                    await self._database.commit(Occurrences.take(begun), again)

    async def _adopt(self, source: RunSource, subject: Subject, subject_id: str) -> None:
        now_ms = self._clock()
        try:
            statements = await subject.adopt(subject_id, now_ms=now_ms)
        except (DatabaseLost, DatabaseClosed):
            raise
        except Exception as error:
            unplanned = Occurrence(source=source, subject_id=subject_id, at_ms=now_ms, due_ms=now_ms)
            reason = _reason(error)
            key = unplanned.subject_key
            log.warning("%s cannot be planned and is paused: %s", key, reason, exc_info=_fault(error))
            entry = enter(unplanned, RunStatus.FAILED, reason, session_id=None, now_ms=now_ms)
            statements = (*entry, *subject.pause(subject_id, now_ms=now_ms))
        try:
            await self._database.commit(*statements)
        except ExpectationFailed:
            log.info("%s:%s was changed or removed elsewhere", source, subject_id)

    async def run(self) -> None:
        """Start what is due, forever."""
        latest_ms = self._clock()
        while True:
            self._awake.clear()
            now_ms = self._clock()
            if now_ms < latest_ms:
                await self._replan()
            latest_ms = now_ms
            if await self._start_due():
                continue
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._awake.wait()
            except TimeoutError:
                continue

    async def _start_due(self) -> bool:
        """True if more may be due than was looked at."""
        room = 0 if self._stopping else PAGE - len(self._in_hand)
        if room <= 0:
            return False
        due = await self._occurrences.list_due(now_ms=self._clock(), limit=PAGE, besides=list(self._in_hand))
        started = 0
        for row in due:
            if row.subject_key not in self._in_hand and started < room and not self._stopping:
                self._start(row)
                started += 1
        return len(due) == PAGE and started > 0

    def _start(self, row: Occurrence | ForeignRow) -> None:
        def look_again(has_changed: bool) -> None:
            if has_changed:
                self.wake()

        work = partial(self._occur, row) if isinstance(row, Occurrence) else partial(self._set_aside, row)
        self._in_hand.start(row.subject_key, work, name=row.event_id, then=look_again)

    async def _set_aside(self, row: ForeignRow) -> bool:
        log.warning("a row in %s cannot be read and is set aside", row.queue)
        await self._database.commit(*Occurrences.set_aside_foreign(row, now_ms=self._clock()))
        return True

    async def _occur(self, row: Occurrence) -> bool:
        """True if anything changed; if not, looking again at once would find the same."""
        subject, attempt = self._subjects[row.source], row.attempts + 1
        try:
            async with self._slots:
                run = await self._begin(subject, row)
                if run is not None:
                    row = run
                    await self._chain(await self._turn(subject, run))
        except (DatabaseLost, DatabaseClosed):
            raise
        except ExpectationFailed:
            log.info("%s was run, changed or removed elsewhere", row.run_id)
        except TurnFailed as failure:
            error = failure.error
            told = (row.run_id, failure.turn.attempt, reason_of(error))
            log.warning("%s failed at try %d: %s", *told, exc_info=_fault(error))
        except Exception as error:  # noqa: BLE001 - one occurrence's failure is its own
            return await self._count(subject, row, attempt, error)
        else:
            return True
        return False

    async def _begin(self, subject: Subject, row: Occurrence) -> Occurrence | None:
        """The run whose next try has begun; None when there is nothing to run now. Either is committed."""
        now_ms = self._clock()
        if tries.is_last(row.attempts):  # it ended the process each time
            await self._database.commit(*self._give_up(subject, row, ENDED_PROCESS))
            return None
        decision = await (subject.decide if row.claim is None else subject.review)(row, now_ms=now_ms)
        match decision:
            case Drop(statements):
                await self._database.commit(Occurrences.take(row), *statements)
            case Defer(until_ms):
                later = replace(row, due_ms=until_ms)
                await self._database.commit(Occurrences.take(row), Occurrences.plan(later, now_ms=now_ms))
            case Take(run, following):
                begun = replace(run, attempts=row.attempts + 1)
                await self._database.commit(
                    Occurrences.take(row), *following, Occurrences.plan(begun, now_ms=now_ms), _log(begun, now_ms)
                )
                return begun
        return None

    async def _turn(self, subject: Subject, run: Occurrence) -> Turn:
        claim, now_ms = _claim_of(run), self._clock()
        return Turn(
            id=try_id(run.run_id, run.attempts),
            kind=run.source,
            place=place_of(claim.session_id, claim.topic_id),
            user_id=claim.user_id,
            received_at_ms=now_ms,
            source=await self._source(subject, run, now_ms),
            attempt=run.attempts,
            origin=_origin(run),
            run=replace(_run(run), companions=tuple(map(_run, run.members[1:]))),
        )

    async def _source(self, subject: Subject, run: Occurrence, now_ms: int) -> Source:
        is_last = tries.is_last(run.attempts)
        farewell = await subject.farewell(run, now_ms=now_ms) if is_last else Farewell()

        def failing(error: Exception) -> tuple[Statement, ...]:
            if is_last:
                return (*self._give_up(subject, run, reason_of(error), _fault(error)), *farewell.statements)
            return self._try_again(run, run.attempts)

        return Source(
            opening=(Occurrences.take(run), *subject.finish(run, now_ms=now_ms)),
            failing=failing,
            is_last_try=is_last,
            last_words=farewell.words,
        )

    def _try_again(self, row: Occurrence, attempt: int) -> tuple[Statement, ...]:
        now_ms = self._clock()
        delay_ms = round(tries.delay_s(attempt, first_s=FIRST_DELAY_S) * 1000)
        again = replace(row, attempts=attempt, due_ms=now_ms + delay_ms)
        return (Occurrences.take(row), Occurrences.plan(again, now_ms=now_ms))

    def _give_up(
        self, subject: Subject, row: Occurrence, reason: str, fault: Exception | None = None
    ) -> tuple[Statement, ...]:
        """The end of what cannot be run: its row in the ledger, and itself in `dead_letter` for whoever looks into it.

        What was never claimed has no next occurrence either, so its subject is paused.
        """
        now_ms = self._clock()
        session_id = row.claim.session_id if row.claim is not None else None
        traceback = None if fault is None else self._traceback_of(fault)
        ends = subject.pause(row.subject_id, now_ms=now_ms) if row.claim is None else subject.finish(row, now_ms=now_ms)
        failed = (
            statement
            for each in row.members
            for statement in (
                *enter(each, RunStatus.FAILED, reason, session_id=session_id, now_ms=now_ms),
                Occurrences.set_aside(each, reason, traceback, now_ms=now_ms),
            )
        )
        return (Occurrences.take(row), *failed, *ends)

    async def _count(self, subject: Subject, row: Occurrence, attempt: int, error: Exception) -> bool:
        """A fault of ours, or of a row: the try counts, and the last one sets the occurrence aside."""
        reason = _reason(error)
        fault = _fault(error)
        log.warning("%s failed at try %d: %s", row.run_id, attempt, reason, exc_info=fault)
        is_over = isinstance(error, Unrunnable) or tries.is_last(attempt)
        statements = self._give_up(subject, row, reason, fault) if is_over else self._try_again(row, attempt)
        try:
            await self._database.commit(*statements)
        except ExpectationFailed:
            log.info("%s was changed or removed elsewhere", row.run_id)
            return False
        return is_over

    async def stop(self, timeout_s: float) -> None:
        """Start nothing new; give the runs in hand `timeout_s` seconds. The others are due at the next start."""
        self._stopping = True
        await self._in_hand.end(timeout_s)


def _claim_of(run: Occurrence) -> Claim:
    assert run.claim is not None
    return run.claim


def _run(run: Occurrence) -> Run:
    claim = _claim_of(run)
    return Run(
        source=run.source,
        subject_id=run.subject_id,
        run_id=run.run_id,
        trigger=trigger_of(run),
        prompt=claim.prompt,
        scheduled_at_ms=run.at_ms,
        sends=claim.sends,
        silent=claim.silent,
        note=claim.note,
        checks=claim.checks,
        retry_of=run.retry_of,
    )


def _origin(run: Occurrence) -> Origin:
    if run.source == "automation":
        return Origin(automation_id=run.subject_id, run_id=run.run_id)
    return Origin(heartbeat_id=run.subject_id, run_id=run.run_id)


def _log(run: Occurrence, now_ms: int) -> Statement:
    return Runs.log_try(
        run_id=run.run_id,
        attempt=run.attempts,
        event_id=run.subject_id,
        status="running",
        started_at_ms=now_ms,
        completed_at_ms=None,
        metadata={"sessionId": _claim_of(run).session_id},
    )


def _reason(error: Exception) -> str:
    """A code or a type: the text of an error may hold a person's words, and ledgers are for ever."""
    return error.reason if isinstance(error, Unrunnable) else type(error).__name__


def _fault(error: Exception) -> Exception | None:
    """The error, unless it is what a subject says of itself, or whoever answers could not."""
    return None if isinstance(error, Unrunnable | RunUnanswered) else error
