"""The experiment that runs: who gets which variant of it, and what of a turn is counted for it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import ClassVar

from middleware.responder import ANSWERABLE, Abilities, wants_answer
from middleware.turn import CallNext, Clock, Kind, Outcome, Reply, Turn
from storage.errors import ExpectationFailed
from storage.ids import variant_profile_id
from storage.statement import Statement
from storage.tables.experiments import Experiment, Experiments
from storage.tables.messages import Messages
from storage.tables.shares import Shares
from teaching.assignment import Variant

SCORES = {"positive": 1, "negative": -1}


@dataclass(slots=True)
class RunningExperiment:
    """The one that runs, read again only when somebody may have started or ended one."""

    experiments: Experiments
    clock: Clock
    _changes: int = field(default=0, init=False)
    _read_at: int = field(default=0, init=False)
    _found: Experiment | None = field(default=None, init=False)

    async def prepare(self) -> None:
        """Read the one that an earlier process has left running."""
        self.changed()
        await self.now()

    def changed(self) -> None:
        """Somebody may have started or ended one."""
        self._changes += 1

    async def now(self) -> Experiment | None:
        """The experiment that runs; nobody begins with one that had ended before this was asked."""
        while self._read_at != (changes := self._changes):
            self._found = await self.experiments.running()
            self._read_at = changes
        found = self._found
        return found if found is not None and found.at(self.clock()) is None else None


@dataclass(frozen=True, slots=True)
class Variants:
    """Gives a turn its variant, and counts what it comes to; whoever has no part in it is answered as ever.

    Runs have none: what people say of those is often about the time. Nor has who wants no part, who is no person, and
    of a personality that is tried who has one of their own.
    """

    kinds: ClassVar[frozenset[Kind]] = ANSWERABLE - {"automation"}

    running: RunningExperiment
    shares: Shares
    abilities: Abilities
    clock: Clock

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """What the turn costs counts whatever becomes of it."""
        experiment = await self.running.now() if wants_answer(turn) else None
        if experiment is None or not await self._takes_part(turn, experiment):
            return await call_next(turn)
        unit = experiment.unit_of(turn.session_id, turn.place.thread_key, at_ms=turn.received_at_ms)
        variant = experiment.variant_of(unit)
        _give(turn, experiment, variant)
        outcome: Outcome | None = None
        turn.bear_witness(lambda error: self._counted(turn, experiment, variant, unit, outcome, error))
        outcome = await call_next(turn)
        return outcome

    async def _takes_part(self, turn: Turn, experiment: Experiment) -> bool:
        if not turn.has_rights or turn.is_bot:
            return False
        if experiment.changes_personality and (turn.context.has_own_personality or not self.abilities.personality):
            return False
        if experiment.changes_model and not self.abilities.takes_model:
            return False
        return await self.shares.find(turn.user_id) is not False

    def _counted(
        self,
        turn: Turn,
        experiment: Experiment,
        variant: Variant,
        unit: str,
        outcome: Outcome | None,
        error: Exception | None,
    ) -> Iterable[Statement]:
        is_failure = (error is not None and not isinstance(error, ExpectationFailed)) or (
            outcome is not None and outcome.status == "failed"
        )
        is_answer = error is None and outcome is not None and any(map(_is_answer, outcome.replies))
        usd = turn.spent_usd if math.isfinite(turn.spent_usd) else 0.0
        if not (is_answer or is_failure or usd):
            return ()
        return Experiments.count(
            experiment.name,
            variant.name,
            unit,
            is_answer=is_answer,
            is_failure=is_failure,
            usd=usd,
            now_ms=self.clock(),
        )


def _give(turn: Turn, experiment: Experiment, variant: Variant) -> None:
    turn.origin = replace(turn.origin, experiment=experiment.name, variant=variant.name)
    turn.context.model = variant.model
    if variant.personality:
        turn.context.personality = variant.personality
        turn.origin = replace(turn.origin, profile_id=variant_profile_id(experiment.name, variant.name))


def _is_answer(reply: object) -> bool:
    return isinstance(reply, Reply) and reply.by == "responder"


@dataclass(frozen=True, slots=True)
class FirstRatings:
    """Notes what a unit says first of an answer of the experiment that runs."""

    running: RunningExperiment
    messages: Messages
    shares: Shares
    clock: Clock

    async def of(self, turn: Turn, telegram_message_id: int, polarity: str) -> tuple[Statement, ...]:
        """The statements for a reaction or a press that was added; none where it says nothing for an experiment."""
        score = SCORES.get(polarity)
        experiment = await self.running.now() if score is not None else None
        if experiment is None or score is None or not turn.has_rights:
            return ()
        message = await self.messages.find(turn.session_id, telegram_message_id)
        if message is None or message.origin.experiment != experiment.name:
            return ()
        if await self.shares.find(turn.user_id) is False:
            return ()
        unit = experiment.unit_of(message.session_id, message.thread_key, at_ms=message.created_at_ms)
        return Experiments.rate(experiment.name, unit, score=score, now_ms=self.clock())
