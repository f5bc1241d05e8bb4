"""Running automations when they are due, each occurrence through the chain and once."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from bot.delivery import jittered
from bot.schedules import ScheduleError, is_legacy, load
from middleware.errors import TurnFailed
from middleware.turn import CallNext, Clock, Place, Run, Source, Turn
from storage.database import Database
from storage.deliveries import chat_id_of
from storage.errors import DatabaseClosed, DatabaseLost, ExpectationFailed
from storage.jobs import Job, Jobs
from storage.occurrences import Occurrence, Occurrences
from storage.runs import Runs
from storage.statement import Statement

log = logging.getLogger("polar.automations")

MAX_TRIES = 3
PAGE = 64
LOOK_EVERY_S = 1.0
"""How long a change of the clock, or of the rows by another process, may go unnoticed."""


def next_occurrence(job: Job, *, after_ms: int) -> Occurrence | None:
    """When a job is due next; None when its schedule has ended. Raises ScheduleError."""
    found = load(job.schedule).next(datetime.fromtimestamp(after_ms / 1000, UTC))
    return None if found is None else Occurrence(job_id=job.id, at_ms=round(found.timestamp() * 1000))


class Automations:
    """Looks for what is due, by one index, and gives each run a turn of its own."""

    def __init__(
        self, database: Database, chain: CallNext, *, clock: Clock, slots: int = 16, delay_s: float = 1.0
    ) -> None:
        self._database = database
        self._jobs = Jobs(database)
        self._occurrences = Occurrences(database)
        self._runs = Runs(database)
        self._chain = chain
        self._clock = clock
        self._delay_s = delay_s
        self._slots = asyncio.Semaphore(slots)
        self._in_hand: dict[str, asyncio.Task[None]] = {}
        self._awake = asyncio.Event()
        self._stopping = False
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake(self) -> None:
        """Jobs or their next instants have changed."""
        self._awake.set()

    async def adopt(self) -> None:
        """Plan the jobs that have no next occurrence: those of the earlier runtime."""
        now_ms = self._clock()
        for job in await self._jobs.list_unplanned():
            try:
                occurrence = next_occurrence(job, after_ms=now_ms)
            except ScheduleError as error:
                log.warning("automation %s has a schedule that cannot be read: %s", job.id, error)
                continue
            if occurrence is not None:
                await self._database.commit(self._occurrences.plan(occurrence, now_ms=now_ms))

    async def run(self) -> None:
        """Start what is due, forever."""
        while not self._stopping:
            self._awake.clear()
            now_ms = self._clock()
            room = PAGE - len(self._in_hand)
            due = await self._occurrences.list_due(now_ms=now_ms, limit=PAGE) if room > 0 else []
            for occurrence in due:
                if occurrence.job_id not in self._in_hand:
                    self._start(occurrence)
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._awake.wait()
            except TimeoutError:
                continue

    def _start(self, occurrence: Occurrence) -> None:
        task = asyncio.create_task(self._occur(occurrence), name=occurrence.run_id)
        self._in_hand[occurrence.job_id] = task

        def finished(done: asyncio.Task[None]) -> None:
            self._in_hand.pop(occurrence.job_id, None)
            self.wake()
            if not done.cancelled() and (error := done.exception()) is not None and not self.failure.done():
                self.failure.set_exception(error)

        task.add_done_callback(finished)

    async def _occur(self, occurrence: Occurrence) -> None:
        job = await self._jobs.find(occurrence.job_id)
        if job is None or not job.enabled:
            await self._database.commit(self._occurrences.cancel(occurrence.job_id))
            return
        attempt = occurrence.attempts + 1
        try:
            turn = self._turn(job, occurrence, attempt)
        except ValueError as error:  # a row of another program, or a damaged one
            await self._give_up(job, occurrence, str(error))
            return
        try:
            async with self._slots:
                await self._chain(turn)
        except (DatabaseLost, DatabaseClosed):
            raise
        except ExpectationFailed:
            log.info("%s was run, paused or deleted elsewhere", occurrence.run_id)
        except TurnFailed as failure:
            log.warning("%s failed at try %d", occurrence.run_id, attempt)
            if not failure.turn.source.is_last_try:
                await asyncio.sleep(jittered(self._delay_s, attempt))

    def _turn(self, job: Job, occurrence: Occurrence, attempt: int) -> Turn:
        chat_id = chat_id_of(job.session_id)
        limits = job.limits if isinstance(job.limits, dict) else {}
        delivery = limits.get("delivery")
        allowed = isinstance(delivery, dict) and delivery.get("allowTelegramSend") is True
        return Turn(
            id=occurrence.run_id,
            kind="automation",
            # A person's chat has the person's id, groups and channels have negative ones.
            place=Place(chat_id=chat_id, chat_type="private" if chat_id > 0 else "supergroup"),
            user_id=job.owner_user_id,
            received_at_ms=self._clock(),
            source=self._source(job, occurrence, attempt),
            attempt=attempt,
            origin={"automationId": job.id, "runId": occurrence.run_id},
            run=Run(
                source="automation",
                subject_id=job.id,
                run_id=occurrence.run_id,
                trigger="schedule",
                prompt=job.prompt,
                scheduled_at_ms=occurrence.at_ms,
                sends=allowed or not is_legacy(job.schedule),
            ),
        )

    def _source(self, job: Job, occurrence: Occurrence, attempt: int) -> Source:
        opening = (self._occurrences.take(occurrence), *self._following(job, occurrence))

        last = attempt >= MAX_TRIES

        def failing(reason: str) -> tuple[Statement, ...]:
            if not last:
                return (self._occurrences.record_failure(occurrence),)
            return (*opening, *self._failure(job, occurrence, reason))

        return Source(opening=opening, failing=failing, is_last_try=last)

    def _failure(self, job: Job, occurrence: Occurrence, reason: str) -> tuple[Statement, ...]:
        return self._runs.append(
            source="automation",
            subject_id=job.id,
            run_id=occurrence.run_id,
            profile_id="profile.default",
            trigger="schedule",
            output={"status": "failed", "reason": reason},
            metadata={"sessionId": job.session_id, "scheduledAtMs": occurrence.at_ms},
            now_ms=self._clock(),
        )

    async def _give_up(self, job: Job, occurrence: Occurrence, reason: str) -> None:
        """Enter a run that cannot be made as failed, and pause its job: else it would be due forever."""
        log.warning("automation %s cannot run and is paused: %s", job.id, reason)
        await self._database.commit(
            self._occurrences.take(occurrence),
            self._jobs.set_enabled(job.id, False, now_ms=self._clock()),
            *self._failure(job, occurrence, reason),
        )

    def _following(self, job: Job, occurrence: Occurrence) -> tuple[Statement, ...]:
        now_ms = self._clock()
        following = next_occurrence(job, after_ms=max(now_ms, occurrence.at_ms))
        return () if following is None else (self._occurrences.plan(following, now_ms=now_ms),)

    async def stop(self, timeout_s: float) -> None:
        """Start nothing new; give the runs in hand `timeout_s` seconds. The others are due at the next start."""
        self._stopping = True
        tasks = set(self._in_hand.values())
        if tasks:
            await asyncio.wait(tasks, timeout=timeout_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
