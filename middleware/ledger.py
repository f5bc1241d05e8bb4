"""Enters each automation and heartbeat run into the ledger, in the run's own commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from middleware.turn import CallNext, Clock, Kind, Outcome, OutcomeStatus, Reply, Run, Toast, Turn
from storage.statement import Statement
from storage.statuses import RunStatus
from storage.tables.runs import DEFAULT_PROFILE, Runs

_ENDED: Mapping[OutcomeStatus, RunStatus] = {
    "answered": RunStatus.EXECUTED,
    "recorded": RunStatus.EXECUTED,
    "skipped": RunStatus.SKIPPED,
}
"""The end of a run whose turn ended so; with any other outcome it is blocked."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """One row a run: executed, skipped, or blocked, each with its reason. What had no turn is the runner's to enter."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({"automation", "heartbeat"})

    runs: Runs
    clock: Clock

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """A run that must not send loses its replies here."""
        run, outcome = turn.run, None
        if run is None:
            return await call_next(turn)
        try:
            outcome = await call_next(turn)
        finally:
            turn.bear_witness(lambda error: (self._try(turn, run, outcome, error),))
        if not run.sends:
            outcome = replace(outcome, replies=())
        if run.note:
            outcome = replace(outcome, replies=tuple(_noted(outcome.replies, run.note)))
        if run.silent:
            quiet = (replace(r, silent=True) if isinstance(r, Reply) else r for r in outcome.replies)
            outcome = replace(outcome, replies=tuple(quiet))
        self._enter(turn, run, outcome)
        for companion in run.companions:
            turn.record(*self._rows(turn, companion, outcome))
        return outcome

    def _enter(self, turn: Turn, run: Run, outcome: Outcome) -> None:
        row, *projections = self._rows(turn, run, outcome)
        # The ledger ignores a run that it has already; here that voids the turn, so that nothing of it comes twice.
        turn.record(row.expecting(1), *projections)

    def _rows(self, turn: Turn, run: Run, outcome: Outcome) -> tuple[Statement, ...]:
        output: dict[str, Any] = {"status": _ended(outcome), "replies": len(outcome.replies)}
        if outcome.reason is not None:
            output["reason"] = outcome.reason
        metadata: dict[str, Any] = {"sessionId": turn.session_id, "scheduledAtMs": run.scheduled_at_ms}
        if run.retry_of is not None:
            metadata["retryOf"] = run.retry_of
        return self.runs.append(
            source=run.source,
            subject_id=run.subject_id,
            run_id=run.run_id,
            profile_id=turn.origin.profile_id or DEFAULT_PROFILE,
            trigger=run.trigger,
            output=output,
            metadata=metadata,
            now_ms=self.clock(),
        )

    def _try(self, turn: Turn, run: Run, outcome: Outcome | None, error: Exception | None) -> Statement:
        return self.runs.log_try(
            run_id=run.run_id,
            attempt=turn.attempt,
            event_id=run.subject_id,
            status=RunStatus.FAILED if outcome is None or error is not None else _ended(outcome),
            started_at_ms=turn.received_at_ms,
            completed_at_ms=self.clock(),
            metadata={"sessionId": turn.session_id},
        )


def _noted(replies: Iterable[Reply | Toast], note: str) -> Iterator[Reply | Toast]:
    """The note goes before all else: in a message of its own, but for words of the bot's, which begin with it."""
    for number, reply in enumerate(replies):
        if number or not isinstance(reply, Reply):
            yield reply
        elif reply.by == "responder":
            yield Reply(text=note)
            yield replace(reply, joins=True)
        else:
            yield replace(reply, text=f"{note}\n{reply.text}")


def _ended(outcome: Outcome) -> RunStatus:
    return _ENDED.get(outcome.status, RunStatus.BLOCKED)
