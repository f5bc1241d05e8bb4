"""Ends an experiment in which a variant does harm, as soon as those who have rated say so."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from middleware.experiments import RunningExperiment
from middleware.turn import Clock
from storage.database import Database
from storage.errors import StatementFailed
from storage.tables.experiments import Experiment, Experiments
from teaching.watching import HarmWatch

log = logging.getLogger("polar.experiments")

PAGE = 1_000


@dataclass(slots=True)
class HarmStop:
    """Looks at each first rating once; after a start of the bot, at all of them again, in the same order."""

    database: Database
    experiments: Experiments
    running: RunningExperiment
    clock: Clock
    _rated: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _name: str = field(default="", init=False)
    _watch: HarmWatch = field(default_factory=lambda: HarmWatch(()), init=False)
    _place: int = field(default=0, init=False)

    def look(self) -> None:
        """Somebody has rated an answer for the first time, or may have."""
        self._rated.set()

    async def run(self) -> None:
        """Forever."""
        while True:
            self._rated.clear()
            try:
                await self._end_harmful()
            except StatementFailed as error:  # as a damaged table gives
                log.warning("whether the experiment does harm cannot be seen: %s", error)
            await self._rated.wait()

    async def _end_harmful(self) -> None:
        experiment = await self.running.now()
        if experiment is not None and (variant := await self._harmful(experiment)) is not None:
            await self.database.commit(Experiments.end(experiment.name, "harm", now_ms=self.clock()))
            log.warning("the experiment %s is ended: %s does worse than the control", experiment.name, variant)

    async def _harmful(self, experiment: Experiment) -> str | None:
        if experiment.name != self._name:
            self._name, self._place = experiment.name, 0
            self._watch = HarmWatch(variant.name for variant in experiment.variants)
        while rated := await self.experiments.first_ratings(experiment.name, after=self._place, limit=PAGE):
            for rating in rated:
                self._watch.add(rating.variant, rating.score)
            self._place = rated[-1].place
        return self._watch.harmful
