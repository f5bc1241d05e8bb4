"""Rated answers as examples: with the prompt that each was made from, and the leave of everybody in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from bot.feedback.pseudonyms import Pseudonyms
from bot.feedback.reading import LabelledAnswer, Labels
from storage.tables.shares import Shares
from storage.views.answer_sources import AnswerSources
from teaching.forms import Example
from teaching.labels import Label, training_label
from teaching.prompts import Prompt, Unfit, rebuild


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedExample:
    """An example, and what it has to do with others."""

    example: Example
    people: frozenset[str]
    """Whose words, and whose label, are in it."""
    session_id: str
    at_ms: int
    pair: str
    """The id of the answer that was made first where there may be two to one prompt."""
    is_second: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Reads them one after another; what is left out, it counts in `labels.dropped`, an answer once."""

    labels: Labels
    sources: AnswerSources
    shares: Shares
    names: Pseudonyms

    async def read(self) -> AsyncIterator[RatedExample]:
        """In the order in which rated answers are walked."""
        async for labelled in self.labels.read():
            label = training_label(labelled.labels, labelled.answer.asker)
            prompt = await self._prompt(labelled)
            if label is None:
                self.labels.dropped["undecided"] += 1
            elif isinstance(prompt, Unfit):
                self.labels.dropped[prompt] += 1
            else:
                yield self._example(labelled, label, prompt)

    async def _prompt(self, labelled: LabelledAnswer) -> Prompt | Unfit:
        source = await self.sources.of(labelled.rated.parts)
        if source is None:
            return Unfit.NOT_KEPT
        said = await self.shares.of(source.people)
        return rebuild(source, lambda person: said.get(person, False))

    def _example(self, labelled: LabelledAnswer, label: Label, prompt: Prompt) -> RatedExample:
        answer, former = labelled.answer, labelled.rated.alternative_of
        return RatedExample(
            example=Example(
                id=self.names.of("answer", answer.id),
                person=self.names.of("person", label.person),
                prompt=prompt.lines,
                answer=prompt.answer,
                is_liked=label.score > 0,
                is_whole=answer.is_whole,
                model=answer.model,
                at_ms=self.names.at(answer.at_ms),
            ),
            people=prompt.people | {label.person},
            session_id=answer.session_id,
            at_ms=answer.at_ms,
            pair=former or answer.id,
            is_second=bool(former),
        )
