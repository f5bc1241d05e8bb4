"""Runs what is due: claims it by a lease, gives it a turn in the one chain, tries again what fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from bot import tries
from bot.scheduling.subject import Defer, Drop, Go, Subject
from bot.supervised import Tasks
from middleware.errors import TurnFailed
from middleware.turn import CallNext, Clock, Source, Turn
from storage.database import Database
from storage.errors import DatabaseClosed, DatabaseLost, ExpectationFailed
from storage.ids import try_id
from storage.statement import Statement
from storage.statuses import RunStatus
from storage.stores import Stores
from storage.tables.leases import Leases
from storage.tables.occurrences import DEAD_LETTER, RETRY, Occurrence, Occurrences
from storage.tables.runs import DEFAULT_PROFILE, Runs

log = logging.getLogger("polar.runner")

PAGE = 64
LOOK_EVERY_S = 1.0
"""How long a change of the clock, or of the rows by another process, may go unnoticed."""
FIRST_DELAY_S = 30.0
"""Before the second try; see bot/tries.py."""


class Runner:
    """Two commits a run: the claim with its lease and its try, then the run's effects, void if the lease was lost."""

    def __init__(
        self,
        database: Database,
        stores: Stores,
        subjects: Mapping[str, Subject],
        chain: CallNext,
        *,
        tasks: Tasks[str],
        clock: Clock,
        holder: str,
        lease_s: float,
        slots: int = 16,
    ) -> None:
        self._database = database
        self._subjects = subjects
        self._occurrences = stores.occurrences
        self._chain = chain
        self._clock = clock
        self._holder = holder
        self._lease_ms = round(lease_s * 1000)
        self._slots = asyncio.Semaphore(slots)
        self._in_hand = tasks
        self._awake = asyncio.Event()
        self._stopping = False

    @property
    def in_hand(self) -> int:
        """How many occurrences are being decided on or run."""
        return len(self._in_hand)

    def wake(self) -> None:
        """Something may be due."""
        self._awake.set()

    async def prepare(self) -> None:
        """Take over from an earlier process, which is gone: we hold the database's lock."""
        await self._database.commit(*Leases.release_all())
        for subject in self._subjects.values():
            await subject.adopt(now_ms=self._clock())

    async def run(self) -> None:
        """Start what is due, forever."""
        while True:
            self._awake.clear()
            room = 0 if self._stopping else PAGE - len(self._in_hand)
            due = await self._occurrences.list_due(now_ms=self._clock(), limit=PAGE) if room > 0 else []
            for occurrence in due:
                if occurrence.event_id not in self._in_hand and not self._stopping:
                    self._start(occurrence)
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._awake.wait()
            except TimeoutError:
                continue

    def _start(self, occurrence: Occurrence) -> None:
        def look_again(has_changed: bool) -> None:
            if has_changed:
                self.wake()

        work = partial(self._occur, occurrence)
        self._in_hand.start(occurrence.event_id, work, name=occurrence.run_id, then=look_again)

    async def _occur(self, occurrence: Occurrence) -> bool:
        """Whether anything changed; if not, looking again at once would find the same."""
        try:
            async with self._slots:
                await self._decide(occurrence)
        except (DatabaseLost, DatabaseClosed):
            raise
        except ExpectationFailed:
            log.info("%s was run, changed or removed elsewhere", occurrence.run_id)
        except TurnFailed as failure:
            log.warning("%s failed at try %d", occurrence.run_id, failure.turn.attempt)
        else:
            return True
        return False

    async def _decide(self, occurrence: Occurrence) -> None:
        now_ms = self._clock()
        subject = self._subjects.get(occurrence.source)
        decision = await subject.decide(occurrence, now_ms=now_ms) if subject is not None else Drop()
        match decision:
            case Drop(statements):
                await self._database.commit(Occurrences.take(occurrence), *statements)
            case Defer(until_ms):
                later = replace(occurrence, due_ms=until_ms)
                await self._database.commit(Occurrences.take(occurrence), Occurrences.plan(later, now_ms=now_ms))
            case Go():
                await self._go(occurrence, decision, now_ms)

    async def _go(self, row: Occurrence, go: Go, now_ms: int) -> None:
        if tries.is_last(row.attempts):  # it ended the process each time
            await self._database.commit(*self._fail(row, go, "it kept ending the process"))
            return
        attempt = row.attempts + 1
        await self._database.commit(
            Leases.take(
                go.run.run_id,
                self._holder,
                attempt=attempt,
                now_ms=now_ms,
                expires_at_ms=now_ms + self._lease_ms,
            ),
            Occurrences.begin_try(row),
            Runs.log_try(
                run_id=go.run.run_id,
                attempt=attempt,
                event_id=go.run.subject_id,
                status="running",
                started_at_ms=now_ms,
                completed_at_ms=None,
                metadata={"sessionId": go.place.session_id},
            ),
        )
        await self._chain(self._turn(row, go, attempt, now_ms))

    def _turn(self, row: Occurrence, go: Go, attempt: int, now_ms: int) -> Turn:
        return Turn(
            id=try_id(go.run.run_id, attempt),
            kind=go.run.source,
            place=go.place,
            user_id=go.user_id,
            received_at_ms=now_ms,
            source=self._source(row, go, attempt),
            attempt=attempt,
            origin=go.origin,
            run=go.run,
        )

    def _source(self, row: Occurrence, go: Go, attempt: int) -> Source:
        begun = replace(row, attempts=attempt)
        lease = Leases.give_up(go.run.run_id, self._holder)
        last = tries.is_last(attempt)

        def failing(reason: str) -> tuple[Statement, ...]:
            if last:
                return (lease, *self._fail(begun, go, reason))
            return (lease, *self._try_again(begun, go))

        return Source(
            opening=(lease, Occurrences.take(begun), *go.following),
            failing=failing,
            is_last_try=last,
            last_words=go.last_words,
        )

    def _try_again(self, row: Occurrence, go: Go) -> tuple[Statement, ...]:
        """The run waits in `retry`; what follows it is planned meanwhile, so that nothing waits for it."""
        now_ms = self._clock()
        delay_ms = round(tries.delay_s(row.attempts, first_s=FIRST_DELAY_S) * 1000)
        again = replace(row, at_ms=go.run.scheduled_at_ms, due_ms=now_ms + delay_ms, queue=RETRY, is_extra=True)
        return (Occurrences.take(row), *go.following, Occurrences.plan(again, now_ms=now_ms))

    def _fail(self, row: Occurrence, go: Go, reason: str) -> tuple[Statement, ...]:
        """The end of a run: its row in the ledger, and itself in `dead_letter` for whoever looks into it."""
        now_ms = self._clock()
        dead = replace(row, at_ms=go.run.scheduled_at_ms, queue=DEAD_LETTER, is_extra=True)
        entry = Runs.append(
            source=go.run.source,
            subject_id=go.run.subject_id,
            run_id=go.run.run_id,
            profile_id=DEFAULT_PROFILE,
            trigger=go.run.trigger,
            output={"status": RunStatus.FAILED, "reason": reason},
            metadata={"sessionId": go.place.session_id, "scheduledAtMs": go.run.scheduled_at_ms},
            now_ms=now_ms,
        )
        return (
            Occurrences.take(row),
            *go.following,
            *entry,
            Occurrences.plan(dead, now_ms=now_ms),
            *go.giving_up,
        )

    async def stop(self, timeout_s: float) -> None:
        """Start nothing new; give the runs in hand `timeout_s` seconds. The others are due at the next start."""
        self._stopping = True
        await self._in_hand.end(timeout_s)
