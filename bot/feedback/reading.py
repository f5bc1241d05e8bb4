"""Labels as they are read from the ledger, answer by answer, with a count of all that is left out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field

from storage.readers import Readers
from storage.tables.erasures import Erasures
from storage.tables.shares import Shares
from storage.views.rated_answers import RatedAnswer, RatedAnswers
from teaching.dropped import Dropped
from teaching.labels import Answer, Label, counted


@dataclass(frozen=True, slots=True)
class LabelledAnswer:
    """An answer that somebody has a stance on, and the labels that count, by person."""

    rated: RatedAnswer
    labels: tuple[Label, ...]

    @property
    def answer(self) -> Answer:
        """Its facts."""
        return self.rated.answer

    @property
    def members(self) -> Iterator[str]:
        """The people and the conversation that hang together by it, for `teaching.splits.Components`."""
        yield f"conversation {self.answer.session_id}"
        yield from (f"person {label.person}" for label in self.labels)
        if self.answer.asker is not None:
            yield f"person {self.answer.asker}"


@dataclass(slots=True)
class Labels:
    """One walk over all answers that have labels. Those of people who share nothing, or were erased since, are none."""

    readers: Readers
    since_ms: int = 0
    automations: bool = False
    """True if what automations said counts as well."""
    dropped: Dropped = field(default_factory=Dropped)

    async def read(self) -> AsyncIterator[LabelledAnswer]:
        """In the order of `RatedAnswers`."""
        refusing = await Shares(self.readers).refusing()
        erased = await Erasures(self.readers).instants()
        walk = RatedAnswers(self.readers, since_ms=self.since_ms, dropped=self.dropped)
        async for rated in walk.read():
            if labels := self._labels(rated, refusing, erased):
                yield LabelledAnswer(rated, labels)

    def _labels(self, rated: RatedAnswer, refusing: frozenset[str], erased: Mapping[str, int]) -> tuple[Label, ...]:
        shared = counted(
            rated.ratings, rated.answer.edited_at_ms, refusing=refusing, erased=erased, dropped=self.dropped
        )
        if rated.answer.automation and not self.automations:
            self.dropped["automation"] += len(shared)
            return ()
        return shared
